import { describe, expect, it } from '@jest/globals';
import { Conflict, GenerationConflict, Invalid, InventoryInUse, NotFound } from './errors.js';
import { toGeneration } from './generation.js';
import { applyInventories, applyInventoriesRemoval, applyInventory, applyNewInventory } from './inventory-writes.js';
import { type Ledger, type LedgerInventory } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { applyAggregates, applyCreation, applyTraits, applyTraitsRemoval } from './provider-writes.js';
import { openLedger, settle } from './settlement.js';

const RULE = { total: 10, reserved: 0, minUnit: 1, maxUnit: 10, stepSize: 1, allocationRatio: 1 };
const OPTIONS = { allowReservedEqualTotal: true };

function record(resourceClass: string, resourceClassId: number, used: number): LedgerInventory {
  return { ...RULE, resourceClass, resourceClassId, used };
}

/** A provider at generation 3 with VCPU (4 used), DISK_GB (unused) and the trait of id 7. */
function world(): Ledger {
  const inventories = new Map([record('VCPU', 0, 4), record('DISK_GB', 2, 0)].map((one) => [one.resourceClassId, one]));
  const rp = { id: 1, uuid: 'rp', generation: toGeneration(3), inventories, traits: new Set([7]) };
  return {
    consumers: new Map(),
    providers: new Map([['rp', rp]]),
    providerUuids: new Map([[1, 'rp']]),
    slotPools: new Map(),
    classIds: new Map([
      ['VCPU', 0],
      ['DISK_GB', 2],
      ['PCPU', 3],
    ]),
    traits: new Map([
      ['CUSTOM_LATE', { id: 9, createdAtMs: 900 }],
      ['CUSTOM_HELD', { id: 7, createdAtMs: 700 }],
    ]),
    newcomers: {
      ...NO_NEWCOMERS,
      takenUuids: new Set(['taken']),
      takenNames: new Set(['Taken']),
      roots: new Map([['rp', { id: 5, uuid: 'root' }]]),
      nowMs: 1_000,
    },
  };
}

const rp = { providerUuid: 'rp', claimed: 3 };
const wanted = (resourceClass: string, total = 10): { resourceClass: string } & typeof RULE => ({
  ...RULE,
  resourceClass,
  total,
});

describe('what a group of writes of providers comes to', () => {
  it('is written once, whatever came between', () => {
    const read = world();
    const ledger = openLedger(read);
    expect(applyInventories(ledger, rp, [wanted('VCPU'), wanted('PCPU', 5)], OPTIONS).generation).toBe(4);
    expect(applyInventory(ledger, { ...rp, claimed: 4 }, wanted('PCPU', 6), OPTIONS)).toBe(5);
    expect(applyNewInventory(ledger, 'rp', wanted('DISK_GB'), OPTIONS)).toBe(6);
    expect(applyTraits(ledger, 'rp', 6, ['CUSTOM_LATE', 'CUSTOM_HELD', 'CUSTOM_LATE'])).toEqual({
      generation: 7,
      traits: ['CUSTOM_HELD', 'CUSTOM_LATE'],
      changedAtMs: 900,
    });
    expect(applyAggregates(ledger, 'rp', ['a'], 7)).toBe(8);
    expect(applyAggregates(ledger, 'rp', ['b'], undefined)).toBe(8);
    expect(settle(read, ledger)).toMatchObject({
      raised: [{ id: 1, from: 3, to: 8, shape: true }],
      touched: [],
      reshaped: [],
      used: [],
      // VCPU stays as it was, and so does DISK_GB, which went and came again.
      inventories: [{ providerId: 1, resourceClassId: 3, total: 6 }],
      removedInventories: [],
      newTraits: [{ providerId: 1, traitId: 9 }],
      removedTraits: [],
      aggregates: [{ providerId: 1, uuids: ['b'] }],
    });
  });

  it('tells a change of shape from one of amounts', () => {
    const read = world();
    const [amounts, shape] = [openLedger(read), openLedger(read)];
    applyNewInventory(amounts, 'rp', wanted('PCPU'), OPTIONS);
    expect(settle(read, amounts).raised).toEqual([{ id: 1, from: 3, to: 4, shape: false }]);
    applyAggregates(shape, 'rp', [], undefined);
    expect(settle(read, shape)).toMatchObject({ raised: [], touched: [], reshaped: [1] });
  });

  it('is nothing where traits are as they were', () => {
    const read = world();
    const ledger = openLedger(read);
    expect(applyTraits(ledger, 'rp', 3, ['CUSTOM_HELD']).generation).toBe(3);
    expect(settle(read, ledger)).toEqual(settle(read, openLedger(read)));
    applyTraitsRemoval(ledger, 'rp');
    applyTraitsRemoval(ledger, 'rp');
    expect(settle(read, ledger)).toMatchObject({
      raised: [{ from: 3, to: 4 }],
      removedTraits: [{ providerId: 1, traitId: 7 }],
    });
  });

  const refusals: readonly (readonly [what: string, write: (ledger: Ledger) => unknown, kind: unknown])[] = [
    ['no provider', (ledger) => applyAggregates(ledger, 'none', [], 3), NotFound],
    [
      'a stale generation',
      (ledger) => applyInventories(ledger, { ...rp, claimed: 2 }, [], OPTIONS),
      GenerationConflict,
    ],
    ['a number no generation can be', (ledger) => applyTraits(ledger, 'rp', 10 ** 12, []), GenerationConflict],
    ['an unknown class', (ledger) => applyInventories(ledger, rp, [wanted('VCPU'), wanted('X')], OPTIONS), Invalid],
    ['a class in use', (ledger) => applyInventories(ledger, rp, [wanted('DISK_GB')], OPTIONS), InventoryInUse],
    ['any class in use', (ledger) => applyInventoriesRemoval(ledger, 'rp'), InventoryInUse],
    [
      'a record that is there',
      (ledger) => applyNewInventory(ledger, 'rp', wanted('VCPU'), OPTIONS),
      GenerationConflict,
    ],
    ['an unknown trait', (ledger) => applyTraits(ledger, 'rp', 3, ['CUSTOM_NONE']), Invalid],
    ['a taken uuid', (ledger) => applyCreation(ledger, { uuid: 'taken', name: 'Taken', parentUuid: null }), Conflict],
    ['a taken name', (ledger) => applyCreation(ledger, { uuid: 'u', name: 'Taken', parentUuid: null }), Conflict],
    ['no parent', (ledger) => applyCreation(ledger, { uuid: 'u', name: 'n', parentUuid: 'none' }), Invalid],
  ];

  it.each(refusals)('leaves no trace of a write that is refused: %s', (_what, write, kind) => {
    const read = world();
    const ledger = openLedger(read);
    expect(() => write(ledger)).toThrow(kind as new () => Error);
    expect(settle(read, ledger)).toEqual(settle(read, openLedger(read)));
  });
});

describe('providers that come up in one group', () => {
  it('get the root of their parent, or are their own', () => {
    const read = world();
    const ledger = openLedger(read);
    const below = applyCreation(ledger, { uuid: 'u', name: 'n', parentUuid: 'rp' });
    expect(below).toEqual({
      uuid: 'u',
      name: 'n',
      parentUuid: 'rp',
      rootUuid: 'root',
      generation: 0,
      changedAtMs: 1_000,
    });
    expect(applyCreation(ledger, { uuid: 'v', name: 'm', parentUuid: null }).rootUuid).toBe('v');
    expect(settle(read, ledger).newProviders).toEqual([
      { uuid: 'u', name: 'n', parent: { id: 1, rootId: 5 } },
      { uuid: 'v', name: 'm', parent: null },
    ]);
  });

  it('cannot have one name or uuid twice: the first of them gets it', () => {
    const ledger = openLedger(world());
    applyCreation(ledger, { uuid: 'u', name: 'n', parentUuid: null });
    expect(() => applyCreation(ledger, { uuid: 'u', name: 'm', parentUuid: null })).toThrow('uuid: u already exists');
    expect(() => applyCreation(ledger, { uuid: 'v', name: 'n', parentUuid: null })).toThrow('name: n already exists');
  });
});
