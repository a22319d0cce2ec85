import type { CapacityRule } from './capacity.js';
import type { Generation } from './generation.js';
import type { Ledger, LedgerConsumer, LedgerInventory, LedgerProvider } from './ledger.js';

/** What has to be written so that the database says what the ledger says. */
export interface Settlement {
  /** Consumers that get a row. */
  readonly newConsumers: readonly LedgerConsumer[];
  /** Consumers whose whole holdings are written anew. */
  readonly changedConsumers: readonly ChangedConsumer[];
  /** Row ids of consumers that go, holdings and all. */
  readonly removedConsumers: readonly string[];
  /** Providers whose generation rises. */
  readonly raised: readonly { readonly id: number; readonly from: Generation; readonly to: Generation }[];
  /** Providers whose rows change while their generation stays. */
  readonly touched: readonly number[];
  readonly used: readonly { readonly providerId: number; readonly resourceClassId: number; readonly delta: number }[];
  readonly inventories: readonly (CapacityRule & { readonly providerId: number; readonly resourceClassId: number })[];
  readonly removedInventories: readonly { readonly providerId: number; readonly resourceClassId: number }[];
}

export interface ChangedConsumer extends LedgerConsumer {
  readonly id: string;
  /** The generation it was read with. */
  readonly seen: Generation;
  /** Whether project, user or type differ from what was read. */
  readonly ownerChanged: boolean;
}

type ConsumerPart = Pick<Settlement, 'newConsumers' | 'changedConsumers' | 'removedConsumers'>;
type ProviderPart = Omit<Settlement, keyof ConsumerPart>;

/** A ledger to work on beside the one that was read. Records are never changed in place, so the maps are enough. */
export function openLedger(read: Ledger): Ledger {
  return { ...read, consumers: new Map(read.consumers), providers: new Map(read.providers) };
}

/** What differs between the ledger as it was read and as the operations left it. */
export function settle(read: Ledger, worked: Ledger): Settlement {
  return { ...settleConsumers(read, worked), ...settleProviders(read, worked) };
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
    else
      changedConsumers.push({ ...consumer, id, seen: before.generation, ownerChanged: !sameOwner(before, consumer) });
  }
  for (const { uuid, id } of read.consumers.values()) {
    if (!worked.consumers.has(uuid) && id !== null) removedConsumers.push(id);
  }
  return { newConsumers, changedConsumers, removedConsumers };
}

function sameOwner(before: LedgerConsumer, after: LedgerConsumer): boolean {
  return before.project === after.project && before.user === after.user && before.consumerType === after.consumerType;
}

function settleProviders(read: Ledger, worked: Ledger): ProviderPart {
  const raised: Settlement['raised'][number][] = [];
  const touched: number[] = [];
  const used: Settlement['used'][number][] = [];
  const inventories: Settlement['inventories'][number][] = [];
  const removedInventories: Settlement['removedInventories'][number][] = [];
  for (const after of worked.providers.values()) {
    const before = read.providers.get(after.uuid);
    if (before === undefined || before === after) continue;
    if (before.generation !== after.generation) {
      raised.push({ id: after.id, from: before.generation, to: after.generation });
    } else touched.push(after.id);
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
  return { raised, touched, used, inventories, removedInventories };
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
