import {
  MAX_HOLDERS_TOLD,
  type HeldSlot,
  type OwnedSlot,
  type OwnerLedger,
  type OwnerSettlement,
  type PoolSettlement,
  type SlotHolder,
  type SlotOf,
  type SlotPool,
  type SlotSettlement,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { LostRace } from '../lost-race.js';
import { run, type Statement, type Tx } from '../sql.js';
import * as sql from './slot-lock.sql.js';

/** More that ends at one moment waits for the next look at its key, or for the sweep. */
const MAX_EXPIRED = 10_000;

/** What the keys of a prefix can end with at most: 255 times the last character. */
const BEYOND = '\u{10ffff}'.repeat(255);

/** A slot and who holds it. `expiresAtMs`: since the epoch, null without a lease. */
export interface SlotLock extends HeldSlot {
  readonly id: string;
  readonly sinceMs: number;
  readonly consumer: string | null;
  readonly owner: string | null;
  readonly expiresAtMs: number | null;
}

/** Which locks are meant: those of an owner, of keys, of keys that begin so; all that is said has to hold. */
export interface SlotLockFilter {
  readonly owner?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  /** Not together with `keys`. */
  readonly keyPrefix?: string | undefined;
}

@Injectable()
export class SlotLockStore {
  /**
   * Takes the row locks of keys, in their order, and reads what decides on them: each may be wanted as often as it is
   * named in `wanted`, never in `held`. The statements go out together; no others of the transaction get between them.
   */
  async lockPools(tx: Tx, wanted: Iterable<string>, held: Iterable<string> = []): Promise<Map<string, SlotPool>> {
    const counts = new Map<string, number>();
    for (const key of held) counts.set(key, 0);
    for (const key of wanted) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (counts.size === 0) return new Map();
    const keys = [...counts.keys()];
    const [, pools, free, expired] = await Promise.all([
      run(tx, sql.lockPools, [keys]),
      run(tx, sql.readPools, [keys]),
      run(tx, sql.listFree, [keys, [...counts.values()]]),
      run(tx, sql.listExpired, [keys, MAX_EXPIRED]),
    ]);
    const found = new Map(
      pools.rows.map((row) => [row.key, { ...row, free: [] as number[], expired: [] as SlotRow[] }]),
    );
    for (const { key, slot } of free.rows) found.get(key)?.free.push(slot);
    for (const row of expired.rows) found.get(row.key)?.expired.push(row);
    return found;
  }

  /** What consumers hold, by their ids. They never hold by lease. */
  async listByConsumers(tx: Tx, consumerIds: readonly string[]): Promise<ReadonlyMap<string, HeldSlot[]>> {
    const byConsumer = new Map<string, HeldSlot[]>(consumerIds.map((id) => [id, []]));
    if (consumerIds.length === 0) return byConsumer;
    const { rows } = await run(tx, sql.listByConsumerIds, [consumerIds]);
    for (const row of rows) byConsumer.get(row.consumer_id)?.push(toHeld(row));
    return byConsumer;
  }

  /** A page of at most `limit` locks, those behind `after` in order of key and slot. */
  async list(tx: Tx, filter: SlotLockFilter, after: SlotOf | undefined, limit: number): Promise<SlotLock[]> {
    const { owner, keys, keyPrefix = '' } = filter;
    const page = [after?.key ?? '', after?.slot ?? -1, limit];
    if (keys !== undefined && owner === undefined) return await locksOf(tx, sql.listByKeys, [keys, ...page]);
    if (owner === undefined) return await locksOf(tx, sql.listByPrefix, [keyPrefix, ...page, BEYOND]);
    if (keyPrefix !== '') return await locksOf(tx, sql.listByOwnerAndPrefix, [keyPrefix, ...page, BEYOND, owner]);
    return await locksOf(tx, sql.listByOwner, [owner, ...page, keys ?? null]);
  }

  /** Those of the locks that are still there. */
  async listByIds(tx: Tx, ids: readonly string[]): Promise<SlotLock[]> {
    return await locksOf(tx, sql.listByIds, [ids]);
  }

  /** Some of those who hold each of the keys, the lowest slots first: for the answer to who came too late. */
  async holders(tx: Tx, keys: readonly string[]): Promise<ReadonlyMap<string, SlotHolder[]>> {
    const byKey = new Map<string, SlotHolder[]>(keys.map((key) => [key, []]));
    const { rows } = await run(tx, sql.listHolders, [[...byKey.keys()], MAX_HOLDERS_TOLD]);
    for (const row of rows) byKey.get(row.key)?.push(toHolder(toLock(row)));
    return byKey;
  }

  /**
   * What a group of owners' requests is decided on: takes the row locks of the keys, in their order, and reads them and what
   * the owners hold of them. A key is named as often as it may be wanted.
   */
  async readOwners(tx: Tx, owners: ReadonlySet<string>, keys: readonly string[]): Promise<OwnerLedger> {
    // Sent together, and still read behind the row locks: each statement sees what is there when its turn comes.
    const [pools, { rows }, now] = await Promise.all([
      this.lockPools(tx, keys),
      run(tx, sql.listByOwners, [[...owners], [...new Set(keys)]]),
      run(tx, sql.now),
    ]);
    const held = new Map<string, OwnedSlot[]>([...owners].map((owner) => [owner, []]));
    for (const row of rows) {
      held.get(row.owner)?.push({ ...toHeld(row), owner: row.owner, expiresAtMs: row.expires_at_ms });
    }
    return { nowMs: now.rows[0]?.ms ?? 0, owners: held, pools };
  }

  /** Writes what became of owners' requests. Throws LostRace as `write`. */
  async writeOwners(tx: Tx, { pools, released, taken, kept }: OwnerSettlement): Promise<void> {
    await Promise.all([
      this.remove(tx, [...pools.expired, ...released]),
      this.insert(
        tx,
        taken.map((one) => ({ ...one, consumerId: null })),
      ),
      this.keep(tx, kept),
      ...writePools(tx, pools),
    ]);
  }

  /**
   * Writes what became of consumers' slots; `consumerIds` by uuid. Throws LostRace where the rows are not what was read: the
   * unique index has the last word on who holds a slot. The statements are sent without waiting for one another.
   */
  async write(tx: Tx, settlement: SlotSettlement, consumerIds: ReadonlyMap<string, string>): Promise<void> {
    const { pools, released, taken, kept } = settlement;
    const ofConsumer = (uuid: string) => ({
      consumerId: consumerIds.get(uuid) ?? null,
      owner: null,
      expiresAtMs: null,
    });
    await Promise.all([
      this.remove(tx, [...pools.expired, ...released]),
      this.insert(
        tx,
        taken.map((one) => ({ ...one, ...ofConsumer(one.consumerUuid) })),
      ),
      this.keep(
        tx,
        kept.map((one) => ({ ...one, expiresAtMs: null })),
      ),
      ...writePools(tx, pools),
    ]);
  }

  /** Keys of which at least `limit` locks, if there are so many, are over their lease. */
  async listExpiredKeys(tx: Tx, limit: number): Promise<string[]> {
    const { rows } = await run(tx, sql.listExpiredKeys, [limit]);
    return rows.map(({ key }) => key);
  }

  private async remove(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { count } = await run(tx, sql.remove, [ids]);
    if (count !== ids.length) throw new LostRace('slot locks went although their keys were locked');
  }

  private async insert(tx: Tx, slots: readonly NewSlot[]): Promise<void> {
    if (slots.length === 0) return;
    const { rows } = await run(tx, sql.insert, [
      slots.map(({ key }) => key),
      slots.map(({ slot }) => slot),
      slots.map(({ limit }) => limit),
      slots.map(({ consumerId }) => consumerId),
      slots.map(({ owner }) => owner),
      slots.map(({ expiresAtMs }) => expiresAtMs),
    ]);
    if (rows.length !== slots.length) throw new LostRace('another transaction took the same slot');
  }

  private async keep(tx: Tx, kept: readonly Pick<SlotLock, 'id' | 'limit' | 'expiresAtMs'>[]): Promise<void> {
    if (kept.length === 0) return;
    await run(tx, sql.keep, [
      kept.map(({ id }) => id),
      kept.map(({ limit }) => limit),
      kept.map(({ expiresAtMs }) => expiresAtMs),
    ]);
  }
}

/** A slot that shall be held, by a consumer or by an owner. */
interface NewSlot extends SlotOf {
  readonly limit: number;
  readonly consumerId: string | null;
  readonly owner: string | null;
  readonly expiresAtMs: number | null;
}

async function locksOf(tx: Tx, statement: Statement<sql.HolderRow>, values: readonly unknown[]): Promise<SlotLock[]> {
  const { rows } = await run(tx, statement, values);
  return rows.map(toLock);
}

interface SlotRow {
  readonly id: string;
  readonly slot: number;
}

function writePools(tx: Tx, { freed, used, cut, pools, removed }: PoolSettlement): Promise<unknown>[] {
  const onSlots = (statement: Statement, slots: readonly SlotOf[]): Promise<unknown>[] =>
    slots.length === 0 ? [] : [run(tx, statement, [slots.map(({ key }) => key), slots.map(({ slot }) => slot)])];
  const sent = [...onSlots(sql.addFree, freed), ...onSlots(sql.removeFree, used), ...onSlots(sql.cutFree, cut)];
  if (pools.length > 0) {
    const columns = [pools.map(({ key }) => key), pools.map(({ high }) => high), pools.map(({ held }) => held)];
    sent.push(run(tx, sql.setPools, columns));
  }
  if (removed.length > 0) sent.push(run(tx, sql.removePools, [removed]));
  return sent;
}

function toHeld({ id, key, slot, slot_limit, since_ms }: sql.HeldRow): HeldSlot & { id: string; sinceMs: number } {
  return { id, key, slot, limit: slot_limit, sinceMs: since_ms };
}

function toLock(row: sql.HolderRow): SlotLock {
  return { ...toHeld(row), consumer: row.consumer, owner: row.owner, expiresAtMs: row.expires_at_ms };
}

function toHolder({ slot, sinceMs, consumer, owner, expiresAtMs }: SlotLock): SlotHolder {
  return consumer === null ? { slot, sinceMs, owner: owner ?? '', expiresAtMs } : { slot, sinceMs, consumer };
}
