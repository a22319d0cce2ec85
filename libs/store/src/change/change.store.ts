import { toGeneration, type ChangedProvider, type Supply, type SupplyDelta, type SupplyName } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './change.sql.js';

/** Where a reading of the supply side stands; only the database can read it. */
export type ReadingPoint = string;

/** Providers a page of a full reading: a few MB of rows at a time. */
const PAGE = 5_000;

/** What has changed since a reading; 'forgotten': nobody knows any more, read everything. */
export type Changes =
  | { readonly status: 'unchanged'; readonly at: ReadingPoint }
  | { readonly status: 'changed'; readonly at: ReadingPoint; readonly delta: SupplyDelta }
  | { readonly status: 'forgotten' };

@Injectable()
export class ChangeStore {
  /** Traits and aggregates as text, parsed once each: a fleet has few distinct ones. */
  private readonly parsed = new Map<string, readonly number[]>();

  /** Everything there is, and the point at which it was read. Run it in a transaction that sees one state. */
  async readAll(tx: Tx): Promise<{ at: ReadingPoint; providers: ChangedProvider[]; names: SupplyDelta['names'] }> {
    const { rows: now } = await run(tx, sql.snapshotNow);
    const providers: ChangedProvider[] = [];
    for (let last = 0; ;) {
      const { rows } = await run(tx, sql.page, [last, PAGE]);
      for (const row of rows) providers.push(this.toChanged(row));
      if (rows.length < PAGE) break;
      last = rows.at(-1)?.id ?? 0;
    }
    return { at: now[0]?.at ?? '', providers, names: await this.readNames(tx) };
  }

  /** What was committed since. One statement: run it by itself. Names, if they changed, are read after it. */
  async since(tx: Tx, at: ReadingPoint): Promise<Changes> {
    const { rows } = await run(tx, sql.since, [at]);
    const first = rows[0];
    if (first === undefined || first.forgotten || isBehind(first.now, at)) return { status: 'forgotten' };
    if (first.changed_id === null) return { status: 'unchanged', at: first.now };
    const changed: ChangedProvider[] = [];
    const removed: number[] = [];
    let names: SupplyDelta['names'];
    for (const row of rows) {
      if (row.changed_id === sql.NAMES) names = await this.readNames(tx);
      else if (isWhole(row)) changed.push(this.toChanged(row));
      else removed.push(row.changed_id ?? 0);
    }
    return { status: 'changed', at: first.now, delta: { changed, removed, names } };
  }

  /** Forgets changes that are older than `ageSeconds`; readers that are further behind read everything. */
  async forget(tx: Tx, ageSeconds: number): Promise<void> {
    await run(tx, sql.forget, [ageSeconds]);
  }

  private async readNames(tx: Tx): Promise<Pick<Supply, 'traits' | 'resourceClasses'>> {
    const { rows: traitRows } = await run<SupplyName>(tx, sql.traits);
    const { rows: classRows } = await run<SupplyName>(tx, sql.resourceClasses);
    return { traits: traitRows, resourceClasses: classRows };
  }

  private toChanged(row: sql.WholeProviderRow): ChangedProvider {
    return {
      provider: {
        id: row.id,
        uuid: row.uuid,
        name: row.name,
        generation: toGeneration(row.generation),
        parentId: row.parent_id,
        rootId: row.root_id,
        changedAtMs: row.changed_at_ms,
      },
      inventories: row.inventories.map(
        ([
          resourceClassId = 0,
          total = 0,
          reserved = 0,
          minUnit = 0,
          maxUnit = 0,
          stepSize = 0,
          ratio = 0,
          used = 0,
        ]) => ({
          providerId: row.id,
          resourceClassId,
          total,
          reserved,
          minUnit,
          maxUnit,
          stepSize,
          allocationRatio: ratio,
          used,
        }),
      ),
      shape:
        row.traits === null || row.aggregates === null
          ? undefined
          : { traitIds: this.ids(row.traits), aggregates: row.aggregates === '' ? [] : row.aggregates.split(',') },
    };
  }

  private ids(text: string): readonly number[] {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    if (this.parsed.size >= MAX_PARSED) this.parsed.clear();
    const ids = text === '' ? [] : text.split(',').map(Number);
    this.parsed.set(text, ids);
    return ids;
  }
}

/** A fleet where every host has traits of its own must not be remembered twice. */
const MAX_PARSED = 10_000;

function isWhole(row: sql.SinceRow): row is sql.SinceRow & sql.WholeProviderRow {
  return typeof row.id === 'number';
}

/** Time runs backwards when the database was replaced by an older one: what was read of the other is worth nothing. */
function isBehind(now: ReadingPoint, before: ReadingPoint): boolean {
  return xmaxOf(now) < xmaxOf(before);
}

/** The text of a txid_snapshot is `xmin:xmax:xip_list`. */
function xmaxOf(point: ReadingPoint): bigint {
  return BigInt(point.split(':')[1] ?? 0);
}
