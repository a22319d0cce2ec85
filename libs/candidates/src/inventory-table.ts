import { realCapacity, type SupplyInventory } from '#berth/domain';
import type { TreeLayout } from './tree-layout.js';

/** Roots are summarised in blocks of this many: small enough to be worth skipping, 1,600 of them for 100,000 hosts. */
export const BLOCK_SHIFT = 6;

/**
 * All inventory records, sorted by (provider, class): provider p owns the records `start[p]` … `start[p + 1] − 1`.
 *
 * `room` is the most that may still be asked of a record: min(floor(real capacity) − used, max_unit), −1 if nothing. Amounts and usage are
 * integers, so `used + n <= real capacity` and `used + n <= truncated capacity` are both `n <= room`: for n ≥ 1 floor and truncation
 * differ only where capacity is negative, and there neither lets anything through.
 */
export interface InventoryTable {
  readonly start: Int32Array;
  readonly resourceClass: Int32Array;
  readonly room: Int32Array;
  readonly minUnit: Int32Array;
  readonly stepSize: Int32Array;
  readonly records: readonly SupplyInventory[];
  /** Per class: the providers that have it, ascending. */
  readonly columns: readonly Int32Array[];
  /** Per class: the largest room among the trees of each block of roots, −1 where none. */
  readonly blockRoom: readonly Int32Array[];
}

/** Room of one record, see `InventoryTable`. */
export function roomOf(inventory: SupplyInventory): number {
  const room = Math.min(Math.floor(realCapacity(inventory)) - inventory.used, inventory.maxUnit);
  return room >= 0 ? room : -1;
}

/** Builds the table; `classIndexById` gives each class its dense index in id order. */
export function tabulateInventories(
  inventories: readonly SupplyInventory[],
  layout: TreeLayout,
  classIndexById: ReadonlyMap<number, number>,
): InventoryTable {
  const count = layout.providers.length;
  const owned = inventories.map((record) => ({
    record,
    provider: known(layout.indexById.get(record.providerId)),
    resourceClass: known(classIndexById.get(record.resourceClassId)),
  }));
  owned.sort((a, b) => a.provider - b.provider || a.resourceClass - b.resourceClass);
  const start = new Int32Array(count + 1);
  for (const { provider } of owned) start[provider + 1] = (start[provider + 1] ?? 0) + 1;
  for (let index = 0; index < count; index++) start[index + 1] = (start[index + 1] ?? 0) + (start[index] ?? 0);
  const columns: number[][] = Array.from({ length: classIndexById.size }, () => []);
  for (const { provider, resourceClass } of owned) columns[resourceClass]?.push(provider);
  const room = Int32Array.from(owned, ({ record }) => roomOf(record));
  const blocks = (layout.roots.length >> BLOCK_SHIFT) + 1;
  const blockRoom = columns.map((column) => new Int32Array(column.length === 0 ? 0 : blocks).fill(-1));
  owned.forEach(({ provider, resourceClass }, at) => {
    const block = (layout.rootOrdinal[provider] ?? 0) >> BLOCK_SHIFT;
    const best = blockRoom[resourceClass];
    if (best !== undefined) best[block] = Math.max(best[block] ?? -1, room[at] ?? -1);
  });
  return {
    start,
    resourceClass: Int32Array.from(owned, (entry) => entry.resourceClass),
    room,
    minUnit: Int32Array.from(owned, ({ record }) => record.minUnit),
    stepSize: Int32Array.from(owned, ({ record }) => record.stepSize),
    records: owned.map(({ record }) => record),
    columns: columns.map((column) => Int32Array.from(column)),
    blockRoom,
  };
}

function known(index: number | undefined): number {
  if (index === undefined) throw new Error('supply: an inventory names an unknown provider or class');
  return index;
}

/** Record of the class on the provider, or −1. A provider has a handful of classes: a scan beats any index. */
export function recordOf(table: InventoryTable, provider: number, resourceClass: number): number {
  const end = table.start[provider + 1] ?? 0;
  for (let record = table.start[provider] ?? 0; record < end; record++) {
    if (table.resourceClass[record] === resourceClass) return record;
  }
  return -1;
}

/** Record on which the amount fits, or −1. Source: spec allocation_candidates.md §4, `fits`. */
export function fittingRecord(table: InventoryTable, provider: number, resourceClass: number, amount: number): number {
  const record = recordOf(table, provider, resourceClass);
  if (record < 0 || amount > (table.room[record] ?? -1) || amount < (table.minUnit[record] ?? 0)) return -1;
  const step = table.stepSize[record] ?? 1;
  return step === 1 || amount % step === 0 ? record : -1;
}
