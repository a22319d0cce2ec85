import type { CapacityRule } from './capacity.js';
import type { Generation } from './generation.js';
import type { Ledger, LedgerConsumer, LedgerInventory, LedgerProvider } from './ledger.js';
import type { LedgerNewcomer } from './newcomers.js';
import { openPools, settlePools, type PoolSettlement, type SlotOf } from './slot-settlement.js';

/** What has to be written so that the database says what the ledger says. */
export interface Settlement {
  /** Consumers that get a row. */
  readonly newConsumers: readonly LedgerConsumer[];
  /** Consumers whose whole holdings are written anew. */
  readonly changedConsumers: readonly ChangedConsumer[];
  /** Row ids of consumers that go, holdings and all. */
  readonly removedConsumers: readonly string[];
  /** Providers that get a row. */
  readonly newProviders: readonly LedgerNewcomer[];
  /** Providers whose generation rises; `shape`: their traits or aggregates change. */
  readonly raised: readonly {
    readonly id: number;
    readonly from: Generation;
    readonly to: Generation;
    readonly shape: boolean;
  }[];
  /** Providers whose inventories change while their generation stays. */
  readonly touched: readonly number[];
  /** Providers whose traits or aggregates change while their generation stays. */
  readonly reshaped: readonly number[];
  readonly used: readonly { readonly providerId: number; readonly resourceClassId: number; readonly delta: number }[];
  readonly inventories: readonly (CapacityRule & { readonly providerId: number; readonly resourceClassId: number })[];
  readonly removedInventories: readonly { readonly providerId: number; readonly resourceClassId: number }[];
  readonly newTraits: readonly TraitOfProvider[];
  readonly removedTraits: readonly TraitOfProvider[];
  /** Providers whose aggregates are written anew. */
  readonly aggregates: readonly { readonly providerId: number; readonly uuids: readonly string[] }[];
  /** undefined: nobody names or holds a slot. */
  readonly slots: SlotSettlement | undefined;
}

/** What has to be written of slots. */
export interface SlotSettlement {
  readonly pools: PoolSettlement;
  /** Row ids of locks that their consumers give up. */
  readonly released: readonly string[];
  readonly taken: readonly (SlotOf & { readonly consumerUuid: string; readonly limit: number })[];
  /** Kept under another limit. */
  readonly kept: readonly { readonly id: string; readonly limit: number }[];
}

interface TraitOfProvider {
  readonly providerId: number;
  readonly traitId: number;
}

export interface ChangedConsumer extends LedgerConsumer {
  readonly id: string;
  /** The generation it was read with. */
  readonly seen: Generation;
  /** Whether project, user or type differ from what was read. */
  readonly ownerChanged: boolean;
  /** Whether it holds slots now and did not, or the other way. */
  readonly slotsChanged: boolean;
}

type ConsumerPart = Pick<Settlement, 'newConsumers' | 'changedConsumers' | 'removedConsumers'>;
type InventoryPart = Pick<Settlement, 'used' | 'inventories' | 'removedInventories'>;
type TraitPart = Pick<Settlement, 'newTraits' | 'removedTraits'>;

/** A ledger to work on beside the one that was read. Records are never changed in place, so the maps are enough. */
export function openLedger(read: Ledger): Ledger {
  return {
    ...read,
    consumers: new Map(read.consumers),
    providers: new Map(read.providers),
    newcomers: { ...read.newcomers, created: new Map(read.newcomers.created) },
    slotPools: openPools(read.slotPools),
  };
}

/** What differs between the ledger as it was read and as the operations left it. */
export function settle(read: Ledger, worked: Ledger): Settlement {
  const changes = [...worked.providers.values()].flatMap((after) => {
    const before = read.providers.get(after.uuid);
    return before === undefined || before === after ? [] : [{ before, after }];
  });
  return {
    slots: read.slotPools.size === 0 ? undefined : settleSlots(read, worked),
    ...settleConsumers(read, worked),
    newProviders: [...worked.newcomers.created.values()],
    ...settleGenerations(changes),
    ...settleInventories(changes),
    ...settleTraits(changes),
    aggregates: changes.flatMap(({ after: { id, aggregates } }) =>
      aggregates === undefined ? [] : [{ providerId: id, uuids: aggregates }],
    ),
  };
}

function settleConsumers(read: Ledger, worked: Ledger): ConsumerPart {
  const newConsumers: LedgerConsumer[] = [];
  const changedConsumers: ChangedConsumer[] = [];
  const removedConsumers: string[] = [];
  for (const consumer of worked.consumers.values()) {
    const before = read.consumers.get(consumer.uuid);
    if (consumer === before) continue;
    const id = before?.id ?? null;
    if (before === undefined || id === null) newConsumers.push(consumer);
    // Removed and come up again in one group: its row is used again.
    else {
      const slotsChanged = before.slots.length > 0 !== consumer.slots.length > 0;
      const ownerChanged = !sameOwner(before, consumer);
      changedConsumers.push({ ...consumer, id, seen: before.generation, ownerChanged, slotsChanged });
    }
  }
  for (const { uuid, id } of read.consumers.values()) {
    if (!worked.consumers.has(uuid) && id !== null) removedConsumers.push(id);
  }
  return { newConsumers, changedConsumers, removedConsumers };
}

function settleSlots(read: Ledger, worked: Ledger): SlotSettlement {
  const stored = new Map([...read.consumers.values()].flatMap(({ slots }) => slots.map((held) => [held.id, held])));
  const released = new Set(stored.keys());
  const taken: SlotSettlement['taken'][number][] = [];
  const kept: SlotSettlement['kept'][number][] = [];
  for (const { uuid, slots } of worked.consumers.values()) {
    for (const { id, key, slot, limit } of slots) {
      if (id === null) taken.push({ consumerUuid: uuid, key, slot, limit });
      else if (released.delete(id) && stored.get(id)?.limit !== limit) kept.push({ id, limit });
    }
  }
  const pools = settlePools(read.slotPools, worked.slotPools);
  return { pools, released: [...released].flatMap((id) => id ?? []), taken, kept };
}

function sameOwner(before: LedgerConsumer, after: LedgerConsumer): boolean {
  return before.project === after.project && before.user === after.user && before.consumerType === after.consumerType;
}

/** A provider that the operations left otherwise than it was read. */
interface Change {
  readonly before: LedgerProvider;
  readonly after: LedgerProvider;
}

function settleGenerations(changes: readonly Change[]): Pick<Settlement, 'raised' | 'touched' | 'reshaped'> {
  const raised: Settlement['raised'][number][] = [];
  const touched: number[] = [];
  const reshaped: number[] = [];
  for (const { before, after } of changes) {
    const { id, generation } = after;
    const shape = before.traits !== after.traits || before.aggregates !== after.aggregates;
    if (before.generation !== generation) raised.push({ id, from: before.generation, to: generation, shape });
    else (shape ? reshaped : touched).push(id);
  }
  return { raised, touched, reshaped };
}

function settleInventories(changes: readonly Change[]): InventoryPart {
  const used: Settlement['used'][number][] = [];
  const inventories: Settlement['inventories'][number][] = [];
  const removedInventories: Settlement['removedInventories'][number][] = [];
  for (const { before, after } of changes) {
    used.push(...usedDeltas(before, after));
    for (const inventory of after.inventories.values()) {
      if (!sameRule(before.inventories.get(inventory.resourceClassId), inventory)) {
        inventories.push({ ...inventory, providerId: after.id });
      }
    }
    for (const resourceClassId of before.inventories.keys()) {
      if (!after.inventories.has(resourceClassId)) removedInventories.push({ providerId: after.id, resourceClassId });
    }
  }
  return { used, inventories, removedInventories };
}

function settleTraits(changes: readonly Change[]): TraitPart {
  const newTraits: TraitOfProvider[] = [];
  const removedTraits: TraitOfProvider[] = [];
  for (const { before, after } of changes) {
    if (before.traits === after.traits) continue;
    for (const traitId of after.traits ?? []) {
      if (before.traits?.has(traitId) !== true) newTraits.push({ providerId: after.id, traitId });
    }
    for (const traitId of before.traits ?? []) {
      if (after.traits?.has(traitId) !== true) removedTraits.push({ providerId: after.id, traitId });
    }
  }
  return { newTraits, removedTraits };
}

function* usedDeltas(before: LedgerProvider, after: LedgerProvider): Iterable<Settlement['used'][number]> {
  for (const classId of new Set([...before.inventories.keys(), ...after.inventories.keys()])) {
    const delta = (after.inventories.get(classId)?.used ?? 0) - (before.inventories.get(classId)?.used ?? 0);
    if (delta !== 0) yield { providerId: after.id, resourceClassId: classId, delta };
  }
}

function sameRule(before: LedgerInventory | undefined, after: LedgerInventory): boolean {
  return (
    before !== undefined &&
    before.total === after.total &&
    before.reserved === after.reserved &&
    before.minUnit === after.minUnit &&
    before.maxUnit === after.maxUnit &&
    before.stepSize === after.stepSize &&
    before.allocationRatio === after.allocationRatio
  );
}
