import type { SlotPool, SlotPools } from './slot-lock.js';
import { withoutExpired } from './slot-lock.js';

/** One slot of one key. */
export interface SlotOf {
  readonly key: string;
  readonly slot: number;
}

/** What has to be written so that the database says what the pools say. */
export interface PoolSettlement {
  /** Row ids of locks that are over their lease. */
  readonly expired: readonly string[];
  /** Slots that became free. */
  readonly freed: readonly SlotOf[];
  /** Slots that are free no longer. */
  readonly used: readonly SlotOf[];
  readonly pools: readonly { readonly key: string; readonly high: number; readonly held: number }[];
  /** Pools that shrink: of each the free slots from `slot` on go. */
  readonly cut: readonly SlotOf[];
  /** Keys that nobody holds and nothing is to be remembered of. */
  readonly removed: readonly string[];
}

/**
 * A pool that nobody holds any more shrinks by so much: small ones go at once, and no one release pays for the rows of a
 * hundred thousand slots.
 */
const SHRINK = 1_000;

/** Pools to work on beside those that were read: what is over its lease is free in them. */
export function openPools(read: SlotPools): Map<string, SlotPool> {
  return new Map([...read].map(([key, pool]) => [key, withoutExpired(pool)]));
}

/** What differs between the pools as they were read, and locked, and as they were left. */
export function settlePools(read: SlotPools, worked: SlotPools): PoolSettlement {
  const settlement = {
    expired: [] as string[],
    freed: [] as SlotOf[],
    used: [] as SlotOf[],
    pools: [] as { key: string; high: number; held: number }[],
    cut: [] as SlotOf[],
    removed: [] as string[],
  };
  for (const [key, before] of read) {
    const after = worked.get(key) ?? before;
    const high = after.held > 0 ? after.high : Math.max(0, after.high - SHRINK);
    settlement.expired.push(...before.expired.map(({ id }) => id));
    settlement.freed.push(...without(after.free, before.free).flatMap((slot) => (slot < high ? [{ key, slot }] : [])));
    settlement.used.push(...without(before.free, after.free).map((slot) => ({ key, slot })));
    // As many rows of free slots as were given out and are not held.
    if (high < before.high && before.held < before.high) settlement.cut.push({ key, slot: high });
    if (high === 0) settlement.removed.push(key);
    else if (high !== before.high || after.held !== before.held) settlement.pools.push({ key, high, held: after.held });
  }
  return settlement;
}

function without(slots: readonly number[], others: readonly number[]): number[] {
  if (slots === others) return [];
  const known = new Set(others);
  return slots.filter((slot) => !known.has(slot));
}
