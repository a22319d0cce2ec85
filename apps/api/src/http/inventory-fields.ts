import type { CapacityRule, Inventory } from '#berth/domain';
import type { InventoryRecord } from './schema/inventory-record.dto.js';

/** Used where a record doesn't say (spec inventories.md §1). */
const DEFAULTS = { reserved: 0, minUnit: 1, maxUnit: 2_147_483_647, stepSize: 1, allocationRatio: 1 } as const;

/** A record of a request with its defaults filled in. */
export function toInventory(resourceClass: string, record: InventoryRecord): Inventory {
  return {
    resourceClass,
    total: record.total,
    reserved: record.reserved ?? DEFAULTS.reserved,
    minUnit: record.min_unit ?? DEFAULTS.minUnit,
    maxUnit: record.max_unit ?? DEFAULTS.maxUnit,
    stepSize: record.step_size ?? DEFAULTS.stepSize,
    allocationRatio: record.allocation_ratio ?? DEFAULTS.allocationRatio,
  };
}

/** The records of a request by class, in its order. */
export function toInventories(records: Readonly<Record<string, InventoryRecord>>): Inventory[] {
  return Object.entries(records).map(([resourceClass, record]) => toInventory(resourceClass, record));
}

/** The members of a record as JSON text, without braces. Written by hand because a ratio of 1 is shown as 1.0. */
export function inventoryText(rule: CapacityRule): string {
  return (
    `"total":${rule.total},"reserved":${rule.reserved},"min_unit":${rule.minUnit},"max_unit":${rule.maxUnit},` +
    `"step_size":${rule.stepSize},"allocation_ratio":${floatText(rule.allocationRatio)}`
  );
}

function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : `${value}`;
}
