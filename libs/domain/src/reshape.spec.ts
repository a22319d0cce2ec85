import { describe, expect, it } from '@jest/globals';
import type { AllocationWrite } from './allocation.js';
import { toGeneration } from './generation.js';
import type { Inventory } from './inventory.js';
import { type Ledger, type LedgerInventory } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { applyReshape } from './reshape.js';
import { openLedger, settle } from './settlement.js';

const CLASSES = new Map([
  ['VCPU', 0],
  ['DISK_GB', 2],
]);

function record(resourceClass: string, total: number, used = 0): LedgerInventory {
  const resourceClassId = CLASSES.get(resourceClass) ?? 0;
  return { ...wanted(resourceClass, total), resourceClassId, used };
}

function wanted(resourceClass: string, total: number, reserved = 0): Inventory {
  return { resourceClass, total, reserved, minUnit: 1, maxUnit: total, stepSize: 1, allocationRatio: 1 };
}

function holds(
  consumerUuid: string,
  held: Record<string, Record<string, number>>,
  consumerGeneration: number,
): AllocationWrite {
  return {
    consumerUuid,
    project: 'p',
    user: 'u',
    consumerType: undefined,
    consumerGeneration,
    allocations: Object.entries(held).map(([providerUuid, resources]) => ({
      providerUuid,
      resources: Object.entries(resources).map(([resourceClass, amount]) => ({ resourceClass, amount })),
    })),
  };
}

/** A parent with a VCPU and a disk inventory, both in use by consumer c, and an empty child. */
function world(): Ledger {
  const parent = {
    id: 1,
    uuid: 'parent',
    generation: toGeneration(5),
    inventories: new Map([
      [0, record('VCPU', 4, 2)],
      [2, record('DISK_GB', 100, 10)],
    ]),
  };
  const child = { id: 2, uuid: 'child', generation: toGeneration(0), inventories: new Map<number, LedgerInventory>() };
  return {
    consumers: new Map([
      [
        'c',
        {
          id: '1',
          uuid: 'c',
          project: 'p',
          user: 'u',
          consumerType: null,
          generation: toGeneration(1),
          holdings: [
            { providerId: 1, resourceClassId: 0, amount: 2 },
            { providerId: 1, resourceClassId: 2, amount: 10 },
          ],
          slots: [],
        },
      ],
    ]),
    providers: new Map([
      ['parent', parent],
      ['child', child],
    ]),
    providerUuids: new Map([
      [1, 'parent'],
      [2, 'child'],
    ]),
    classIds: CLASSES,
    traits: new Map(),
    newcomers: NO_NEWCOMERS,
    slotPools: new Map(),
  };
}

const MOVE = {
  inventories: [
    { providerUuid: 'parent', generation: 5, inventories: [wanted('DISK_GB', 100)] },
    { providerUuid: 'child', generation: 0, inventories: [wanted('VCPU', 4)] },
  ],
  writes: [holds('c', { parent: { DISK_GB: 10 }, child: { VCPU: 2 } }, 1)],
};

describe('moving inventory with allocations on it', () => {
  it('raises generations as the arithmetic says, and moves what is used', () => {
    const read = world();
    const ledger = openLedger(read);
    applyReshape(ledger, MOVE);
    expect(ledger.providers.get('parent')?.generation).toBe(8);
    expect(ledger.providers.get('child')?.generation).toBe(3);
    expect(ledger.consumers.get('c')?.generation).toBe(2);
    const settlement = settle(read, ledger);
    expect(settlement.removedInventories).toEqual([{ providerId: 1, resourceClassId: 0 }]);
    expect(settlement.used).toEqual([
      { providerId: 1, resourceClassId: 0, delta: -2 },
      { providerId: 2, resourceClassId: 0, delta: 2 },
    ]);
    expect(settlement.inventories).toMatchObject([{ providerId: 2, resourceClassId: 0, total: 4 }]);
  });

  it('raises an emptied provider twice when a consumer is cleared on it, once when not', () => {
    const ledger = openLedger(world());
    applyReshape(ledger, {
      inventories: [
        { providerUuid: 'parent', generation: 5, inventories: [] },
        { providerUuid: 'child', generation: 0, inventories: [] },
      ],
      writes: [holds('c', {}, 1)],
    });
    expect(ledger.providers.get('parent')?.generation).toBe(7);
    expect(ledger.providers.get('child')?.generation).toBe(1);
    expect(ledger.consumers.size).toBe(0);
  });

  it('has no capacity rule of its own: reserved may exceed total', () => {
    const ledger = openLedger(world());
    applyReshape(ledger, {
      inventories: [{ providerUuid: 'child', generation: 0, inventories: [wanted('VCPU', 1, 5)] }],
      writes: [],
    });
    expect(ledger.providers.get('child')?.generation).toBe(2);
  });

  it.each([
    [
      'an unknown provider',
      { inventories: [{ providerUuid: 'nobody', generation: 0, inventories: [] }], writes: [] },
      'Resource provider nobody in inventories not found: No resource provider with uuid nobody found',
    ],
    [
      'another generation',
      { inventories: [{ providerUuid: 'child', generation: 4, inventories: [] }], writes: [] },
      'resource provider generation conflict for provider child: actual: 0, given: 4',
    ],
    [
      'another consumer generation, before an unknown class',
      {
        inventories: [{ providerUuid: 'child', generation: 0, inventories: [wanted('NOPE', 1)] }],
        writes: [holds('c', {}, 9)],
      },
      'consumer generation conflict - expected 1 but got 9',
    ],
    [
      'an unknown class, before what does not fit',
      {
        inventories: [{ providerUuid: 'child', generation: 0, inventories: [wanted('NOPE', 1)] }],
        writes: [holds('c', { parent: { VCPU: 400 } }, 1)],
      },
      'malformed reshaper data: No such resource class NOPE.',
    ],
    [
      'a class that is still allocated',
      { inventories: [{ providerUuid: 'parent', generation: 5, inventories: [] }], writes: [] },
      "update conflict: Inventory for 'VCPU, DISK_GB' on resource provider 'parent' in use.",
    ],
    [
      'what does not fit the interim inventories',
      { ...MOVE, writes: [holds('c', { child: { VCPU: 5 } }, 1)] },
      'The requested amount would violate inventory constraints.',
    ],
  ])('refuses %s and changes nothing', (_, reshape, message) => {
    const ledger = openLedger(world());
    expect(() => {
      applyReshape(ledger, reshape);
    }).toThrow(message);
    expect(ledger).toEqual(world());
  });
});
