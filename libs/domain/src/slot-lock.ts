import { Conflict, type Fact, Invalid } from './errors.js';
import { REASONS } from './reasons.js';

/** The most that may hold one key at once: slot numbers stay small, and so does the list of those that came back. */
export const MAX_SLOT_LIMIT = 1_000_000;

/** The most keys that one consumer or one request may name: each is a row lock until the commit. */
export const MAX_SLOT_LOCKS = 100;

/** A key that somebody wants a slot of. At most `limit` hold it at once; 1 is an exclusive lock. */
export interface WantedSlot {
  readonly key: string;
  readonly limit: number;
}

/** A slot that somebody holds. `id` and `sinceMs` (since the epoch) are null until it has a row. */
export interface HeldSlot extends WantedSlot {
  readonly id: string | null;
  /** From 0, below the limit it was taken with. */
  readonly slot: number;
  readonly sinceMs: number | null;
}

/** What decides on a key, read under its row lock. docs/locks/slot-locks.md has the invariants. */
export interface SlotPool {
  readonly key: string;
  /** Slots from here on were never given out since the pool was last empty. */
  readonly high: number;
  /** How many are held. */
  readonly held: number;
  /** The smallest free slots below `high`, rising: as many as may be wanted, not all. */
  readonly free: readonly number[];
  /** Held beyond their lease. */
  readonly expired: readonly { readonly id: string; readonly slot: number }[];
}

export type SlotPools = ReadonlyMap<string, SlotPool>;

/** What one holder has and shall have instead. */
export interface SlotChange {
  readonly before: readonly HeldSlot[];
  readonly wanted: readonly WantedSlot[];
}

/** Who holds a slot: the consumer of a claim, or an owner of their own. */
export type SlotHolder = { readonly slot: number; readonly sinceMs: number | null } & (
  { readonly consumer: string } | { readonly owner: string; readonly expiresAtMs: number | null }
);

/** A wanted key of which no slot is left, and some of those who hold it. */
export interface TakenSlot extends WantedSlot {
  readonly held: number;
  readonly holders: readonly SlotHolder[];
}

export type SlotPlan =
  | {
      readonly status: 'planned';
      /** What each holder has now, in the order of the changes. */
      readonly slots: readonly (readonly HeldSlot[])[];
      /** Those pools that changed. */
      readonly pools: SlotPools;
    }
  | { readonly status: 'taken'; readonly taken: readonly Omit<TakenSlot, 'holders'>[] };

/** Nothing to plan, the case of every write that knows no slots: told apart first, so that it costs nothing. */
const NOTHING: SlotPools = new Map();

/**
 * Gives each holder the slots that it wants instead of those it has, all or none. A key that is named again keeps its
 * slot; what others of the same plan give up can be taken. The smallest free slot is given. As fewer than `limit` hold
 * the key, one below `limit` is free: nothing has to be searched for it.
 */
export function planSlots(pools: SlotPools, changes: readonly SlotChange[]): SlotPlan {
  if (changes.every(({ before, wanted }) => before.length === 0 && wanted.length === 0)) {
    return { status: 'planned', slots: changes.map(() => []), pools: NOTHING };
  }
  const planned = new Map<string, SlotPool>();
  const kept = changes.map(({ before, wanted }) => wanted.map((one) => before.find((held) => isKept(held, one))));
  changes.forEach(({ before }, index) => {
    const staying = new Set(kept[index]);
    for (const held of before) if (!staying.has(held)) planned.set(held.key, give(poolOf(planned, pools, held), held));
  });
  const taken: Omit<TakenSlot, 'holders'>[] = [];
  const slots = changes.map(({ wanted }, index) =>
    wanted.flatMap((one, position) => {
      const held = kept[index]?.[position];
      if (held !== undefined) return [held.limit === one.limit ? held : { ...held, limit: one.limit }];
      const pool = poolOf(planned, pools, one);
      if (pool.held >= one.limit) {
        taken.push({ ...one, held: pool.held });
        return [];
      }
      const slot = pool.free[0] ?? pool.high;
      planned.set(one.key, take(pool));
      return [{ ...one, id: null, slot, sinceMs: null }];
    }),
  );
  return taken.length > 0 ? { status: 'taken', taken } : { status: 'planned', slots, pools: planned };
}

/** A pool as it is once what is held beyond its lease is free. */
export function withoutExpired(pool: SlotPool): SlotPool {
  if (pool.expired.length === 0) return pool;
  const free = [...pool.free, ...pool.expired.map(({ slot }) => slot)].sort((a, b) => a - b);
  return { ...pool, held: pool.held - pool.expired.length, free, expired: [] };
}

/** Slots that were wanted are held by others. */
export class SlotTaken extends Conflict {
  constructor(readonly taken: readonly TakenSlot[]) {
    super(`Slot locks are taken: ${worded(taken)}.`, {
      reason: REASONS.slotTaken,
      facts: { slot_locks: taken.map(takenFact) },
    });
  }

  /** The same with those holders that the ledger did not know; who took it in the same moment holds it since `nowMs`. */
  withHolders(stored: ReadonlyMap<string, readonly SlotHolder[]>, nowMs: number): SlotTaken {
    const holdersOf = ({ key, holders }: TakenSlot): SlotHolder[] =>
      [...holders, ...(stored.get(key) ?? [])]
        .map((holder) => ({ ...holder, sinceMs: holder.sinceMs ?? nowMs }))
        .sort((a, b) => a.slot - b.slot)
        .slice(0, MAX_HOLDERS_TOLD);
    return new SlotTaken(this.taken.map((one) => ({ ...one, holders: holdersOf(one) })));
  }
}

/** Of a large pool nobody reads the names of all holders. */
export const MAX_HOLDERS_TOLD = 10;

/** Keys that the text names; `reason` has all of them. */
const MAX_KEYS_WORDED = 5;

/** Each key once: a second slot of it would be another holder's. Throws Invalid. */
export function checkKeys(wanted: readonly WantedSlot[]): void {
  const twice = wanted.find(({ key }, index) => wanted.findIndex((one) => one.key === key) !== index);
  if (twice === undefined) return;
  throw new Invalid(`slot_locks: '${twice.key}' is named twice`, {
    reason: REASONS.bodyInvalid,
    facts: { field: 'slot_locks', key: twice.key },
  });
}

/** Held again under a limit below its number, a slot would lie outside of what its holder asks for: it is changed. */
function isKept(held: HeldSlot, wanted: WantedSlot): boolean {
  return held.key === wanted.key && held.slot < wanted.limit;
}

function poolOf(planned: SlotPools, pools: SlotPools, { key }: { readonly key: string }): SlotPool {
  return planned.get(key) ?? pools.get(key) ?? { key, high: 0, held: 0, free: [], expired: [] };
}

function give(pool: SlotPool, { slot }: HeldSlot): SlotPool {
  const at = pool.free.findIndex((one) => one > slot);
  const free = at === -1 ? [...pool.free, slot] : [...pool.free.slice(0, at), slot, ...pool.free.slice(at)];
  return { ...pool, held: pool.held - 1, free };
}

function take(pool: SlotPool): SlotPool {
  if (pool.free.length === 0) return { ...pool, held: pool.held + 1, high: pool.high + 1 };
  return { ...pool, held: pool.held + 1, free: pool.free.slice(1) };
}

function worded(taken: readonly TakenSlot[]): string {
  const more = taken.length > MAX_KEYS_WORDED ? ` and ${taken.length - MAX_KEYS_WORDED} more` : '';
  return taken.slice(0, MAX_KEYS_WORDED).map(wordedOne).join(', ') + more;
}

function wordedOne({ key, limit, held, holders }: TakenSlot): string {
  const [first] = holders;
  if (limit > 1 || first === undefined) return `'${key}' (${held} held, limit ${limit})`;
  const since = first.sinceMs === null ? '' : ` since ${new Date(first.sinceMs).toISOString()}`;
  return `'${key}' by ${'consumer' in first ? `consumer ${first.consumer}` : `owner ${first.owner}`}${since}`;
}

function takenFact({ key, limit, held, holders }: TakenSlot): Fact {
  return { key, limit, held, holders: holders.map(holderFact) };
}

function holderFact(holder: SlotHolder): Fact {
  const since = timeFact(holder.sinceMs);
  if ('consumer' in holder) return { consumer: holder.consumer, slot: holder.slot, since };
  return { owner: holder.owner, slot: holder.slot, since, expires_at: timeFact(holder.expiresAtMs) };
}

function timeFact(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
