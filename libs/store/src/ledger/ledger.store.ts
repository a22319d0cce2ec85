import {
  NO_NEWCOMERS,
  toGeneration,
  type Holding,
  type Ledger,
  type LedgerInventory,
  type NewProvider,
  type Settlement,
  type HeldSlot,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { AggregateStore } from '../aggregate/aggregate.store.js';
import { AllocationStore } from '../allocation/allocation.store.js';
import { ConsumerStore, type LockedConsumer } from '../consumer/consumer.store.js';
import { GenerationService } from '../generation/generation.service.js';
import { InventoryStore } from '../inventory/inventory.store.js';
import { ProviderStore } from '../provider/provider.store.js';
import { ResourceClassStore } from '../resource-class/resource-class.store.js';
import { SlotLockStore } from '../slot-lock/slot-lock.store.js';
import { run, together, type Statement, type Tx } from '../sql.js';
import { TraitStore } from '../trait/trait.store.js';
import * as sql from './ledger.sql.js';

/** The names that a group of operations mentions. */
export interface LedgerNames {
  readonly consumerUuids: readonly string[];
  readonly providerUuids: readonly string[];
  readonly resourceClasses: readonly string[];
  readonly traits: readonly string[];
  /** Those of the providers whose traits are asked for. */
  readonly traitHolders: readonly string[];
  readonly newProviders: readonly NewProvider[];
  /** Keys of slot locks, each as often as a slot of it is wanted. */
  readonly slotKeys: readonly string[];
}

/** Reads what a group of writes is decided on, and writes what was decided. */
@Injectable()
export class LedgerStore {
  constructor(
    private readonly consumers: ConsumerStore,
    private readonly allocations: AllocationStore,
    private readonly providers: ProviderStore,
    private readonly inventories: InventoryStore,
    private readonly classes: ResourceClassStore,
    private readonly traits: TraitStore,
    private readonly aggregates: AggregateStore,
    private readonly generations: GenerationService,
    private readonly slots: SlotLockStore,
  ) {}

  /**
   * Takes the row locks of the consumers (in order of uuid), of the providers concerned (in order of id), then of the keys
   * of slots (in order of key), and reads them. What doesn't exist is missing from the ledger. All statements but those of
   * slots go out in one trip: each sees what was committed when the locks before it were had.
   */
  async read(tx: Tx, names: LedgerNames): Promise<Ledger> {
    const consumerUuids = [...new Set(names.consumerUuids)];
    const parents = names.newProviders.flatMap(({ parentUuid }) => parentUuid ?? []);
    const concerned = [[...new Set([...names.providerUuids, ...parents])], consumerUuids];
    const anybody = concerned.some(({ length }) => length > 0);
    const [consumers, holdings, providers, inventories, classIds, traits, held, newcomers, roots] = await together([
      this.consumers.lockByUuids(tx, consumerUuids),
      rows(tx, sql.listHoldings, [consumerUuids], consumerUuids.length > 0),
      rows(tx, sql.lockProviders, concerned, anybody),
      rows(tx, sql.listInventories, concerned, anybody),
      this.classes.idsByName(tx, names.resourceClasses),
      this.traits.findByNames(tx, [...new Set(names.traits)]),
      rows(tx, sql.listTraits, [names.traitHolders], names.traitHolders.length > 0),
      this.readNewcomers(tx, names.newProviders),
      rows(tx, sql.listRoots, [parents], parents.length > 0),
    ]);
    const byConsumer = grouped(holdings, (row) => row.consumer_id, toHolding);
    const byProvider = grouped(inventories, (row) => row.resource_provider_id, toInventory);
    const traitIds = grouped(
      held,
      (row) => row.resource_provider_id,
      (row) => row.trait_id,
    );
    const holders = new Set(names.traitHolders);
    const { slots, slotPools } = await this.readSlots(tx, consumers, names.slotKeys);
    return {
      consumers: new Map(
        consumers.map((one) => [
          one.uuid,
          { ...one, holdings: byConsumer.get(one.id) ?? [], slots: slots.get(one.id) ?? [] },
        ]),
      ),
      providers: new Map(
        providers.map(({ id, uuid, generation }) => [
          uuid,
          {
            id,
            uuid,
            generation: toGeneration(generation),
            inventories: new Map((byProvider.get(id) ?? []).map((record) => [record.resourceClassId, record])),
            ...(holders.has(uuid) && { traits: new Set(traitIds.get(id)) }),
          },
        ]),
      ),
      providerUuids: new Map(providers.map(({ id, uuid }) => [id, uuid])),
      classIds,
      traits: new Map(traits.map((trait) => [trait.name, trait])),
      newcomers: {
        ...newcomers,
        roots: new Map(roots.map(({ parent_uuid, id, uuid }) => [parent_uuid, { id, uuid }])),
      },
      slotPools,
    };
  }

  /**
   * Writes a settlement. Throws LostRace where the rows are not what was read. The statements are sent in this order
   * without waiting for one another: the first that fails, or finds something else, undoes them all. Unique values
   * are taken in one order (consumers, providers, aggregates, each sorted), so nobody waits for them in a circle.
   */
  async write(tx: Tx, settlement: Settlement): Promise<void> {
    const { newConsumers, changedConsumers, removedConsumers } = settlement;
    const ids = await this.consumers.insert(tx, newConsumers);
    const ownerChanged = changedConsumers.filter((consumer) => consumer.ownerChanged);
    const steps = changedConsumers.map(({ id, seen, generation }) => ({ id, from: seen, to: generation }));
    const slotsChanged = changedConsumers.filter((consumer) => consumer.slotsChanged);
    const holds = slotsChanged.map(({ id, slots }) => ({ id, holds: slots.length > 0 }));
    await together([
      this.providers.insert(tx, settlement.newProviders),
      this.writeSlots(tx, settlement, ids),
      this.consumers.setHoldsSlots(tx, holds),
      this.allocations.deleteByConsumers(tx, [...changedConsumers.map(({ id }) => id), ...removedConsumers]),
      this.inventories.upsert(tx, settlement.inventories),
      this.inventories.addUsed(tx, settlement.used),
      this.allocations.insert(tx, [
        ...newConsumers.flatMap(({ uuid, holdings }) => heldBy(ids.get(uuid) ?? '', holdings)),
        ...changedConsumers.flatMap(({ id, holdings }) => heldBy(id, holdings)),
      ]),
      this.inventories.remove(tx, settlement.removedInventories),
      this.traits.give(tx, settlement.newTraits),
      this.traits.take(tx, settlement.removedTraits),
      this.aggregates.replaceAll(tx, settlement.aggregates),
      this.consumers.deleteByIds(tx, removedConsumers),
      this.consumers.setOwners(tx, ownerChanged),
      this.generations.advance(tx, 'consumer', steps),
      this.generations.advance(tx, 'provider', settlement.raised),
      this.generations.touch(tx, settlement.touched, false),
      this.generations.touch(tx, settlement.reshaped, true),
    ]);
  }

  private async readNewcomers(tx: Tx, wanted: readonly NewProvider[]): Promise<Ledger['newcomers']> {
    const values = [wanted.map(({ uuid }) => uuid), wanted.map(({ name }) => name)];
    const [row] = await rows(tx, sql.readNewcomers, values, wanted.length > 0);
    if (row === undefined) return NO_NEWCOMERS;
    const { uuids, names, now_ms } = row;
    return { ...NO_NEWCOMERS, takenUuids: new Set(uuids), takenNames: new Set(names), nowMs: now_ms };
  }

  /** Slots that the consumers hold, and the pools of the keys that are named or held. Nothing is asked where nobody does. */
  private async readSlots(
    tx: Tx,
    consumers: readonly LockedConsumer[],
    wanted: readonly string[],
  ): Promise<{ slots: ReadonlyMap<string, readonly HeldSlot[]>; slotPools: Ledger['slotPools'] }> {
    const holders = consumers.filter(({ holdsSlots }) => holdsSlots).map(({ id }) => id);
    const slots = await this.slots.listByConsumers(tx, holders);
    const heldKeys = [...slots.values()].flat().map(({ key }) => key);
    return { slots, slotPools: await this.slots.lockPools(tx, wanted, heldKeys) };
  }

  private async writeSlots(
    tx: Tx,
    { slots, changedConsumers }: Settlement,
    newIds: ReadonlyMap<string, string>,
  ): Promise<void> {
    if (slots === undefined) return;
    const ids = new Map([...newIds, ...changedConsumers.map(({ uuid, id }) => [uuid, id] as const)]);
    await this.slots.write(tx, slots, ids);
  }
}

/** The rows a statement answers; none where there is nothing to ask. */
async function rows<Row>(tx: Tx, asked: Statement<Row>, values: readonly unknown[], needed: boolean): Promise<Row[]> {
  return needed ? (await run(tx, asked, values)).rows : [];
}

function grouped<Row, Key, Value>(
  all: readonly Row[],
  keyOf: (row: Row) => Key,
  valueOf: (row: Row) => Value,
): ReadonlyMap<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const row of all) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [valueOf(row)]);
    else group.push(valueOf(row));
  }
  return groups;
}

function toHolding(row: sql.HoldingRow): Holding {
  return { providerId: row.resource_provider_id, resourceClassId: row.resource_class_id, amount: row.used };
}

function toInventory(row: sql.InventoryRow): LedgerInventory {
  return {
    resourceClassId: row.resource_class_id,
    resourceClass: row.resource_class,
    total: row.total,
    reserved: row.reserved,
    minUnit: row.min_unit,
    maxUnit: row.max_unit,
    stepSize: row.step_size,
    allocationRatio: row.allocation_ratio,
    used: row.used,
  };
}

function heldBy(consumerId: string, holdings: readonly Holding[]): (Holding & { consumerId: string })[] {
  return holdings.map((holding) => ({ ...holding, consumerId }));
}
