import { realCapacity, type CapacityRule, type SupplyInventory } from '#berth/domain';
import { lowerBound } from './index-set.js';
import type { TreeLayout } from './tree-layout.js';

/** Roots are summarised in blocks of this many: small enough to be worth skipping, 1,600 of them for 100,000 hosts. */
export const BLOCK_SHIFT = 6;

/**
 * All inventory records: provider p owns the records `start[p]` … `end[p] − 1`, by class. They lie in order of provider, until one
 * gets more classes and moves to the end; what it leaves behind is nobody's.
 *
 * `room` is the most that may still be asked of a record: min(floor(real capacity) − used, max_unit), −1 if nothing. Amounts and usage are
 * integers, so `used + n <= real capacity` and `used + n <= truncated capacity` are both `n <= room`: for n ≥ 1 floor and truncation
 * differ only where capacity is negative, and there neither lets anything through.
 */
export interface InventoryTable {
  start: Int32Array;
  end: Int32Array;
  resourceClass: Int32Array;
  room: Int32Array;
  total: Int32Array;
  reserved: Int32Array;
  minUnit: Int32Array;
  maxUnit: Int32Array;
  stepSize: Int32Array;
  allocationRatio: Float64Array;
  /** Its bound is the real capacity, which may be beyond 2³¹. */
  used: Float64Array;
  /** Records of anybody and of nobody; the arrays may be longer. */
  length: number;
  /** How many of them are nobody's. */
  abandoned: number;
  /** Per class: the providers that have it, ascending. */
  readonly columns: Int32Array[];
  /** Per class: the largest room among the trees of each block of roots, −1 where none; empty while nobody has the class. */
  readonly blockRoom: Int32Array[];
}

/** Room of one record, see `InventoryTable`. */
export function roomOf(inventory: CapacityRule & { readonly used: number }): number {
  const room = Math.min(Math.floor(realCapacity(inventory)) - inventory.used, inventory.maxUnit);
  return room >= 0 ? room : -1;
}

/** Writes one record in its place. */
export function writeRecord(
  table: InventoryTable,
  at: number,
  resourceClass: number,
  inventory: SupplyInventory,
): void {
  table.resourceClass[at] = resourceClass;
  table.room[at] = roomOf(inventory);
  table.total[at] = inventory.total;
  table.reserved[at] = inventory.reserved;
  table.minUnit[at] = inventory.minUnit;
  table.maxUnit[at] = inventory.maxUnit;
  table.stepSize[at] = inventory.stepSize;
  table.allocationRatio[at] = inventory.allocationRatio;
  table.used[at] = inventory.used;
}

const NOBODY = new Int32Array(0);

/** Lists who has which class, from the records. */
export function fillColumns(table: InventoryTable): void {
  const { start, end, resourceClass, columns } = table;
  const sizes = new Int32Array(columns.length);
  for (let index = 0; index < start.length; index++) {
    for (let at = start[index] ?? 0; at < (end[index] ?? 0); at++) {
      const column = resourceClass[at] ?? 0;
      sizes[column] = (sizes[column] ?? 0) + 1;
    }
  }
  sizes.forEach((size, column) => (columns[column] = new Int32Array(size)));
  sizes.fill(0);
  for (let index = 0; index < start.length; index++) {
    for (let at = start[index] ?? 0; at < (end[index] ?? 0); at++) {
      const column = resourceClass[at] ?? 0;
      const place = sizes[column] ?? 0;
      sizes[column] = place + 1;
      const list = columns[column];
      if (list !== undefined) list[place] = index;
    }
  }
}

/** Works out all bounds, from the columns and the records: provider by provider, which reads memory in its order. */
export function fillBlockRoom(table: InventoryTable, layout: TreeLayout): void {
  const blocks = blockCount(layout);
  const { start, end, resourceClass, room, columns, blockRoom } = table;
  columns.forEach(({ length }, at) => (blockRoom[at] = new Int32Array(length === 0 ? 0 : blocks).fill(-1)));
  for (let index = 0; index < start.length; index++) {
    const block = blockOf(layout, index);
    const last = end[index] ?? 0;
    for (let record = start[index] ?? 0; record < last; record++) {
      const bounds = blockRoom[resourceClass[record] ?? -1];
      const here = room[record] ?? -1;
      if (bounds !== undefined && here > (bounds[block] ?? here)) bounds[block] = here;
    }
  }
}

/** Number of blocks of roots. */
export function blockCount(layout: TreeLayout): number {
  return (layout.roots.length >> BLOCK_SHIFT) + 1;
}

/** The block of roots that a provider's tree belongs to. */
export function blockOf(layout: TreeLayout, index: number): number {
  return (layout.rootOrdinal[index] ?? 0) >> BLOCK_SHIFT;
}

/** Works out one bound anew. It stops at the first record that reaches the present bound: nothing may be above it. */
export function lowerBlockRoom(table: InventoryTable, layout: TreeLayout, resourceClass: number, block: number): void {
  const bounds = table.blockRoom[resourceClass];
  const column = table.columns[resourceClass] ?? NOBODY;
  const bound = bounds?.[block];
  if (bounds === undefined || bound === undefined) return;
  const first = layout.roots[block << BLOCK_SHIFT] ?? 0;
  const last = layout.roots[(block + 1) << BLOCK_SHIFT] ?? layout.providers.length;
  let best = -1;
  for (let at = lowerBound(column, first); at < column.length && best < bound; at++) {
    const index = column[at] ?? last;
    if (index >= last) break;
    best = Math.max(best, table.room[recordOf(table, index, resourceClass)] ?? -1);
  }
  bounds[block] = best;
}

/** Record of the class on the provider, or −1. A provider has a handful of classes: a scan beats any index. */
export function recordOf(table: InventoryTable, provider: number, resourceClass: number): number {
  const end = table.end[provider] ?? 0;
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
