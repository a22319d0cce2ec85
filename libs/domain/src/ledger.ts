import { strict as assert } from 'node:assert';
import {
  CapacityExceeded,
  checkConsumerGeneration,
  NoInventory,
  UnitsViolated,
  type AllocationWrite,
} from './allocation.js';
import { obeysUnits, realCapacity, type CapacityRule } from './capacity.js';
import { Invalid, NotFound } from './errors.js';
import type { Newcomers } from './newcomers.js';
import { checkNames } from './ledger-names.js';
import { toGeneration, type Generation } from './generation.js';
import { REASONS } from './reasons.js';
import type { HeldSlot, SlotPool, SlotPools } from './slot-lock.js';
import { assignSlots, slotChange } from './slot-claim.js';

/** One amount that a consumer holds. */
export interface Holding {
  readonly providerId: number;
  readonly resourceClassId: number;
  readonly amount: number;
}

/** A consumer as stored; `id` null: it came up in this transaction and has no row yet. */
export interface LedgerConsumer {
  readonly id: string | null;
  readonly uuid: string;
  readonly project: string;
  readonly user: string;
  readonly consumerType: string | null;
  readonly generation: Generation;
  readonly holdings: readonly Holding[];
  /** The slots that it holds; docs/locks/slot-locks.md. */
  readonly slots: readonly HeldSlot[];
}

/** An inventory record and what is used of it. */
export interface LedgerInventory extends CapacityRule {
  readonly resourceClassId: number;
  readonly resourceClass: string;
  readonly used: number;
}

export interface LedgerProvider {
  readonly id: number;
  readonly uuid: string;
  readonly generation: Generation;
  /** By class id. */
  readonly inventories: ReadonlyMap<number, LedgerInventory>;
  /** Ids; undefined where no operation asks for them. */
  readonly traits?: ReadonlySet<number>;
  /** What an operation has replaced them by; undefined: they are as they were. */
  readonly aggregates?: readonly string[];
}

/**
 * What a group of writes is decided on: the consumers and providers concerned, read under their row locks.
 * Operations change it one after another, so each sees what came before it, exactly as if it had come alone.
 */
export interface Ledger {
  readonly consumers: Map<string, LedgerConsumer>;
  /** By uuid: every existing provider that an operation names or that a named consumer holds something of. */
  readonly providers: Map<string, LedgerProvider>;
  /** Id to uuid of the same providers. */
  readonly providerUuids: ReadonlyMap<number, string>;
  /** Ids of the classes that the operations name, as far as they exist. */
  readonly classIds: ReadonlyMap<string, number>;
  /** The traits that the operations name, as far as they exist. */
  readonly traits: ReadonlyMap<string, { readonly id: number; readonly createdAtMs: number }>;
  readonly newcomers: Newcomers;
  /** By key: those that an operation names or that a named consumer holds a slot of. */
  readonly slotPools: Map<string, SlotPool>;
}

/** How a kind of request words a class that doesn't exist. Source: spec allocations.md §5 (c) 2. */
export type UnknownClassText = (resourceClass: string, consumerUuid: string) => string;

/** What a set of writes would come to; nothing of it has happened yet. */
export interface Effect {
  readonly consumers: readonly {
    readonly before: LedgerConsumer | undefined;
    readonly after: LedgerConsumer | undefined;
  }[];
  /** Change of `used` by provider and class. */
  readonly deltas: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** Uuids of the providers whose generation the write raises. */
  readonly occurring: ReadonlySet<string>;
  /** Those that change. */
  readonly slotPools: SlotPools;
}

interface Line {
  readonly consumerUuid: string;
  readonly provider: LedgerProvider;
  readonly resourceClass: string;
  readonly resourceClassId: number;
  readonly amount: number;
}

/**
 * Replaces the holdings of the named consumers in the ledger, all or nothing. Throws, with the ledger as it was,
 * the first of: GenerationConflict, Invalid, NoInventory, UnitsViolated, CapacityExceeded, SlotTaken.
 * Source: spec allocations.md §5.
 */
export function applyWrites(ledger: Ledger, writes: readonly AllocationWrite[], unknownClass: UnknownClassText): void {
  checkNames(ledger, writes);
  const effect = weigh(ledger, writes, unknownClass, (provider) => provider.inventories);
  book(ledger, effect);
  for (const uuid of effect.occurring) raise(ledger, uuid, 1);
}

/**
 * Takes everything from a consumer and forgets it. Generations of providers stay: nothing can be given out twice
 * by giving something back. Throws NotFound when it holds nothing, GenerationConflict when the client insists on another
 * generation. Source: spec allocations.md §7.
 */
export function applyRemoval(ledger: Ledger, consumerUuid: string, claimed?: number | null): void {
  const before = ledger.consumers.get(consumerUuid);
  if (before === undefined) {
    throw new NotFound(`No allocations for consumer '${consumerUuid}'`, {
      reason: REASONS.consumerNotFound,
      facts: { consumer: consumerUuid },
    });
  }
  checkConsumerGeneration(consumerUuid, before.generation, claimed);
  const deltas = new Map<number, Map<number, number>>();
  release(before, deltas);
  const { pools: slotPools } = assignSlots(ledger, [{ before: before.slots, wanted: [] }]);
  book(ledger, { consumers: [{ before, after: undefined }], deltas, occurring: new Set(), slotPools });
}

/**
 * Works out what the writes come to, against the inventories that `inventoriesOf` gives, and changes nothing.
 * Names were checked before.
 */
export function weigh(
  ledger: Ledger,
  writes: readonly AllocationWrite[],
  unknownClass: UnknownClassText,
  inventoriesOf: (provider: LedgerProvider) => ReadonlyMap<number, CapacityRule>,
): Effect {
  const lines = toLines(ledger, writes, unknownClass);
  const deltas = removeHoldings(ledger, writes);
  checkSomeInventory(lines, clearedClasses(ledger, writes), inventoriesOf);
  for (const line of lines) take(line, inventoriesOf(line.provider).get(line.resourceClassId), deltas);
  const { slots, pools } = assignSlots(
    ledger,
    writes.map((write) => slotChange(ledger, write)),
  );
  return {
    consumers: writes.map((write, index) => replaced(ledger, write, lines, slots[index] ?? [])),
    deltas,
    occurring: occurring(ledger, writes),
    slotPools: pools,
  };
}

/** Lets an effect happen: consumers and `used`, not generations of providers. */
export function book(ledger: Ledger, effect: Effect): void {
  for (const { before, after } of effect.consumers) {
    if (after !== undefined) ledger.consumers.set(after.uuid, after);
    else if (before !== undefined) ledger.consumers.delete(before.uuid);
  }
  for (const [providerId, byClass] of effect.deltas) {
    const provider = providerById(ledger, providerId);
    const inventories = new Map(provider.inventories);
    for (const [classId, delta] of byClass) {
      const inventory = inventories.get(classId);
      assert(inventory !== undefined, 'what is allocated has an inventory record');
      inventories.set(classId, { ...inventory, used: inventory.used + delta });
    }
    ledger.providers.set(provider.uuid, { ...provider, inventories });
  }
  for (const [key, pool] of effect.slotPools) ledger.slotPools.set(key, pool);
}

/** Raises a provider's generation in the ledger. */
export function raise(ledger: Ledger, providerUuid: string, by: number): void {
  const provider = ledger.providers.get(providerUuid);
  assert(provider !== undefined, 'only providers in the ledger are raised');
  ledger.providers.set(providerUuid, { ...provider, generation: toGeneration(provider.generation + by) });
}

function toLines(ledger: Ledger, writes: readonly AllocationWrite[], unknownClass: UnknownClassText): Line[] {
  return writes.flatMap(({ consumerUuid, allocations }) =>
    allocations.flatMap(({ providerUuid, resources }) => {
      const provider = ledger.providers.get(providerUuid);
      assert(provider !== undefined, 'names were checked before');
      return resources.map(({ resourceClass, amount }) => {
        const resourceClassId = ledger.classIds.get(resourceClass);
        if (resourceClassId === undefined) {
          const facts = { resource_class: resourceClass };
          throw new Invalid(unknownClass(resourceClass, consumerUuid), {
            reason: REASONS.resourceClassNotFound,
            facts,
          });
        }
        return { consumerUuid, provider, resourceClass, resourceClassId, amount };
      });
    }),
  );
}

function removeHoldings(ledger: Ledger, writes: readonly AllocationWrite[]): Map<number, Map<number, number>> {
  const deltas = new Map<number, Map<number, number>>();
  for (const { consumerUuid } of writes) {
    const consumer = ledger.consumers.get(consumerUuid);
    if (consumer !== undefined) release(consumer, deltas);
  }
  return deltas;
}

function release({ holdings }: LedgerConsumer, deltas: Map<number, Map<number, number>>): void {
  for (const { providerId, resourceClassId, amount } of holdings) addTo(deltas, providerId, resourceClassId, -amount);
}

/** What consumers hold that are cleared counts among the classes of a request: id and name. */
function clearedClasses(ledger: Ledger, writes: readonly AllocationWrite[]): [id: number, name: string][] {
  const cleared = writes.filter(({ allocations }) => allocations.length === 0);
  return cleared.flatMap(({ consumerUuid }) =>
    (ledger.consumers.get(consumerUuid)?.holdings ?? []).map(({ providerId, resourceClassId }): [number, string] => {
      const inventory = providerById(ledger, providerId).inventories.get(resourceClassId);
      assert(inventory !== undefined, 'what is allocated has an inventory record');
      return [resourceClassId, inventory.resourceClass];
    }),
  );
}

/** Source: spec allocations.md §6, 1: a provider that has none of the request's classes at all. */
function checkSomeInventory(
  lines: readonly Line[],
  cleared: readonly (readonly [id: number, name: string])[],
  inventoriesOf: (provider: LedgerProvider) => ReadonlyMap<number, CapacityRule>,
): void {
  const named = lines.map(({ resourceClass, resourceClassId }) => [resourceClassId, resourceClass] as const);
  const classes = new Map([...named, ...cleared]);
  const providers = new Map(lines.map(({ provider }) => [provider.uuid, provider]));
  const without = [...providers.values()].filter((provider) => {
    const inventories = inventoriesOf(provider);
    return ![...classes.keys()].some((classId) => inventories.has(classId));
  });
  if (without.length > 0) {
    throw new NoInventory(
      [...classes.values()],
      without.map(({ uuid }) => uuid),
    );
  }
}

/** Source: spec allocations.md §6, 2. */
function take(line: Line, rule: CapacityRule | undefined, deltas: Map<number, Map<number, number>>): void {
  const { provider, resourceClass, resourceClassId, amount } = line;
  if (rule === undefined) throw new NoInventory([resourceClass], [provider.uuid]);
  if (!obeysUnits(rule, amount)) throw new UnitsViolated(resourceClass, provider.uuid, amount);
  const delta = addTo(deltas, provider.id, resourceClassId, amount);
  const previous = provider.inventories.get(resourceClassId)?.used ?? 0;
  // An over-committed provider may be kept as it is or relieved, never made worse.
  if (delta <= 0 || previous + delta <= realCapacity(rule)) return;
  const available = Math.max(0, Math.floor(realCapacity(rule)) - (previous + delta - amount));
  throw new CapacityExceeded(resourceClass, provider.uuid, amount, available);
}

function replaced(
  ledger: Ledger,
  write: AllocationWrite,
  lines: readonly Line[],
  slots: readonly HeldSlot[],
): Effect['consumers'][number] {
  const before = ledger.consumers.get(write.consumerUuid);
  const holdings = lines
    .filter(({ consumerUuid }) => consumerUuid === write.consumerUuid)
    .map(({ provider, resourceClassId, amount }) => ({ providerId: provider.id, resourceClassId, amount }));
  // A consumer without allocations never survives a request.
  if (holdings.length === 0) return { before, after: undefined };
  const after: LedgerConsumer = {
    id: before?.id ?? null,
    uuid: write.consumerUuid,
    project: write.project,
    user: write.user,
    consumerType: write.consumerType ?? before?.consumerType ?? null,
    generation: toGeneration((before?.generation ?? 0) + 1),
    holdings,
    slots,
  };
  return { before, after };
}

/** Source: spec allocations.md §5 (c) 6: named in the new allocations, or held by a consumer that is cleared. */
function occurring(ledger: Ledger, writes: readonly AllocationWrite[]): Set<string> {
  const uuids = new Set<string>();
  for (const { consumerUuid, allocations } of writes) {
    for (const { providerUuid } of allocations) uuids.add(providerUuid);
    if (allocations.length > 0) continue;
    for (const { providerId } of ledger.consumers.get(consumerUuid)?.holdings ?? []) {
      uuids.add(providerById(ledger, providerId).uuid);
    }
  }
  return uuids;
}

function providerById(ledger: Ledger, providerId: number): LedgerProvider {
  const provider = ledger.providers.get(ledger.providerUuids.get(providerId) ?? '');
  assert(provider !== undefined, 'a provider that is held from is in the ledger');
  return provider;
}

function addTo(deltas: Map<number, Map<number, number>>, providerId: number, classId: number, by: number): number {
  let byClass = deltas.get(providerId);
  if (byClass === undefined) deltas.set(providerId, (byClass = new Map<number, number>()));
  const sum = (byClass.get(classId) ?? 0) + by;
  byClass.set(classId, sum);
  return sum;
}
