import { Invalid, STANDARD_RESOURCE_CLASSES, STANDARD_TRAITS } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import * as changes from '../change/change.sql.js';
import { isUnfit } from '../pg-errors.js';
import { run, type Statement, type Tx } from '../sql.js';
import { KINDS, providerIds } from './records.sql.js';
import * as sql from './transfer.sql.js';

/** What an export consists of. Each kind names rows of kinds before it, and providers come behind their parents. */
export type RecordKindName = keyof typeof KINDS;

/** In the order in which they are written and read. */
export const RECORD_KINDS = Object.keys(KINDS) as readonly RecordKindName[];

/** One row, with all that belongs to it, as plain JSON values. */
export type TransferRecord = Readonly<Record<string, unknown>>;

export type TransferState = sql.TransferRow;
export type SequenceValues = Readonly<Partial<Record<sql.SequenceName, number>>>;

/** What two deployments that hold the same agree in. */
export interface TransferTotals {
  /** By kind of record, and of allocations. */
  readonly counts: Readonly<Record<string, number>>;
  /** What is held of each resource class. */
  readonly used: Readonly<Record<string, number>>;
}

/** Tokens that others hold stay the lower ones, also those given between the export and the end of the old service. */
const TOKEN_GAP = 1_000_000;
const TOKENS: readonly sql.SequenceName[] = ['cluster_lock_numbers', 'lock_pool_tokens'];

/** Rows a page: 1,000 consumers with what they hold are half a megabyte. */
const PAGE = 1_000;

@Injectable()
export class TransferStore {
  /** Lets the transaction wait for whoever reads or sends the lines. */
  async takeTime(tx: Tx): Promise<void> {
    await run(tx, sql.unhurried);
  }

  /** All rows of a kind, page by page. */
  async *pages(tx: Tx, kind: RecordKindName): AsyncGenerator<readonly TransferRecord[]> {
    if (kind === 'provider') return yield* this.providerPages(tx);
    let behind: string = KINDS[kind].first;
    for (;;) {
      const { rows } = await run(tx, KINDS[kind].page, [behind, PAGE]);
      if (rows.length > 0) yield rows.map(withoutPlace);
      if (rows.length < PAGE) return;
      behind = rows.at(-1)?.at ?? '';
    }
  }

  /** Writes rows as they are, ids included, and their lines in the log of changes. Throws Invalid if they don't fit. */
  async insert(tx: Tx, kind: RecordKindName, records: readonly TransferRecord[]): Promise<void> {
    try {
      await run(tx, KINDS[kind].insert, [JSON.stringify(records)]);
    } catch (error) {
      if (!isUnfit(error)) throw error;
      throw new Invalid(`records of kind ${kind} cannot be written: ${(error as Error).message}`, { cause: error });
    }
  }

  /** How much there is. */
  async totals(tx: Tx): Promise<TransferTotals> {
    const counts: Record<string, number> = {};
    for (const kind of RECORD_KINDS) counts[kind] = await count(tx, KINDS[kind].count);
    counts.allocation = await count(tx, sql.countAllocations);
    const { rows } = await run(tx, sql.usedByClass);
    return { counts, used: Object.fromEntries(rows.map(({ resource_class, used }) => [resource_class, used])) };
  }

  /** Some of the inventories that say another amount is used than is held of them, in words. */
  async wrongCounters(tx: Tx): Promise<string[]> {
    const { rows } = await run(tx, sql.wrongCounters);
    return rows.map((row) => `${row.resource_class} of ${row.provider}: ${row.used} used, ${row.held} held`);
  }

  /** The name of the last migration. */
  async migrationName(tx: Tx): Promise<string> {
    const { rows } = await run(tx, sql.migrationName);
    return rows[0]?.name ?? '';
  }

  async sequences(tx: Tx): Promise<SequenceValues> {
    const { rows } = await run(tx, sql.sequences);
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  /** New ids and tokens are higher than those; tokens by a gap. */
  async advanceSequences(tx: Tx, values: SequenceValues): Promise<void> {
    const wanted = Object.entries(values).map(([name, value]) => ({
      name,
      value: TOKENS.includes(name as sql.SequenceName) ? value + TOKEN_GAP : value,
    }));
    await run(tx, sql.advanceSequences, [wanted.map(({ name }) => name), wanted.map(({ value }) => value)]);
  }

  /** What makes the database one that is in use already; undefined: it is as new. */
  async findOccupant(tx: Tx): Promise<string | undefined> {
    const { rows } = await run(tx, sql.findOccupant, [STANDARD_TRAITS, STANDARD_RESOURCE_CLASSES]);
    return rows[0]?.occupant ?? undefined;
  }

  /** How many other sessions of Berth there are on the database, as far as its role may see them. */
  async countServices(tx: Tx): Promise<number> {
    const { rows } = await run(tx, sql.countServices);
    return rows[0]?.services ?? 0;
  }

  /** The import that is not finished. */
  async find(tx: Tx): Promise<TransferState | undefined> {
    const { rows } = await run(tx, sql.find);
    return rows[0];
  }

  async begin(tx: Tx, kind: TransferState['kind'], source: string): Promise<void> {
    await run(tx, sql.begin, [kind, source]);
  }

  /** Removes the names of a new database, for those of the file to take their places. */
  async clearNames(tx: Tx): Promise<void> {
    for (const statement of sql.CLEAR_NAMES) await run(tx, statement);
  }

  /** Says in the log of changes that names of traits or classes have changed. */
  async markNames(tx: Tx): Promise<void> {
    await run(tx, changes.mark, [[changes.NAMES], true]);
  }

  /** Notes how far the file is written; false if somebody else did since it was at `from`. */
  async advance(tx: Tx, from: number, records: number, digest: string): Promise<boolean> {
    const { count } = await run(tx, sql.advance, [records, digest, from]);
    return count === 1;
  }

  async end(tx: Tx): Promise<void> {
    await run(tx, sql.endMarks);
    await run(tx, sql.end);
  }

  /** Has the planner look at what was written. */
  async analyze(tx: Tx): Promise<void> {
    await tx.client.query(sql.analyze);
  }

  private async *providerPages(tx: Tx): AsyncGenerator<readonly TransferRecord[]> {
    const { rows: all } = await run(tx, providerIds);
    const ids = all[0]?.ids ?? [];
    for (let from = 0; from < ids.length; from += PAGE) {
      const { rows } = await run(tx, KINDS.provider.page, [ids.slice(from, from + PAGE)]);
      yield rows.map(withoutPlace);
    }
  }
}

function withoutPlace({ at: _, ...record }: { readonly at: string }): TransferRecord {
  return record;
}

async function count(tx: Tx, statement: Statement<{ readonly count: number }>): Promise<number> {
  const { rows } = await run(tx, statement);
  return rows[0]?.count ?? 0;
}
