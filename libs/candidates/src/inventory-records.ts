import type { InventoryTable } from './inventory-table.js';

/** A table of `providers` providers without any record, with room for `records`. */
export function emptyTable(providers: number, classes: number, records: number): InventoryTable {
  return {
    start: new Int32Array(providers),
    end: new Int32Array(providers),
    resourceClass: new Int32Array(records),
    room: new Int32Array(records),
    total: new Int32Array(records),
    reserved: new Int32Array(records),
    minUnit: new Int32Array(records),
    maxUnit: new Int32Array(records),
    stepSize: new Int32Array(records),
    allocationRatio: new Float64Array(records),
    used: new Float64Array(records),
    length: 0,
    abandoned: 0,
    columns: Array.from({ length: classes }, () => NOBODY),
    blockRoom: Array.from({ length: classes }, () => NOBODY),
  };
}

const NOBODY = new Int32Array(0);

/** Place for so many records at the end of the table. */
export function allot(table: InventoryTable, records: number): number {
  const place = table.length;
  table.length += records;
  if (table.length > table.room.length) lengthen(table, Math.ceil(table.length * 1.125) + records);
  return place;
}

const RECORD_FIELDS = ['resourceClass', 'room', 'total', 'reserved', 'minUnit', 'maxUnit', 'stepSize'] as const;
const REAL_FIELDS = ['allocationRatio', 'used'] as const;

function lengthen(table: InventoryTable, records: number): void {
  for (const field of RECORD_FIELDS) {
    const longer = new Int32Array(records);
    longer.set(table[field]);
    table[field] = longer;
  }
  for (const field of REAL_FIELDS) {
    const longer = new Float64Array(records);
    longer.set(table[field]);
    table[field] = longer;
  }
}

/** Closes the gaps that abandoned records leave. */
export function moveTogether(table: InventoryTable): void {
  const source = Int32Array.from(table.start, (_, index) => index);
  const { columns, blockRoom, ...fields } = copyRecords(table, source, 0);
  Object.assign(table, fields);
}

/** A table for the providers of another numbering, new ones without a record: `source` gives each its old index or −1. */
export function copyRecords(table: InventoryTable, source: Int32Array, classes: number): InventoryTable {
  const live = table.length - table.abandoned;
  const copy = emptyTable(source.length, classes, Math.ceil(live * 1.03125));
  let [from, to] = [0, 0];
  const copyRun = (): void => {
    for (const field of RECORD_FIELDS) copy[field].set(table[field].subarray(from, to), copy.length);
    for (const field of REAL_FIELDS) copy[field].set(table[field].subarray(from, to), copy.length);
    copy.length += to - from;
  };
  source.forEach((old, index) => {
    const start = table.start[old] ?? 0;
    const end = table.end[old] ?? 0;
    // Records that lie behind one another already are copied at one go.
    if (start !== to && end > start) {
      copyRun();
      from = start;
      to = start;
    }
    copy.start[index] = copy.length + to - from;
    if (end > start) to = end;
    copy.end[index] = copy.length + to - from;
  });
  copyRun();
  return copy;
}
