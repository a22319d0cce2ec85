import { toGeneration, type Holding, type Ledger, type Settlement } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { AllocationStore } from '../allocation/allocation.store.js';
import { ConsumerStore } from '../consumer/consumer.store.js';
import { GenerationService } from '../generation/generation.service.js';
import { InventoryStore, type StoredInventory } from '../inventory/inventory.store.js';
import { ResourceClassStore } from '../resource-class/resource-class.store.js';
import { run, together, type Tx } from '../sql.js';
import * as sql from './ledger.sql.js';

/** The names that a group of operations mentions. */
export interface LedgerNames {
  readonly consumerUuids: Iterable<string>;
  readonly providerUuids: Iterable<string>;
  readonly resourceClasses: Iterable<string>;
}

/** Reads what a group of claims is decided on, and writes what was decided. */
@Injectable()
export class LedgerStore {
  constructor(
    private readonly consumers: ConsumerStore,
    private readonly allocations: AllocationStore,
    private readonly inventories: InventoryStore,
    private readonly classes: ResourceClassStore,
    private readonly generations: GenerationService,
  ) {}

  /**
   * Takes the row locks of the consumers (in order of uuid), then of the providers concerned (in order of id), and
   * reads both. What doesn't exist is missing from the ledger.
   */
  async read(tx: Tx, names: LedgerNames): Promise<Ledger> {
    const [locked, classIds] = await Promise.all([
      this.consumers.lockByUuids(tx, [...new Set(names.consumerUuids)]),
      this.classes.idsByName(tx, names.resourceClasses),
    ]);
    const holdings = await this.allocations.listHoldings(
      tx,
      locked.map(({ id }) => id),
    );
    const held = new Set([...holdings.values()].flat().map(({ providerId }) => providerId));
    const { rows: providers } = await run(tx, sql.lockProviders, [[...new Set(names.providerUuids)], [...held]]);
    const inventories = await this.inventories.list(
      tx,
      providers.map(({ id }) => id),
    );
    const byProvider = new Map<number, Map<number, StoredInventory>>(providers.map(({ id }) => [id, new Map()]));
    for (const record of inventories) byProvider.get(record.providerId)?.set(record.resourceClassId, record);
    return {
      consumers: new Map(
        locked.map((consumer) => [consumer.uuid, { ...consumer, holdings: holdings.get(consumer.id) ?? [] }]),
      ),
      providers: new Map(
        providers.map(({ id, uuid, generation }) => [
          uuid,
          { id, uuid, generation: toGeneration(generation), inventories: byProvider.get(id) ?? new Map() },
        ]),
      ),
      providerUuids: new Map(providers.map(({ id, uuid }) => [id, uuid])),
      classIds,
    };
  }

  /**
   * Writes a settlement. Throws LostRace where the rows are not what was read. The statements are sent in this order
   * without waiting for one another: the first that fails, or finds something else, undoes them all.
   */
  async write(tx: Tx, settlement: Settlement): Promise<void> {
    const { newConsumers, changedConsumers, removedConsumers } = settlement;
    const ids = await this.consumers.insert(tx, newConsumers);
    const ownerChanged = changedConsumers.filter((consumer) => consumer.ownerChanged);
    const steps = changedConsumers.map(({ id, seen, generation }) => ({ id, from: seen, to: generation }));
    await together([
      this.allocations.deleteByConsumers(tx, [...changedConsumers.map(({ id }) => id), ...removedConsumers]),
      this.inventories.upsert(tx, settlement.inventories),
      this.inventories.addUsed(tx, settlement.used),
      this.allocations.insert(tx, [
        ...newConsumers.flatMap(({ uuid, holdings }) => heldBy(ids.get(uuid) ?? '', holdings)),
        ...changedConsumers.flatMap(({ id, holdings }) => heldBy(id, holdings)),
      ]),
      this.inventories.remove(tx, settlement.removedInventories),
      this.consumers.deleteByIds(tx, removedConsumers),
      this.consumers.setOwners(tx, ownerChanged),
      this.generations.advance(tx, 'consumer', steps),
      this.generations.advance(tx, 'provider', settlement.raised),
      this.generations.touch(tx, settlement.touched, false),
    ]);
  }
}

function heldBy(consumerId: string, holdings: readonly Holding[]): (Holding & { consumerId: string })[] {
  return holdings.map((holding) => ({ ...holding, consumerId }));
}
