import { createHash, type Hash } from 'node:crypto';
import { Invalid } from '#berth/domain';
import {
  RECORD_KINDS,
  type RecordKindName,
  type SequenceValues,
  type TransferRecord,
  type TransferTotals,
} from '#berth/store';

/** Raised with every change after which an older Berth would misread a file. */
export const EXPORT_FORMAT = 1;

/** So many records at most between two checkpoints: what a transaction of the import writes. */
export const RECORDS_A_CHECKPOINT = 1_000;

/** No line of an export is longer; a broken file that has no line ends is not read into memory whole. Characters. */
const MAX_LINE = 1 << 26;

/** The first line. */
export interface ExportHeader {
  readonly format: number;
  /** Another one for each export. */
  readonly id: string;
  /** The version that made it, and its last migration. */
  readonly berth: string;
  readonly schema: string;
  readonly at: string;
  readonly sequences: SequenceValues;
  readonly totals: TransferTotals;
}

/** What lies between two checkpoints, proved to be as it was written. */
export interface ExportChunk {
  readonly records: readonly { readonly kind: RecordKindName; readonly record: TransferRecord }[];
  /** Records up to its end, from the beginning. */
  readonly upTo: number;
  readonly digest: string;
}

/** Writes the lines of an export; each says by a SHA-256 of all before it where it belongs. */
export class ExportWriter {
  private readonly hash = createHash('sha256');
  private records = 0;
  private sinceCheckpoint = 0;

  header(header: ExportHeader): string {
    return this.line('berth_export', header);
  }

  /** One line a record, with a checkpoint where one is due. */
  page(kind: RecordKindName, records: readonly TransferRecord[]): string {
    return records.map((record) => `${this.line(kind, record)}${this.checkpoint()}`).join('');
  }

  /** The last lines. */
  end(totals: TransferTotals): string {
    const checkpoint = this.sinceCheckpoint > 0 ? this.checkpoint(true) : '';
    return `${checkpoint}${this.line('end', { totals, sha256: digestOf(this.hash) })}`;
  }

  private checkpoint(due = false): string {
    if (!due) {
      this.records += 1;
      this.sinceCheckpoint += 1;
    }
    if (!due && this.sinceCheckpoint < RECORDS_A_CHECKPOINT) return '';
    this.sinceCheckpoint = 0;
    return this.line('checkpoint', { records: this.records, sha256: digestOf(this.hash) });
  }

  private line(kind: string, value: unknown): string {
    const line = `${lineOf(kind, value)}\n`;
    this.hash.update(line);
    return line;
  }
}

export type ExportPart =
  { readonly header: ExportHeader } | { readonly chunk: ExportChunk } | { readonly totals: TransferTotals };

/**
 * Reads an export: its header, then chunks, then the totals, each after the next checksum was found right. Throws Invalid, with the
 * number of the line, at whatever is not as it was written: another format, a changed byte, a missing end.
 */
export async function* readExport(input: AsyncIterable<string>): AsyncGenerator<ExportPart> {
  const hash = createHash('sha256');
  let number = 0;
  let upTo = 0;
  let ended = false;
  let header: ExportHeader | undefined;
  let records: { kind: RecordKindName; record: TransferRecord }[] = [];
  for await (const line of linesOf(input)) {
    number += 1;
    if (ended) throw wrong(number, 'there is more behind the end');
    const [kind, value] = parse(line, number);
    if (number === 1) {
      header = toHeader(kind, value);
    } else if (kind === 'checkpoint' || kind === 'end') {
      const digest = digestOf(hash);
      if (value.sha256 !== digest) throw wrong(number, 'the checksum does not fit what stands before it');
      upTo += records.length;
      if (header !== undefined) yield { header };
      header = undefined;
      if (kind === 'checkpoint') {
        if (value.records !== upTo) throw wrong(number, `${upTo} records came, not ${String(value.records)}`);
        yield { chunk: { records, upTo, digest } };
        records = [];
      } else {
        if (records.length > 0) throw wrong(number, 'the last records have no checkpoint');
        // No checksum stands behind this line.
        if (line !== lineOf(kind, value)) throw wrong(number, 'the line is not as it was written');
        ended = true;
        yield { totals: value.totals as TransferTotals };
      }
    } else {
      if (records.length >= RECORDS_A_CHECKPOINT) throw wrong(number, 'a checkpoint is missing');
      if (!isKind(kind)) throw wrong(number, `there are no records of kind ${JSON.stringify(kind.slice(0, 40))}`);
      records.push({ kind, record: value });
    }
    hash.update(`${line}\n`);
  }
  if (number === 0) throw new Invalid('the file is empty');
  if (!ended) throw wrong(number, 'the file ends here, before its end line: it was cut off');
}

function toHeader(kind: string, value: TransferRecord): ExportHeader {
  if (kind !== 'berth_export' || typeof value.id !== 'string') throw wrong(1, 'this is not an export of Berth');
  if (value.format !== EXPORT_FORMAT) {
    throw wrong(1, `the format is ${String(value.format)}, and this Berth (${EXPORT_FORMAT}) does not know it`);
  }
  return value as unknown as ExportHeader;
}

function lineOf(kind: string, value: unknown): string {
  return JSON.stringify({ [kind]: value });
}

function parse(line: string, number: number): [kind: string, value: TransferRecord] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw wrong(
      number,
      number === 1 ? 'this is not an export of Berth' : 'the line is not JSON: it was changed, or cut off',
    );
  }
  const [entry, ...more] = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  if (entry === undefined || more.length > 0 || typeof entry[1] !== 'object' || entry[1] === null) {
    throw wrong(number, 'the line is not one record');
  }
  return entry as [string, TransferRecord];
}

/** A last line without its end is one that was cut, unless nothing is missing but that. */
async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of input) {
    const lines = piece.split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE)
      throw new Invalid(`a line has more than ${MAX_LINE} characters: this is no export of Berth`);
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function isKind(kind: string): kind is RecordKindName {
  return (RECORD_KINDS as readonly string[]).includes(kind);
}

function digestOf(hash: Hash): string {
  return hash.copy().digest('hex');
}

function wrong(line: number, what: string): Invalid {
  return new Invalid(`line ${line}: ${what}`);
}
