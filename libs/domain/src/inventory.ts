import { capacityOf, type CapacityRule } from './capacity.js';
import { Invalid, InventoryInUse } from './errors.js';
import { REASONS } from './reasons.js';

/** One inventory record as wanted or shown: the class by name. */
export interface Inventory extends CapacityRule {
  readonly resourceClass: string;
}

/** One stored inventory record and what live allocations use of it. */
export interface HeldInventory extends Inventory {
  readonly resourceClassId: number;
  readonly used: number;
}

/** What a replacement of inventories writes: every record of `upserts` as a whole, and which classes go. */
export interface InventoryPlan {
  readonly upserts: readonly (CapacityRule & { readonly resourceClassId: number })[];
  readonly removals: readonly number[];
  /** The records afterwards, by class id. */
  readonly result: readonly Inventory[];
}

/**
 * Refuses a record whose capacity is below the bound: 0 where reserved may equal total, else 1.
 * Throws Invalid with `prefix` before the reason. Source: spec inventories.md §1, capacity check.
 */
export function checkCapacity(
  inventory: Inventory,
  providerUuid: string,
  options: { readonly allowReservedEqualTotal: boolean; readonly prefix: string },
): void {
  const capacity = capacityOf(inventory);
  if (options.allowReservedEqualTotal ? capacity >= 0 : capacity > 0) return;
  const relation = options.allowReservedEqualTotal ? 'greater than' : 'greater than or equal to';
  throw new Invalid(
    `${options.prefix}Invalid inventory for '${inventory.resourceClass}' on resource provider '${providerUuid}'. ` +
      `The reserved value is ${relation} total.`,
    {
      reason: REASONS.inventoryInvalid,
      facts: { resource_provider: providerUuid, resource_class: inventory.resourceClass },
    },
  );
}

/**
 * What replacing all inventories of a provider comes to. `classIds` resolves the wanted names. Throws Invalid
 * for an unknown class (`unknownClass` words it) and InventoryInUse, with `inUsePrefix`, when a class that is
 * allocated would go. Source: spec inventories.md §5.
 */
export function planInventories(
  current: readonly HeldInventory[],
  wanted: readonly Inventory[],
  classIds: ReadonlyMap<string, number>,
  context: {
    readonly providerUuid: string;
    readonly unknownClass: (name: string) => string;
    readonly inUsePrefix?: string;
  },
): InventoryPlan {
  const upserts = wanted.map((inventory) => {
    const resourceClassId = classIds.get(inventory.resourceClass);
    if (resourceClassId === undefined) {
      throw new Invalid(context.unknownClass(inventory.resourceClass), {
        reason: REASONS.resourceClassNotFound,
        facts: { resource_class: inventory.resourceClass },
      });
    }
    return { ...inventory, resourceClassId };
  });
  const kept = new Set(upserts.map(({ resourceClassId }) => resourceClassId));
  const removed = current.filter(({ resourceClassId }) => !kept.has(resourceClassId));
  const inUse = removed
    .filter(({ used }) => used > 0)
    .sort((a, b) => a.resourceClassId - b.resourceClassId)
    .map(({ resourceClass }) => resourceClass);
  if (inUse.length > 0) {
    throw new InventoryInUse(context.providerUuid, inUse, { prefix: context.inUsePrefix ?? '' });
  }
  return {
    upserts,
    removals: removed.map(({ resourceClassId }) => resourceClassId),
    result: [...upserts].sort((a, b) => a.resourceClassId - b.resourceClassId),
  };
}
