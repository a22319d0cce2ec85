import type { CapacityRule, Generation, Inventory } from '#berth/domain';
import { inventoryText } from '../http/inventory-fields.js';

/** The collection as JSON text. Source: spec inventories.md §2. */
export function inventoriesView(generation: Generation, inventories: readonly Inventory[]): string {
  const records = inventories.map(
    (inventory) => `${JSON.stringify(inventory.resourceClass)}:{${inventoryText(inventory)}}`,
  );
  return `{"resource_provider_generation":${generation},"inventories":{${records.join(',')}}}`;
}

/** One record as JSON text. Source: spec inventories.md §2. */
export function inventoryView(generation: Generation, inventory: CapacityRule): string {
  return `{${inventoryText(inventory)},"resource_provider_generation":${generation}}`;
}
