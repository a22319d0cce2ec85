import type { OwnedSlot } from '#berth/domain';
import type { SlotLock } from '#berth/locks';
import { toSlotCursor } from './slot-locks.query.js';

/** Source: docs/api/slot-locks.md. */
export function acquiredView(owner: string, locks: readonly OwnedSlot[]): object {
  return {
    owner,
    slot_locks: locks.map(({ key, slot, limit, sinceMs, expiresAtMs }) => ({
      key,
      slot,
      limit,
      since: timeView(sinceMs),
      expires_at: timeView(expiresAtMs),
    })),
  };
}

/** A page of locks, whoever holds them. A full page may be the last: then the next one is empty. */
export function slotLocksPageView(locks: readonly SlotLock[], limit: number): object {
  const last = locks.at(-1);
  const next = last === undefined || locks.length < limit ? null : toSlotCursor(last);
  return { slot_locks: locks.map(lockView), next };
}

/** What was given back. */
export function releasedView(locks: readonly OwnedSlot[]): object {
  return { released: locks.map((lock) => lockView({ ...lock, consumer: null })) };
}

/** What was taken, and from whom. */
export function forcedView(locks: readonly SlotLock[]): object {
  return { released: locks.map(lockView) };
}

function lockView({ key, slot, limit, consumer, owner, sinceMs, expiresAtMs }: Omit<SlotLock, 'id'>): object {
  const holder = consumer === null ? { owner, expires_at: timeView(expiresAtMs) } : { consumer };
  return { key, slot, limit, ...holder, since: timeView(sinceMs) };
}

function timeView(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
