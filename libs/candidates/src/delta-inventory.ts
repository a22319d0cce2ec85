import type { SupplyInventory } from '#berth/domain';
import { lengthened } from './growing.js';
import { EMPTY_SET, editMembers, renumberMembers, type SetEdit, type Shifts } from './index-set.js';
import { allot, moveTogether } from './inventory-records.js';
import {
  blockCount,
  blockOf,
  fillBlockRoom,
  lowerBlockRoom,
  recordOf,
  writeRecord,
  type InventoryTable,
} from './inventory-table.js';
import { editOf } from './labels.js';
import type { Snapshot } from './snapshot.js';
import type { TreeLayout } from './tree-layout.js';

/** What the records of a delta leave to be done once, at the end. */
export interface InventoryEdits {
  /** By class: who got it and who lost it. */
  readonly columns: Map<number, SetEdit>;
  /** Bounds that may have come down, as `class · blocks + block`. */
  readonly lowered: Set<number>;
}

/** Gives a provider these records, whole. Throws if a class is unknown. The columns and lowered bounds follow with `commitInventories`. */
export function writeInventories(
  snapshot: Snapshot,
  index: number,
  inventories: readonly SupplyInventory[],
  edits: InventoryEdits,
): void {
  const { inventory: table, layout, classIndexById } = snapshot;
  const from = table.start[index] ?? 0;
  const size = (table.end[index] ?? 0) - from;
  let sameClasses = inventories.length === size;
  for (let at = 0; at < inventories.length && sameClasses; at++) {
    sameClasses = recordOf(table, index, classIndexById.get(inventories[at]?.resourceClassId ?? -1)) >= 0;
  }
  if (!sameClasses) return replaceRecords(snapshot, index, inventories, edits);
  for (const inventory of inventories) {
    const resourceClass = classIndexById.get(inventory.resourceClassId);
    const at = recordOf(table, index, resourceClass);
    const before = table.room[at] ?? -1;
    writeRecord(table, at, resourceClass, inventory);
    noteRoom(table, layout, edits, { resourceClass, index, before, after: table.room[at] ?? -1 });
  }
}

function replaceRecords(
  snapshot: Snapshot,
  index: number,
  inventories: readonly SupplyInventory[],
  edits: InventoryEdits,
): void {
  const { inventory: table, layout, classIndexById } = snapshot;
  const wanted = inventories.map((inventory) => ({
    inventory,
    resourceClass: classIndexById.get(inventory.resourceClassId),
  }));
  wanted.sort((a, b) => a.resourceClass - b.resourceClass);
  if ((wanted[0]?.resourceClass ?? 0) < 0) throw new Error('supply: an inventory names an unknown provider or class');
  const from = table.start[index] ?? 0;
  const size = (table.end[index] ?? 0) - from;
  const rooms = new Map<number, number>();
  for (let at = from; at < from + size; at++) rooms.set(table.resourceClass[at] ?? -1, table.room[at] ?? -1);
  // Never where the old ones are: a resting snapshot may still show them.
  const place = allot(table, wanted.length);
  table.abandoned += size;
  table.start[index] = place;
  table.end[index] = place + wanted.length;
  wanted.forEach(({ inventory, resourceClass }, offset) => {
    writeRecord(table, place + offset, resourceClass, inventory);
    const before = rooms.get(resourceClass);
    if (before === undefined) editOf(edits.columns, resourceClass).added.push(index);
    rooms.delete(resourceClass);
    noteRoom(table, layout, edits, {
      resourceClass,
      index,
      before: before ?? -1,
      after: table.room[place + offset] ?? -1,
    });
  });
  for (const [resourceClass, before] of rooms) {
    // Records of a class that is gone have lost their column already.
    if (resourceClass < 0) continue;
    editOf(edits.columns, resourceClass).removed.push(index);
    noteRoom(table, layout, edits, { resourceClass, index, before, after: -1 });
  }
}

/** Keeps the bound of a block at or above every room in it. */
function noteRoom(
  table: InventoryTable,
  layout: TreeLayout,
  edits: InventoryEdits,
  change: { readonly resourceClass: number; readonly index: number; readonly before: number; readonly after: number },
): void {
  const { resourceClass, before, after } = change;
  const block = blockOf(layout, change.index);
  let bounds = table.blockRoom[resourceClass];
  if (bounds === undefined || bounds.length === 0) {
    bounds = new Int32Array(blockCount(layout)).fill(-1);
    table.blockRoom[resourceClass] = bounds;
  }
  const bound = bounds[block] ?? -1;
  if (after > bound) bounds[block] = after;
  else if (after < before && before === bound) edits.lowered.add(resourceClass * blockCount(layout) + block);
}

/** Finishes what `writeInventories` left. */
export function commitInventories(snapshot: Snapshot, { columns, lowered }: InventoryEdits): void {
  const { inventory: table, layout } = snapshot;
  for (const [resourceClass, edit] of columns) {
    const column = table.columns[resourceClass];
    if (column !== undefined) table.columns[resourceClass] = editMembers(column, edit);
  }
  const blocks = blockCount(layout);
  for (const key of lowered) lowerBlockRoom(table, layout, Math.floor(key / blocks), key % blocks);
  if (table.abandoned > (table.length >> 2) + ABANDONED_AIR) moveTogether(table);
}

/** Nobody's records that are never worth a copy of the table. */
const ABANDONED_AIR = 1024;

/**
 * The table in another numbering of providers and classes (`classAt`: new index of each), with room for `providers`. Records name no
 * provider, so both tables have the same ones, and what is written from now on shows in both: an index still means the same in each.
 */
export function renumberInventories(
  table: InventoryTable,
  layout: TreeLayout,
  { moved, shifts }: { readonly moved: Int32Array; readonly shifts: Shifts },
  classAt: { readonly moved: Int32Array; readonly count: number },
): InventoryTable {
  const start = new Int32Array(layout.providers.length);
  const end = new Int32Array(layout.providers.length);
  for (const { from, to, shift } of shifts.runs) {
    start.set(table.start.subarray(from, to), from + shift);
    end.set(table.end.subarray(from, to), from + shift);
  }
  let { abandoned } = table;
  moved.forEach((now, old) => {
    if (now < 0) abandoned += (table.end[old] ?? 0) - (table.start[old] ?? 0);
  });
  const columns = Array.from({ length: classAt.count }, () => EMPTY_SET.members);
  let sameClasses = classAt.count === table.columns.length;
  classAt.moved.forEach((now, old) => {
    sameClasses &&= now === old;
    if (now >= 0) columns[now] = renumberMembers(table.columns[old] ?? EMPTY_SET.members, shifts);
  });
  const resourceClass = sameClasses
    ? table.resourceClass
    : table.resourceClass.map((old, at) => (at < table.length ? (classAt.moved[old] ?? -1) : 0));
  const renumbered = { ...table, start, end, abandoned, columns, resourceClass, blockRoom: [] };
  fillBlockRoom(renumbered, layout);
  return renumbered;
}

/** Makes place for the providers that the layout has got at its end. */
export function admitProviders(table: InventoryTable, layout: TreeLayout): void {
  const count = layout.providers.length;
  table.start = lengthened(table.start, count);
  table.end = lengthened(table.end, count);
  const blocks = blockCount(layout);
  table.blockRoom.forEach((bounds, resourceClass) => {
    if (bounds.length === 0 || bounds.length >= blocks) return;
    table.blockRoom[resourceClass] = lengthened(bounds, blocks).fill(-1, bounds.length);
  });
}
