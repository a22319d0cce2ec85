import { Conflict, Invalid } from '#berth/domain';
import type {
  RecordKindName,
  Transactions,
  TransferRecord,
  TransferState,
  TransferStore,
  TransferTotals,
} from '#berth/store';
import { readExport, type ExportChunk, type ExportHeader } from './export-format.js';
import type { TransferProgress } from './transfer-progress.js';
import type { TransferTarget } from './transfer-target.js';

export interface ImportOptions {
  readonly resume: boolean;
  readonly progress: TransferProgress;
}

/** Writes an export into a new database, a chunk a transaction, so that it can be gone on with after any end. */
export class DeploymentImport {
  constructor(
    private readonly transactions: Transactions,
    private readonly transfers: TransferStore,
    private readonly target: TransferTarget,
  ) {}

  /** Reads the whole file and writes nothing. Throws Invalid if anything of it is not as it was exported. */
  static async check(input: AsyncIterable<string>, progress: TransferProgress): Promise<TransferTotals> {
    let known: TransferTotals | undefined;
    for await (const part of readExport(input)) {
      if ('header' in part) progress.begin('checking', recordsIn(part.header));
      else if ('chunk' in part) progress.reach(part.chunk.upTo);
      else known = part.totals;
    }
    progress.end();
    if (known === undefined) throw new Invalid('the file has no end');
    return known;
  }

  /**
   * Imports, or goes on with it where `resume` is wanted, and answers how much there is now. Throws Conflict if the database is
   * in use, Invalid if the file is not whole or what came of it is not what it says. What was written by then stays, unfinished.
   */
  async run(input: AsyncIterable<string>, options: ImportOptions): Promise<TransferTotals> {
    let state: TransferState | undefined;
    let found: TransferTotals | undefined;
    for await (const part of readExport(input)) {
      if ('header' in part) {
        state = await this.begin(part.header, options.resume);
        options.progress.begin('importing', recordsIn(part.header));
      } else if ('chunk' in part && state !== undefined) {
        state = await this.write(part.chunk, state);
        options.progress.reach(part.chunk.upTo);
      } else if ('totals' in part) {
        found = await this.finish(part.totals);
      }
    }
    options.progress.end();
    if (found === undefined) throw new Invalid('the file has no end');
    return found;
  }

  private async begin({ id, sequences }: ExportHeader, resume: boolean): Promise<TransferState> {
    return await this.target.open({ kind: 'file', source: `export ${id}` }, resume, async (tx) => {
      // At once, so that nobody who writes in between is given an id of the file.
      await this.transfers.advanceSequences(tx, sequences);
      await this.transfers.clearNames(tx);
    });
  }

  /** One transaction a chunk, which also notes that it is written. */
  private async write({ records, upTo, digest }: ExportChunk, state: TransferState): Promise<TransferState> {
    if (upTo <= state.records) {
      if (upTo < state.records || digest === state.digest) return state;
      throw new Conflict('the file is not the one that the import was begun with: its beginning differs');
    }
    await this.transactions.runByKey('import.chunk', async (tx) => {
      await this.target.advance(tx, state.records, upTo, digest);
      for (const [kind, run] of runsOf(records)) await this.transfers.insert(tx, kind, run);
    });
    return { ...state, records: upTo, digest };
  }

  private async finish(wanted: TransferTotals): Promise<TransferTotals> {
    let found = wanted;
    await this.target.finish(async (tx) => {
      found = await this.transfers.totals(tx);
      return [
        ...differences('records of', wanted.counts, found.counts),
        ...differences('used', wanted.used, found.used),
      ];
    });
    return found;
  }
}

function recordsIn({ totals }: ExportHeader): number {
  return Object.entries(totals.counts).reduce((sum, [kind, count]) => (kind === 'allocation' ? sum : sum + count), 0);
}

/** Neighbours of one kind are written with one statement. */
function runsOf(records: ExportChunk['records']): [RecordKindName, TransferRecord[]][] {
  const runs: [RecordKindName, TransferRecord[]][] = [];
  for (const { kind, record } of records) {
    const last = runs.at(-1);
    if (last?.[0] === kind) last[1].push(record);
    else runs.push([kind, [record]]);
  }
  return runs;
}

function differences(
  what: string,
  wanted: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
    .filter((name) => (wanted[name] ?? 0) !== (found[name] ?? 0))
    .map((name) => `${what} ${name}: ${found[name] ?? 0} instead of ${wanted[name] ?? 0}`);
}
