import {
  toGeneration,
  type ChangedProvider,
  type Supply,
  type SupplyDelta,
  type SupplyInventory,
  type SupplyName,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { readServerRun, serverRunOf } from '../server-run.js';
import { run, type Tx } from '../sql.js';
import * as sql from './change.sql.js';
import { isBehind, type Reading, type ReadingPoint } from './reading-point.js';

type SupplyNames = Pick<Supply, 'traits' | 'resourceClasses'>;

/** Providers a page of a full reading: 5,000 took 60 MB more at the peak and were no faster. */
const PAGE = 1_000;

/** What has changed since a reading; 'forgotten': nobody knows any more, read everything. */
export type Changes =
  | { readonly status: 'unchanged'; readonly at: ReadingPoint }
  | { readonly status: 'changed'; readonly at: ReadingPoint; readonly delta: SupplyDelta }
  | { readonly status: 'forgotten' };

@Injectable()
export class ChangeStore {
  /**
   * Where a reading of everything stands, and all traits and classes: the first thing in a transaction that sees one state, before
   * `portions`.
   */
  async begin(tx: Tx): Promise<{ reading: Reading; names: SupplyNames }> {
    const { rows: now } = await run(tx, sql.snapshotNow);
    const reading = { at: now[0]?.at ?? '', run: await readServerRun(tx) };
    return { reading, names: await this.readNames(tx) };
  }

  /** All providers by id, so many at a time. While one portion is used, the database makes the next. */
  async *portions(tx: Tx, size = PAGE): AsyncGenerator<readonly ChangedProvider[]> {
    const { rows: aggregates } = await run(tx, sql.aggregates);
    const uuids = new Map(aggregates.map(({ id, uuid }) => [id, uuid]));
    const toUuids = (list: string): string[] => idsIn(list).map((id) => uuids.get(id) ?? '');
    let next: Page | undefined = run(tx, sql.page, [0, size]);
    while (next !== undefined) {
      const rows: sql.WholeProviderRow[] = (await next).rows;
      next = rows.length < size ? undefined : run(tx, sql.page, [rows.at(-1)?.id ?? 0, size]);
      // Whoever stops in between does not wait for it; the transaction that ends tells what went wrong.
      next?.catch(() => undefined);
      yield rows.map((row) => toChanged(row, toUuids));
    }
  }

  /**
   * What was committed since, on a connection that keeps its session. One statement: run it by itself. Names, if they changed, are read
   * after it. A server that was started meanwhile, or has taken the place of another, may lack what the reading saw, and have
   * given its numbers to others: nothing can be said about it then.
   */
  async since(tx: Tx, { at, run: before }: Reading): Promise<Changes> {
    if ((await serverRunOf(tx)) !== before) return { status: 'forgotten' };
    const { rows } = await run(tx, sql.since, [at]);
    const first = rows[0];
    if (first === undefined || first.forgotten || isBehind(first.now, at)) return { status: 'forgotten' };
    if (first.changed_id === null) return { status: 'unchanged', at: first.now };
    const changed: ChangedProvider[] = [];
    const removed: number[] = [];
    let names: SupplyDelta['names'];
    for (const row of rows) {
      if (row.changed_id === sql.NAMES) names = await this.readNames(tx);
      else if (isWhole(row)) changed.push(toChanged(row, textsIn));
      else removed.push(row.changed_id ?? 0);
    }
    return { status: 'changed', at: first.now, delta: { changed, removed, names } };
  }

  private async readNames(tx: Tx): Promise<SupplyNames> {
    const { rows: traitRows } = await run<SupplyName>(tx, sql.traits);
    const { rows: classRows } = await run<SupplyName>(tx, sql.resourceClasses);
    return { traits: traitRows, resourceClasses: classRows };
  }
}

type Page = Promise<{ rows: sql.WholeProviderRow[] }>;

/** `toUuids` reads the text of the aggregates. */
function toChanged(row: sql.WholeProviderRow, toUuids: (list: string) => string[]): ChangedProvider {
  const { id, uuid, name, traits, aggregates } = row;
  return {
    provider: {
      ...{ id, uuid, name },
      generation: toGeneration(row.generation),
      parentId: row.parent_id,
      rootId: row.root_id,
      changedAtMs: row.changed_at_ms,
    },
    inventories: row.inventories === null ? [] : toInventories(id, row.inventories),
    shape:
      traits === null || aggregates === null ? undefined : { traitIds: idsIn(traits), aggregates: toUuids(aggregates) },
  };
}

function toInventories(providerId: number, list: string): SupplyInventory[] {
  const numbers = numbersIn(list, 0, list.length);
  const inventories: SupplyInventory[] = [];
  for (let at = 0; at < numbers.length; at += FIELDS) {
    inventories.push({
      providerId,
      resourceClassId: numbers[at] ?? 0,
      total: numbers[at + 1] ?? 0,
      reserved: numbers[at + 2] ?? 0,
      minUnit: numbers[at + 3] ?? 0,
      maxUnit: numbers[at + 4] ?? 0,
      stepSize: numbers[at + 5] ?? 0,
      allocationRatio: numbers[at + 6] ?? 0,
      used: numbers[at + 7] ?? 0,
    });
  }
  return inventories;
}

/** Numbers an inventory, in the order of `INVENTORIES` in change.sql.ts. */
const FIELDS = 8;

/** `{1,2}`, an array of the database as text. */
function idsIn(list: string): number[] {
  return list === '{}' ? [] : numbersIn(list, 1, list.length - 1);
}

const [ZERO, NINE, COMMA] = [48, 57, 44] as const;

/** Comma-separated numbers. Read digit by digit: the two million texts that `split` makes of a large fleet take longer than all the rest. */
function numbersIn(list: string, from: number, to: number): number[] {
  const numbers: number[] = [];
  let begin = from;
  let whole = 0;
  let plain = true;
  for (let at = from; at <= to; at++) {
    const code = at < to ? list.charCodeAt(at) : COMMA;
    if (code >= ZERO && code <= NINE) {
      whole = whole * 10 + code - ZERO;
    } else if (code !== COMMA) {
      plain = false;
    } else {
      numbers.push(plain ? whole : Number(list.slice(begin, at)));
      begin = at + 1;
      whole = 0;
      plain = true;
    }
  }
  return numbers;
}

function textsIn(list: string): string[] {
  return list === '' ? [] : list.split(',');
}

function isWhole(row: sql.SinceRow): row is sql.SinceRow & sql.WholeProviderRow {
  return typeof row.id === 'number';
}
