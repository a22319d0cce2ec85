import { planSlots, SlotTaken, type HeldSlot, type SlotHolder, type SlotPool, type WantedSlot } from './slot-lock.js';
import { openPools, settlePools, type PoolSettlement } from './slot-settlement.js';

/** A slot that an owner holds without a claim. `expiresAtMs`: since the epoch; null: until it is released. */
export interface OwnedSlot extends HeldSlot {
  readonly owner: string;
  readonly sinceMs: number;
  readonly expiresAtMs: number | null;
}

export interface AcquireSlots {
  readonly owner: string;
  /** Each key once. */
  readonly wanted: readonly WantedSlot[];
  /** How long they are held unless taken again, s; null: until they are released. */
  readonly leaseSeconds: number | null;
}

/**
 * What a group of owners' requests is decided on, read under the row locks of the keys that they name. Requests change it
 * one after another, so each sees what came before it, exactly as if it had come alone.
 */
export interface OwnerLedger {
  /** When the transaction began, as the database tells the time. */
  readonly nowMs: number;
  /** By owner: what those that are named hold of the keys that are named. */
  readonly owners: Map<string, readonly OwnedSlot[]>;
  readonly pools: Map<string, SlotPool>;
}

/** What has to be written so that the database says what the ledger says. */
export interface OwnerSettlement {
  readonly pools: PoolSettlement;
  /** Row ids of locks that their owners give up. */
  readonly released: readonly string[];
  readonly taken: readonly OwnedSlot[];
  /** Kept under another limit or lease. */
  readonly kept: readonly (OwnedSlot & { readonly id: string })[];
}

/** A ledger to work on beside the one that was read. */
export function openOwners(read: OwnerLedger): OwnerLedger {
  return { nowMs: read.nowMs, owners: new Map(read.owners), pools: openPools(read.pools) };
}

/**
 * Gives the owner a slot of each key, all or none, and answers them in the order of the request. What it holds already it
 * keeps, under the new lease. Throws SlotTaken, with those of the holders that are in the ledger.
 */
export function applyAcquire(ledger: OwnerLedger, request: AcquireSlots): readonly OwnedSlot[] {
  const { owner, wanted, leaseSeconds } = request;
  const expiresAtMs = leaseSeconds === null ? null : ledger.nowMs + leaseSeconds * 1000;
  const slots = replace(ledger, owner, new Set(wanted.map(({ key }) => key)), wanted);
  const now = slots.map((held) => ({ ...held, owner, expiresAtMs, sinceMs: held.sinceMs ?? ledger.nowMs }));
  ledger.owners.set(owner, [...(ledger.owners.get(owner) ?? []), ...now]);
  return now;
}

/** Takes from the owner what it holds of these keys and answers it. */
export function applyRelease(ledger: OwnerLedger, owner: string, keys: ReadonlySet<string>): readonly OwnedSlot[] {
  const before = (ledger.owners.get(owner) ?? []).filter(({ key }) => keys.has(key));
  replace(ledger, owner, keys, []);
  return before;
}

/** What differs between the ledger as it was read and as the requests left it. */
export function settleOwners(read: OwnerLedger, worked: OwnerLedger): OwnerSettlement {
  const stored = new Map([...read.owners.values()].flat().map((held) => [held.id, held]));
  const released = new Set(stored.keys());
  const taken: OwnedSlot[] = [];
  const kept: (OwnedSlot & { readonly id: string })[] = [];
  for (const held of [...worked.owners.values()].flat()) {
    const { id } = held;
    if (id === null) taken.push(held);
    else if (released.delete(id) && stored.get(id) !== held) kept.push({ ...held, id });
  }
  const pools = settlePools(read.pools, worked.pools);
  return { pools, released: [...released].flatMap((id) => id ?? []), taken, kept };
}

/** Takes out of the ledger what the owner holds of these keys, and answers what it shall hold instead. */
function replace(
  ledger: OwnerLedger,
  owner: string,
  keys: ReadonlySet<string>,
  wanted: readonly WantedSlot[],
): readonly HeldSlot[] {
  const held = ledger.owners.get(owner) ?? [];
  const plan = planSlots(ledger.pools, [{ before: held.filter(({ key }) => keys.has(key)), wanted }]);
  if (plan.status === 'taken') {
    throw new SlotTaken(plan.taken.map((one) => ({ ...one, holders: holdersOf(ledger, one.key) })));
  }
  for (const [key, pool] of plan.pools) ledger.pools.set(key, pool);
  ledger.owners.set(
    owner,
    held.filter(({ key }) => !keys.has(key)),
  );
  return plan.slots[0] ?? [];
}

function holdersOf(ledger: OwnerLedger, key: string): SlotHolder[] {
  return [...ledger.owners.values()].flat().filter((held) => held.key === key);
}
