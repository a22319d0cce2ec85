import { inventoriesAt, providerAt } from '#berth/candidates';
import {
  applyInventories,
  applyInventoriesRemoval,
  applyInventory,
  applyInventoryRemoval,
  applyNewInventory,
  noProvider,
  NotFound,
  REASONS,
  type CapacityOptions,
  type Generation,
  type Inventory,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** Inventories of a provider and its generation. */
export interface ProviderInventories {
  readonly generation: Generation;
  readonly inventories: readonly Inventory[];
}

@Injectable()
export class InventoriesService {
  constructor(
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** Throws NotFound. Source: spec inventories.md §3. */
  async list(providerUuid: string): Promise<ProviderInventories & { readonly changedAtMs: number }> {
    const text = `${noProvider(providerUuid)} : ${noProvider(providerUuid)}`;
    const { snapshot, index } = await this.snapshots.find(providerUuid, text);
    const { generation, changedAtMs } = providerAt(snapshot, index);
    return { generation, changedAtMs, inventories: inventoriesAt(snapshot, index) };
  }

  /** Throws NotFound. Source: spec inventories.md §7. */
  async show(
    providerUuid: string,
    resourceClass: string,
  ): Promise<{ generation: Generation; inventory: Inventory; changedAtMs: number }> {
    const { generation, inventories, changedAtMs } = await this.list(providerUuid);
    const inventory = inventories.find((one) => one.resourceClass === resourceClass);
    if (inventory === undefined) {
      throw new NotFound(`No inventory of class ${resourceClass} for ${providerUuid}`, {
        reason: REASONS.inventoryNotFound,
        facts: { resource_provider: providerUuid, resource_class: resourceClass },
      });
    }
    return { generation, inventory, changedAtMs };
  }

  /** Adds one record. Throws as applyNewInventory. Source: spec inventories.md §4. */
  add(
    providerUuid: string,
    inventory: Inventory,
    options: CapacityOptions & { readonly claimed?: number | null | undefined },
  ): Promise<Generation> {
    return this.claims.run({
      providerUuids: [providerUuid],
      resourceClasses: [inventory.resourceClass],
      apply: (ledger) => applyNewInventory(ledger, providerUuid, inventory, options),
    });
  }

  /** Replaces all records. Throws as applyInventories. Source: spec inventories.md §5. */
  replaceAll(
    providerUuid: string,
    claimed: number,
    wanted: readonly Inventory[],
    options: CapacityOptions,
  ): Promise<ProviderInventories> {
    return this.claims.run({
      providerUuids: [providerUuid],
      resourceClasses: wanted.map(({ resourceClass }) => resourceClass),
      apply: (ledger) => applyInventories(ledger, { providerUuid, claimed }, wanted, options),
    });
  }

  /** Replaces one record. Throws as applyInventory. Source: spec inventories.md §8. */
  replaceOne(
    providerUuid: string,
    claimed: number,
    inventory: Inventory,
    options: CapacityOptions,
  ): Promise<Generation> {
    return this.claims.run({
      providerUuids: [providerUuid],
      resourceClasses: [inventory.resourceClass],
      apply: (ledger) => applyInventory(ledger, { providerUuid, claimed }, inventory, options),
    });
  }

  /** Removes all records. Throws as applyInventoriesRemoval. Source: spec inventories.md §6. */
  removeAll(providerUuid: string, claimed?: number | null): Promise<void> {
    return this.claims.run({
      providerUuids: [providerUuid],
      apply: (ledger) => {
        applyInventoriesRemoval(ledger, providerUuid, claimed);
      },
    });
  }

  /** Removes one record. Throws as applyInventoryRemoval. Source: spec inventories.md §9. */
  removeOne(providerUuid: string, resourceClass: string, claimed?: number | null): Promise<void> {
    return this.claims.run({
      providerUuids: [providerUuid],
      resourceClasses: [resourceClass],
      apply: (ledger) => {
        applyInventoryRemoval(ledger, providerUuid, resourceClass, claimed);
      },
    });
  }
}
