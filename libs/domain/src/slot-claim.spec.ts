import { describe, expect, it } from '@jest/globals';
import type { AllocationWrite } from './allocation.js';
import { toGeneration } from './generation.js';
import { applyRemoval, applyWrites, type Ledger, type LedgerInventory } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { openLedger, settle } from './settlement.js';
import { SlotTaken, type HeldSlot, type SlotPool, type WantedSlot } from './slot-lock.js';

const VCPU: LedgerInventory = {
  ...{ resourceClass: 'VCPU', resourceClassId: 0, total: 4, reserved: 0, minUnit: 1, maxUnit: 9, stepSize: 1 },
  ...{ allocationRatio: 1, used: 0 },
};

/** One provider with four units, and consumers that hold these slots beside nothing else. */
function ledgerOf(pools: readonly SlotPool[], holders: Readonly<Record<string, HeldSlot[]>> = {}): Ledger {
  const owner = { project: 'p', user: 'u', consumerType: null, generation: toGeneration(1), holdings: [] };
  return {
    consumers: new Map(
      Object.entries(holders).map(([uuid, slots]) => [uuid, { ...owner, id: `id ${uuid}`, uuid, slots }]),
    ),
    providers: new Map([['rp', { id: 1, uuid: 'rp', generation: toGeneration(0), inventories: new Map([[0, VCPU]]) }]]),
    providerUuids: new Map([[1, 'rp']]),
    classIds: new Map([['VCPU', 0]]),
    traits: new Map(),
    newcomers: NO_NEWCOMERS,
    slotPools: new Map(pools.map((pool) => [pool.key, pool])),
  };
}

const pool = (key: string, rest: Partial<SlotPool> = {}): SlotPool => ({
  ...{ key, high: 0, held: 0, free: [], expired: [] },
  ...rest,
});
const held = (key: string, slot: number, limit = 1): HeldSlot => ({
  id: `${key}${slot}`,
  key,
  slot,
  limit,
  sinceMs: 7,
});

function write(consumerUuid: string, slotLocks: readonly WantedSlot[], amount = 1): AllocationWrite {
  return {
    ...{ consumerUuid, project: 'p', user: 'u', consumerType: undefined, consumerGeneration: undefined, slotLocks },
    allocations: amount === 0 ? [] : [{ providerUuid: 'rp', resources: [{ resourceClass: 'VCPU', amount }] }],
  };
}

const claim = (ledger: Ledger, ...writes: AllocationWrite[]): void => {
  applyWrites(ledger, writes, (name) => name);
};

const K = { key: 'k', limit: 1 };

describe('operations of one group', () => {
  it('see what those before them took and gave back, and are told who that was', () => {
    const read = ledgerOf([pool('k')]);
    const worked = openLedger(read);
    claim(worked, write('a', [K]));
    const refused = catching(() => claim(worked, write('b', [K])));
    expect(refused.taken).toEqual([{ ...K, held: 1, holders: [{ consumer: 'a', slot: 0, sinceMs: null }] }]);
    applyRemoval(worked, 'a');
    claim(worked, write('c', [K]));
    expect(settle(read, worked).slots).toMatchObject({
      taken: [{ consumerUuid: 'c', key: 'k', slot: 0, limit: 1 }],
      released: [],
      pools: { pools: [{ key: 'k', high: 1, held: 1 }], freed: [], used: [], removed: [] },
    });
  });

  it('leave no trace of slots when they are refused for another reason', () => {
    const read = ledgerOf([pool('k', { high: 1, held: 1 })], { a: [held('k', 0)] });
    const worked = openLedger(read);
    expect(() => claim(worked, write('a', [], 5))).toThrow('exceed the capacity');
    expect(() => claim(worked, write('b', [{ key: 'other', limit: 1 }]), write('c', [K]))).toThrow(SlotTaken);
    expect(settle(read, worked).slots).toEqual({
      ...{ taken: [], released: [], kept: [] },
      pools: { expired: [], freed: [], used: [], pools: [], cut: [], removed: [] },
    });
    expect(worked.providers.get('rp')?.inventories.get(0)?.used).toBe(0);
  });

  it('take in one write what another consumer of it gives up', () => {
    const read = ledgerOf([pool('k', { high: 1, held: 1 })], { a: [held('k', 0)] });
    const worked = openLedger(read);
    claim(worked, write('b', [K]), write('a', [], 0));
    const { slots, removedConsumers } = settle(read, worked);
    expect(removedConsumers).toEqual(['id a']);
    expect(slots).toMatchObject({ released: ['k0'], taken: [{ consumerUuid: 'b', slot: 0 }] });
  });
});

describe('what is written', () => {
  it('says whether consumers hold slots where that changes, and keeps what was only given another limit', () => {
    const read = ledgerOf([pool('k', { high: 2, held: 2 }), pool('l')], { a: [held('k', 0)], b: [held('k', 1, 3)] });
    const worked = openLedger(read);
    claim(worked, write('a', []));
    claim(worked, write('b', [{ key: 'k', limit: 2 }]));
    const { slots, changedConsumers } = settle(read, worked);
    expect(changedConsumers.map(({ uuid, slotsChanged }) => [uuid, slotsChanged])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(slots).toMatchObject({
      released: ['k0'],
      kept: [{ id: 'k1', limit: 2 }],
      pools: { freed: [{ key: 'k', slot: 0 }], pools: [{ key: 'k', high: 2, held: 1 }], removed: ['l'] },
    });
  });

  it('is nothing where nobody names or holds a slot', () => {
    const read = ledgerOf([]);
    const worked = openLedger(read);
    claim(worked, write('a', []));
    expect(settle(read, worked).slots).toBeUndefined();
  });

  it('is nothing of slots without allocations: they are refused', () => {
    expect(() => claim(ledgerOf([pool('k')]), write('a', [K], 0))).toThrow(
      'a consumer without allocations holds no slots',
    );
  });
});

function catching(work: () => void): SlotTaken {
  try {
    work();
  } catch (error) {
    if (error instanceof SlotTaken) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
