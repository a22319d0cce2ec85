import type { InventoryTable } from './inventory-table.js';

/** Why an amount does not fit on a record. */
export type Misfit = 'units' | 'capacity';

/** Says whether the units or what is left refuse an amount that does not fit. Source: spec inventories.md §1. */
export function misfitOf(table: InventoryTable, record: number, amount: number): Misfit {
  const tooSmall = amount < (table.minUnit[record] ?? 0);
  const tooLarge = amount > (table.maxUnit[record] ?? 0);
  return tooSmall || tooLarge || amount % (table.stepSize[record] ?? 1) !== 0 ? 'units' : 'capacity';
}

/** The amount closest to `amount` that fits on the record, the largest below before the smallest above; 0 if none does. */
export function nearestAmount(table: InventoryTable, record: number, amount: number): number {
  const room = table.room[record] ?? -1;
  const step = table.stepSize[record] ?? 1;
  const least = Math.max(1, table.minUnit[record] ?? 1);
  const below = Math.floor(Math.min(amount, room) / step) * step;
  if (below >= least) return below;
  const above = Math.ceil(Math.max(amount, least) / step) * step;
  return above <= room ? above : 0;
}
