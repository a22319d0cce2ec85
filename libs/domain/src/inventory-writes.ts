import { ERROR_CODES } from './error-codes.js';
import { GenerationConflict, Invalid, InventoryInUse, NotFound, type ErrorOptions } from './errors.js';
import type { Generation } from './generation.js';
import { checkCapacity, planInventories, type Inventory } from './inventory.js';
import type { Ledger, LedgerInventory, LedgerProvider } from './ledger.js';
import { changeProvider, checkGeneration, findProvider } from './provider-writes.js';
import { REASONS } from './reasons.js';

/** What a version allows of capacity. Source: spec inventories.md §1. */
export interface CapacityOptions {
  readonly allowReservedEqualTotal: boolean;
}

/** The provider that is written to and the generation that the client saw of it. */
export interface Target {
  readonly providerUuid: string;
  readonly claimed: number;
}

/** The text of a claimed generation that is not the stored one. Source: spec errors.md §3. */
const STALE = 'resource provider generation conflict';

/**
 * Adds one record and raises the generation, which it answers; `claimed`: the one that the client saw, if it says. Throws,
 * with the ledger as it was, NotFound, Invalid, or GenerationConflict, also if there is one of that class.
 * Source: spec inventories.md §4.
 */
export function applyNewInventory(
  ledger: Ledger,
  providerUuid: string,
  inventory: Inventory,
  options: CapacityOptions & { readonly claimed?: number | null | undefined },
): Generation {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, options.claimed, STALE);
  const { resourceClass } = inventory;
  const prefix = `Unable to create inventory for resource provider ${providerUuid}: `;
  checkCapacity(inventory, providerUuid, { ...options, prefix });
  const resourceClassId = ledger.classIds.get(resourceClass);
  if (resourceClassId === undefined) {
    throw new Invalid(`${prefix}No such resource class ${resourceClass}.`, noClass(resourceClass));
  }
  if (provider.inventories.has(resourceClassId)) {
    throw new GenerationConflict(
      `Update conflict: Inventory of class ${resourceClass} for resource provider ${providerUuid} already exists.`,
      { resource_provider: providerUuid, resource_class: resourceClass },
      REASONS.inventoryExists,
    );
  }
  return put(ledger, provider, { ...inventory, resourceClassId, used: 0 });
}

/**
 * Gives the provider exactly these records and raises its generation. Answers both, records by class id. Throws, with
 * the ledger as it was, NotFound, GenerationConflict, Invalid, InventoryInUse. Source: spec inventories.md §5.
 */
export function applyInventories(
  ledger: Ledger,
  { providerUuid, claimed }: Target,
  wanted: readonly Inventory[],
  options: CapacityOptions,
): { generation: Generation; inventories: readonly Inventory[] } {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  const prefix = `Unable to update inventory for resource provider ${providerUuid}: `;
  for (const inventory of wanted) checkCapacity(inventory, providerUuid, { ...options, prefix });
  const unknownClass = (name: string): string =>
    `Unknown resource class in inventory for resource provider ${providerUuid}: No such resource class ${name}.`;
  const { result } = planInventories([...provider.inventories.values()], wanted, ledger.classIds, {
    providerUuid,
    inUsePrefix: 'update conflict: ',
    unknownClass,
  });
  const inventories = recordsOf(ledger, provider, wanted, unknownClass);
  return { generation: changeProvider(ledger, provider, { inventories }, 1).generation, inventories: result };
}

/**
 * Replaces one record and raises the generation, which it answers. Throws, with the ledger as it was, NotFound,
 * GenerationConflict, Invalid. Source: spec inventories.md §8.
 */
export function applyInventory(
  ledger: Ledger,
  { providerUuid, claimed }: Target,
  inventory: Inventory,
  options: CapacityOptions,
): Generation {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  const { resourceClass } = inventory;
  const prefix = `Unable to update inventory for resource provider ${providerUuid}: `;
  checkCapacity(inventory, providerUuid, { ...options, prefix });
  const resourceClassId = ledger.classIds.get(resourceClass);
  if (resourceClassId === undefined) {
    throw new NotFound(`No such resource class ${resourceClass}.`, noClass(resourceClass));
  }
  const current = provider.inventories.get(resourceClassId);
  if (current === undefined) {
    throw new Invalid(
      `No inventory record with resource class for resource provider ${providerUuid}: ` +
        `No inventory of class ${resourceClass} found.`,
      noRecord(providerUuid, resourceClass),
    );
  }
  return put(ledger, provider, { ...inventory, resourceClassId, used: current.used });
}

/**
 * Removes all records and raises the generation. Throws, with the ledger as it was, NotFound, GenerationConflict,
 * InventoryInUse.
 * Source: spec inventories.md §6.
 */
export function applyInventoriesRemoval(ledger: Ledger, providerUuid: string, claimed?: number | null): void {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  planInventories([...provider.inventories.values()], [], ledger.classIds, { providerUuid, unknownClass: String });
  changeProvider(ledger, provider, { inventories: new Map() }, 1);
}

/**
 * Removes one record and raises the generation. Throws, with the ledger as it was, NotFound, GenerationConflict, or
 * InventoryInUse with the code of a lost race. Source: spec inventories.md §9.
 */
export function applyInventoryRemoval(
  ledger: Ledger,
  providerUuid: string,
  resourceClass: string,
  claimed?: number | null,
): void {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  const none = `No inventory of class ${resourceClass} found for delete`;
  const resourceClassId = ledger.classIds.get(resourceClass);
  if (resourceClassId === undefined) {
    throw new NotFound(`${none}: No such resource class ${resourceClass}.`, noClass(resourceClass));
  }
  const record = provider.inventories.get(resourceClassId);
  if (record === undefined) throw new NotFound(`${none}: ${none}`, noRecord(providerUuid, resourceClass));
  if (record.used > 0) {
    throw new InventoryInUse(providerUuid, [resourceClass], {
      prefix: `Unable to delete inventory of class ${resourceClass}: `,
      code: ERROR_CODES.concurrentUpdate,
    });
  }
  const inventories = new Map(provider.inventories);
  inventories.delete(resourceClassId);
  changeProvider(ledger, provider, { inventories }, 1);
}

/**
 * The wanted records by class id, with what is used of those that the provider has already. Throws Invalid, worded by
 * `unknownClass`, for a class that doesn't exist.
 */
export function recordsOf(
  ledger: Ledger,
  provider: LedgerProvider,
  wanted: readonly Inventory[],
  unknownClass: (name: string) => string,
): ReadonlyMap<number, LedgerInventory> {
  return new Map(
    wanted.map((inventory) => {
      const resourceClassId = ledger.classIds.get(inventory.resourceClass);
      if (resourceClassId === undefined) {
        throw new Invalid(unknownClass(inventory.resourceClass), noClass(inventory.resourceClass));
      }
      const used = provider.inventories.get(resourceClassId)?.used ?? 0;
      return [resourceClassId, { ...inventory, resourceClassId, used }];
    }),
  );
}

/** Why there is no such class; for whoever words it. */
function noClass(resourceClass: string): ErrorOptions {
  return { reason: REASONS.resourceClassNotFound, facts: { resource_class: resourceClass } };
}

function noRecord(providerUuid: string, resourceClass: string): ErrorOptions {
  return {
    reason: REASONS.inventoryNotFound,
    facts: { resource_provider: providerUuid, resource_class: resourceClass },
  };
}

function put(ledger: Ledger, provider: LedgerProvider, record: LedgerInventory): Generation {
  const inventories = new Map(provider.inventories).set(record.resourceClassId, record);
  return changeProvider(ledger, provider, { inventories }, 1).generation;
}
