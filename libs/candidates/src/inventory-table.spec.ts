import { describe, expect, it } from '@jest/globals';
import { capacityOf, fits } from '#berth/domain';
import fc from 'fast-check';
import { toSupply } from '../test-support/world.js';
import { fittingRecord, roomOf } from './inventory-table.js';
import { buildSnapshot } from './snapshot-builder.js';

const anInteger = (min: number, max: number) => fc.oneof(fc.integer({ min, max }), fc.integer({ min, max: min + 20 }));

const aRecord = fc.record({
  total: anInteger(1, 2_147_483_647),
  reserved: anInteger(0, 2_147_483_647),
  used: anInteger(0, 2_147_483_647),
  minUnit: anInteger(1, 2_147_483_647),
  maxUnit: anInteger(1, 2_147_483_647),
  stepSize: anInteger(1, 2_147_483_647),
  allocationRatio: fc.oneof(
    fc.constantFrom(0, 1, 1.5, 16, 0.1, 0.7, 1.1, -1),
    fc.double({ min: -2, max: 3.4e38, noNaN: true }),
    fc.double({ min: 0, max: 20, noNaN: true }),
  ),
});

describe('room of a record', () => {
  it('lets through what the capacity rules of the domain let through', () => {
    fc.assert(
      fc.property(aRecord, anInteger(1, 2_147_483_647), fc.boolean(), (record, drawn, atTheEdge) => {
        const supply = toSupply([{ name: 'p', inventory: { VCPU: record } }]);
        const [inventory] = supply.inventories;
        if (inventory === undefined) throw new Error('the world has one record');
        // Amounts at the edge of the capacity are where rounding would show.
        const amount = atTheEdge ? Math.max(1, capacityOf(record) - record.used + (drawn % 3) - 1) : drawn;
        const { inventory: table } = buildSnapshot(supply);
        expect(fittingRecord(table, 0, 0, amount) >= 0).toBe(fits(record, record.used, amount));
        const summed = record.used + amount <= capacityOf(record) && amount <= record.maxUnit;
        expect(amount <= roomOf(inventory)).toBe(summed);
      }),
      { numRuns: 3000 },
    );
  });
});
