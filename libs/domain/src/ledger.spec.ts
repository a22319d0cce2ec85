import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AllocationWrite } from './allocation.js';
import { realCapacity } from './capacity.js';
import { toGeneration } from './generation.js';
import { applyRemoval, applyWrites, type Ledger, type LedgerInventory } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { openLedger, settle } from './settlement.js';

const CLASSES = new Map([
  ['VCPU', 0],
  ['DISK_GB', 2],
  ['MEMORY_MB', 1],
]);

function inventory(resourceClass: string, rule: Partial<LedgerInventory> = {}): LedgerInventory {
  return {
    resourceClass,
    resourceClassId: CLASSES.get(resourceClass) ?? 0,
    total: 10,
    reserved: 0,
    minUnit: 1,
    maxUnit: 2_147_483_647,
    stepSize: 1,
    allocationRatio: 1,
    used: 0,
    ...rule,
  };
}

function ledgerOf(providers: Record<string, LedgerInventory[]>): Ledger {
  const entries = Object.entries(providers).map(([uuid, inventories], index) => ({
    id: index + 1,
    uuid,
    generation: toGeneration(7),
    inventories: new Map(inventories.map((one) => [one.resourceClassId, one])),
  }));
  return {
    consumers: new Map(),
    providers: new Map(entries.map((provider) => [provider.uuid, provider])),
    providerUuids: new Map(entries.map(({ id, uuid }) => [id, uuid])),
    classIds: CLASSES,
    traits: new Map(),
    newcomers: NO_NEWCOMERS,
    slotPools: new Map(),
  };
}

function write(
  consumerUuid: string,
  held: Record<string, Record<string, number>>,
  rest: Partial<AllocationWrite> = {},
): AllocationWrite {
  return {
    consumerUuid,
    project: 'p',
    user: 'u',
    consumerType: undefined,
    consumerGeneration: undefined,
    allocations: Object.entries(held).map(([providerUuid, resources]) => ({
      providerUuid,
      resources: Object.entries(resources).map(([resourceClass, amount]) => ({ resourceClass, amount })),
    })),
    ...rest,
  };
}

const unknownClass = (name: string): string => `unknown ${name}`;
const claim = (ledger: Ledger, ...writes: AllocationWrite[]): void => {
  applyWrites(ledger, writes, unknownClass);
};
const used = (ledger: Ledger, provider: string, resourceClass: string): number | undefined =>
  ledger.providers.get(provider)?.inventories.get(CLASSES.get(resourceClass) ?? -1)?.used;

const REFUSED = 'Unable to allocate inventory: ';
const LIMITS = `${REFUSED}Unable to create allocation for 'VCPU' on resource provider 'rp'. The requested amount would violate inventory constraints.`;
const TOO_MUCH = (resourceClass: string): string =>
  `${REFUSED}Unable to create allocation for '${resourceClass}' on resource provider 'rp'. The requested amount would exceed the capacity.`;

describe('examples of spec allocations.md §6', () => {
  const rp = [
    inventory('VCPU', { minUnit: 2, maxUnit: 6, stepSize: 2 }),
    inventory('DISK_GB', { total: 100, reserved: 10, allocationRatio: 1.5 }),
  ];
  it.each([
    [{ VCPU: 1 }, LIMITS],
    [{ VCPU: 3 }, LIMITS],
    [{ VCPU: 8 }, LIMITS],
    [{ VCPU: 1e24 }, LIMITS],
    [{ DISK_GB: 136 }, TOO_MUCH('DISK_GB')],
    [{ MEMORY_MB: 1 }, `${REFUSED}Inventory for 'MEMORY_MB' on resource provider 'rp' invalid.`],
    [{ MEMORY_MB: 1, VCPU: 2 }, `${REFUSED}Inventory for 'MEMORY_MB' on resource provider 'rp' invalid.`],
    [{ NOPE: 1 }, 'unknown NOPE'],
  ])('%j is refused', (resources, message) => {
    const ledger = ledgerOf({ rp });
    expect(() => {
      claim(ledger, write('c', { rp: resources as Record<string, number> }));
    }).toThrow(message);
    expect(settle(ledgerOf({ rp }), ledger)).toEqual(settle(ledgerOf({ rp }), ledgerOf({ rp })));
  });

  it.each([[{ DISK_GB: 135 }], [{ VCPU: 6 }], [{ VCPU: 2, DISK_GB: 1 }]])('%j is granted', (resources) => {
    const ledger = ledgerOf({ rp });
    claim(ledger, write('c', { rp: resources as Record<string, number> }));
    expect(ledger.consumers.get('c')?.generation).toBe(1);
    expect(ledger.providers.get('rp')?.generation).toBe(8);
  });

  it('names every provider that has none of the classes, in the order of the request', () => {
    const ledger = ledgerOf({ a: [], b: [inventory('VCPU')], d: [] });
    expect(() => {
      claim(ledger, write('c', { d: { MEMORY_MB: 1 }, b: { VCPU: 1 }, a: { VCPU: 1 } }));
    }).toThrow(`${REFUSED}Inventory for 'MEMORY_MB, VCPU' on resource provider 'd, a' invalid.`);
  });

  it('counts what a cleared consumer held among the classes', () => {
    const ledger = ledgerOf({ a: [inventory('VCPU')], b: [] });
    claim(ledger, write('c', { a: { VCPU: 1 } }));
    expect(() => {
      claim(ledger, write('c', {}), write('e', { a: { MEMORY_MB: 1 } }));
    }).toThrow(`${REFUSED}Inventory for 'MEMORY_MB' on resource provider 'a' invalid.`);
    expect(() => {
      claim(ledger, write('c', {}), write('e', { b: { MEMORY_MB: 1 } }));
    }).toThrow(`${REFUSED}Inventory for 'MEMORY_MB, VCPU' on resource provider 'b' invalid.`);
  });
});

describe('an over-committed provider', () => {
  it('may be kept as it is or relieved, never made worse', () => {
    const ledger = ledgerOf({ rp: [inventory('VCPU')] });
    claim(ledger, write('A', { rp: { VCPU: 5 } }), write('B', { rp: { VCPU: 5 } }));
    const shrunk = ledger.providers.get('rp');
    if (shrunk === undefined) throw new Error('rp is there');
    ledger.providers.set('rp', { ...shrunk, inventories: new Map([[0, inventory('VCPU', { total: 3, used: 10 })]]) });
    claim(ledger, write('B', { rp: { VCPU: 5 } }));
    expect(() => {
      claim(ledger, write('B', { rp: { VCPU: 6 } }));
    }).toThrow(TOO_MUCH('VCPU'));
    claim(ledger, write('B', { rp: { VCPU: 4 } }));
    expect(used(ledger, 'rp', 'VCPU')).toBe(9);
    expect(() => {
      claim(ledger, write('C', { rp: { VCPU: 1 } }));
    }).toThrow(TOO_MUCH('VCPU'));
  });
});

describe('generations', () => {
  it('raises providers that are named, once a request, and not those that merely drop out', () => {
    const ledger = ledgerOf({ a: [inventory('VCPU')], b: [inventory('VCPU')] });
    claim(ledger, write('c', { a: { VCPU: 1 } }), write('d', { a: { VCPU: 1 } }));
    expect(ledger.providers.get('a')?.generation).toBe(8);
    claim(ledger, write('c', { b: { VCPU: 1 } }));
    expect([ledger.providers.get('a')?.generation, ledger.providers.get('b')?.generation]).toEqual([8, 8]);
    expect(ledger.consumers.get('c')?.generation).toBe(2);
  });

  it('raises providers of a consumer that is cleared, and forgets the consumer', () => {
    const ledger = ledgerOf({ a: [inventory('VCPU')] });
    claim(ledger, write('c', { a: { VCPU: 1 } }));
    claim(ledger, write('c', {}, { consumerGeneration: 1 }));
    expect(ledger.providers.get('a')?.generation).toBe(9);
    expect(ledger.consumers.has('c')).toBe(false);
  });

  it('raises no provider when a consumer is removed', () => {
    const ledger = ledgerOf({ a: [inventory('VCPU')] });
    claim(ledger, write('c', { a: { VCPU: 3 } }));
    applyRemoval(ledger, 'c');
    expect(ledger.providers.get('a')?.generation).toBe(8);
    expect(used(ledger, 'a', 'VCPU')).toBe(0);
    expect(() => {
      applyRemoval(ledger, 'c');
    }).toThrow("No allocations for consumer 'c'");
  });

  it.each([
    ['new', null, undefined],
    ['new', 1, 'consumer generation conflict - expected null but got 1'],
    ['stored', 1, undefined],
    ['stored', 0, 'consumer generation conflict - expected 1 but got 0'],
    ['stored', null, 'consumer generation conflict - expected 1 but got None'],
    ['stored', undefined, undefined],
  ])('a %s consumer whose client claims %j: %s', (which, consumerGeneration, message) => {
    const ledger = ledgerOf({ a: [inventory('VCPU')] });
    if (which === 'stored') claim(ledger, write('c', { a: { VCPU: 1 } }));
    const attempt = (): void => {
      claim(ledger, write('c', { a: { VCPU: 1 } }, { consumerGeneration }));
    };
    if (message === undefined) attempt();
    else expect(attempt).toThrow(message);
  });

  it('leaves a stored type alone when the client knows none, and writes it when it does', () => {
    const ledger = ledgerOf({ a: [inventory('VCPU')] });
    claim(ledger, write('c', { a: { VCPU: 1 } }, { consumerType: 'INSTANCE' }));
    claim(ledger, write('c', { a: { VCPU: 1 } }));
    expect(ledger.consumers.get('c')?.consumerType).toBe('INSTANCE');
    claim(ledger, write('c', { a: { VCPU: 1 } }, { consumerType: 'MIGRATION' }));
    expect(ledger.consumers.get('c')?.consumerType).toBe('MIGRATION');
  });
});

describe('any sequence of operations', () => {
  const amounts = fc.dictionary(fc.constantFrom('VCPU', 'DISK_GB'), fc.integer({ min: 1, max: 7 }), { minKeys: 1 });
  const held = fc.dictionary(fc.constantFrom('a', 'b', 'x'), amounts);
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.tuple(fc.constantFrom('c', 'd', 'e'), held), { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom('c', 'd', 'e') },
  );

  it('never exceeds capacity, and keeps used equal to the sum of what is held', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const start = ledgerOf({
          a: [inventory('VCPU'), inventory('DISK_GB', { total: 5, allocationRatio: 1.5 })],
          b: [inventory('VCPU', { total: 4, reserved: 1 })],
        });
        const ledger = openLedger(start);
        for (const one of operations) {
          const before = openLedger(ledger);
          try {
            if (typeof one === 'string') applyRemoval(ledger, one);
            else claim(ledger, ...[...new Map(one)].map(([consumer, what]) => write(consumer, what)));
          } catch {
            expect(ledger).toEqual(before);
          }
        }
        const sums = new Map<string, number>();
        for (const { holdings } of ledger.consumers.values()) {
          for (const { providerId, resourceClassId, amount } of holdings) {
            const key = `${providerId}/${resourceClassId}`;
            sums.set(key, (sums.get(key) ?? 0) + amount);
          }
        }
        for (const provider of ledger.providers.values()) {
          for (const record of provider.inventories.values()) {
            expect(record.used).toBe(sums.get(`${provider.id}/${record.resourceClassId}`) ?? 0);
            expect(record.used).toBeLessThanOrEqual(realCapacity(record));
          }
        }
        const settlement = settle(start, ledger);
        for (const { providerId, resourceClassId, delta } of settlement.used) {
          expect(delta).toBe(sums.get(`${providerId}/${resourceClassId}`) ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
