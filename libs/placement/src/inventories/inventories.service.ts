import { inventoriesAt, providerAt } from '#berth/candidates';
import {
  checkCapacity,
  GenerationConflict,
  Invalid,
  InventoryInUse,
  ERROR_CODES,
  NotFound,
  planInventories,
  ProviderGenerationConflict,
  REASONS,
  type ErrorOptions,
  type Generation,
  type Inventory,
} from '#berth/domain';
import {
  GenerationService,
  InventoryStore,
  noProvider,
  ProviderStore,
  ResourceClassStore,
  Transactions,
  type Bump,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** Inventories of a provider and its generation. */
export interface ProviderInventories {
  readonly generation: Generation;
  readonly inventories: readonly Inventory[];
}

/** What a version allows of capacity. Source: spec inventories.md §1. */
export interface CapacityOptions {
  readonly allowReservedEqualTotal: boolean;
}

@Injectable()
export class InventoriesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
    private readonly inventories: InventoryStore,
    private readonly classes: ResourceClassStore,
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
      throw new NotFound(
        `No inventory of class ${resourceClass} for ${providerUuid}`,
        noRecord(providerUuid, resourceClass),
      );
    }
    return { generation, inventory, changedAtMs };
  }

  /**
   * Adds one record; `claimed`: the generation it takes, where the client says one. Throws NotFound, Invalid,
   * GenerationConflict, also if there is a record. Source: spec inventories.md §4.
   */
  add(
    providerUuid: string,
    inventory: Inventory,
    options: CapacityOptions & { readonly claimed?: number | null | undefined },
  ): Promise<Generation> {
    return this.transactions.run('inventories.add', async (tx) => {
      const prefix = `Unable to create inventory for resource provider ${providerUuid}: `;
      const { id } = await this.providers.getId(tx, providerUuid);
      checkCapacity(inventory, providerUuid, { ...options, prefix });
      const bump = await this.generations.incrementMaybe(tx, id, options.claimed);
      const generation = bumped(bump, providerUuid, options.claimed);
      const resourceClass = await this.classes.find(tx, inventory.resourceClass);
      if (resourceClass === undefined) {
        throw new Invalid(`${prefix}No such resource class ${inventory.resourceClass}.`, noClass(inventory));
      }
      if (!(await this.inventories.insert(tx, id, resourceClass.id, inventory))) {
        throw new GenerationConflict(
          `Update conflict: Inventory of class ${inventory.resourceClass} for resource provider ${providerUuid} already exists.`,
          { resource_provider: providerUuid, resource_class: inventory.resourceClass },
          REASONS.inventoryExists,
        );
      }
      return generation;
    });
  }

  /** Throws NotFound, GenerationConflict, Invalid, InventoryInUse. Source: spec inventories.md §5. */
  replaceAll(
    providerUuid: string,
    claimed: number,
    wanted: readonly Inventory[],
    options: CapacityOptions,
  ): Promise<ProviderInventories> {
    return this.transactions.run('inventories.replaceAll', async (tx) => {
      const { id, generation } = await this.raise(tx, providerUuid, claimed);
      const prefix = `Unable to update inventory for resource provider ${providerUuid}: `;
      for (const inventory of wanted) checkCapacity(inventory, providerUuid, { ...options, prefix });
      const plan = await this.replace(tx, id, providerUuid, wanted, 'update conflict: ');
      return { generation, inventories: plan };
    });
  }

  /** Throws NotFound, GenerationConflict, Invalid. Source: spec inventories.md §8. */
  replaceOne(
    providerUuid: string,
    claimed: number,
    inventory: Inventory,
    options: CapacityOptions,
  ): Promise<Generation> {
    return this.transactions.run('inventories.replaceOne', async (tx) => {
      const { id, generation } = await this.raise(tx, providerUuid, claimed);
      const prefix = `Unable to update inventory for resource provider ${providerUuid}: `;
      checkCapacity(inventory, providerUuid, { ...options, prefix });
      const resourceClass = await this.classes.find(tx, inventory.resourceClass);
      if (resourceClass === undefined) {
        throw new NotFound(`No such resource class ${inventory.resourceClass}.`, noClass(inventory));
      }
      const current = await this.inventories.list(tx, [id]);
      if (!current.some(({ resourceClassId }) => resourceClassId === resourceClass.id)) {
        throw new Invalid(
          `No inventory record with resource class for resource provider ${providerUuid}: ` +
            `No inventory of class ${inventory.resourceClass} found.`,
          noRecord(providerUuid, inventory.resourceClass),
        );
      }
      await this.inventories.upsert(tx, [{ ...inventory, providerId: id, resourceClassId: resourceClass.id }]);
      return generation;
    });
  }

  /** Removes all records. Throws NotFound, GenerationConflict, InventoryInUse. Source: spec inventories.md §6. */
  removeAll(providerUuid: string, claimed?: number | null): Promise<void> {
    return this.transactions.run('inventories.removeAll', async (tx) => {
      const { id } = await this.providers.getId(tx, providerUuid);
      bumped(await this.generations.incrementMaybe(tx, id, claimed), providerUuid, claimed);
      await this.replace(tx, id, providerUuid, [], '');
    });
  }

  /**
   * Removes one record. Throws NotFound, GenerationConflict, or InventoryInUse with the code of a lost race.
   * Source: spec inventories.md §9.
   */
  removeOne(providerUuid: string, resourceClass: string, claimed?: number | null): Promise<void> {
    return this.transactions.run('inventories.removeOne', async (tx) => {
      const { id } = await this.providers.getId(tx, providerUuid);
      bumped(await this.generations.incrementMaybe(tx, id, claimed), providerUuid, claimed);
      const none = `No inventory of class ${resourceClass} found for delete`;
      const known = await this.classes.find(tx, resourceClass);
      if (known === undefined) {
        throw new NotFound(`${none}: No such resource class ${resourceClass}.`, noClass({ resourceClass }));
      }
      const record = (await this.inventories.list(tx, [id])).find(
        ({ resourceClassId }) => resourceClassId === known.id,
      );
      if (record === undefined) throw new NotFound(`${none}: ${none}`, noRecord(providerUuid, resourceClass));
      if (record.used > 0) {
        throw new InventoryInUse(providerUuid, [resourceClass], {
          prefix: `Unable to delete inventory of class ${resourceClass}: `,
          code: ERROR_CODES.concurrentUpdate,
        });
      }
      await this.inventories.remove(tx, [{ providerId: id, resourceClassId: known.id }]);
    });
  }

  /** Guards and raises the provider's generation. Throws NotFound, GenerationConflict. */
  private async raise(tx: Tx, uuid: string, claimed: number): Promise<{ id: number; generation: Generation }> {
    const bump = await this.generations.incrementByUuid(tx, uuid, claimed);
    return { generation: bumped(bump, uuid, claimed), id: bump.id ?? 0 };
  }

  private async replace(
    tx: Tx,
    id: number,
    providerUuid: string,
    wanted: readonly Inventory[],
    inUsePrefix: string,
  ): Promise<readonly Inventory[]> {
    const current = await this.inventories.list(tx, [id]);
    const held = new Map(current.map(({ resourceClass, resourceClassId }) => [resourceClass, resourceClassId]));
    // Most replacements are of the classes that are there already.
    const others = wanted.filter(({ resourceClass }) => !held.has(resourceClass));
    const found = await this.classes.idsByName(
      tx,
      others.map(({ resourceClass }) => resourceClass),
    );
    const classIds = new Map([...held, ...found]);
    const plan = planInventories(current, wanted, classIds, {
      providerUuid,
      inUsePrefix,
      unknownClass: (name) =>
        `Unknown resource class in inventory for resource provider ${providerUuid}: No such resource class ${name}.`,
    });
    await this.inventories.apply(tx, id, plan);
    return plan.result;
  }
}

function bumped(bump: Bump, providerUuid: string, claimed: number | null | undefined): Generation {
  if (bump.status === 'bumped') return bump.generation;
  if (bump.status === 'missing') {
    throw new NotFound(noProvider(providerUuid), {
      reason: REASONS.providerNotFound,
      facts: { resource_provider: providerUuid },
    });
  }
  const message = 'resource provider generation conflict';
  throw new ProviderGenerationConflict(message, providerUuid, bump.found, claimed ?? bump.found);
}

function noClass({ resourceClass }: Pick<Inventory, 'resourceClass'>): ErrorOptions {
  return { reason: REASONS.resourceClassNotFound, facts: { resource_class: resourceClass } };
}

function noRecord(providerUuid: string, resourceClass: string): ErrorOptions {
  return {
    reason: REASONS.inventoryNotFound,
    facts: { resource_provider: providerUuid, resource_class: resourceClass },
  };
}
