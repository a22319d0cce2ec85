import {
  NO_NEWCOMERS,
  toGeneration,
  type Holding,
  type Ledger,
  type LedgerInventory,
  type NewProvider,
  type Settlement,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { AggregateStore } from '../aggregate/aggregate.store.js';
import { AllocationStore } from '../allocation/allocation.store.js';
import { ConsumerStore } from '../consumer/consumer.store.js';
import { GenerationService } from '../generation/generation.service.js';
import { InventoryStore } from '../inventory/inventory.store.js';
import { ProviderStore } from '../provider/provider.store.js';
import { ResourceClassStore } from '../resource-class/resource-class.store.js';
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
  ) {}

  /**
   * Takes the row locks of the consumers (in order of uuid), then of the providers concerned (in order of id), and
   * reads both. What doesn't exist is missing from the ledger. All statements go out in one trip: each sees what was
   * committed when the locks before it were had.
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
    const byConsumer = grouped(holdings, (row) => row.consumer_uuid, toHolding);
    const byProvider = grouped(inventories, (row) => row.resource_provider_id, toInventory);
    const traitIds = grouped(
      held,
      (row) => row.resource_provider_id,
      (row) => row.trait_id,
    );
    const holders = new Set(names.traitHolders);
    return {
      consumers: new Map(consumers.map((one) => [one.uuid, { ...one, holdings: byConsumer.get(one.uuid) ?? [] }])),
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
    await together([
      this.providers.insert(tx, settlement.newProviders),
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
