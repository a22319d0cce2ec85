import { describe, expect, it } from '@jest/globals';
import { CapacityExceeded } from './allocation.js';
import { GenerationConflict } from './errors.js';
import { applyFirstFit, isLackOfRoom, type Claimant, type ClaimOption } from './first-fit.js';
import { toGeneration } from './generation.js';
import { type Ledger } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { openLedger, settle } from './settlement.js';

/** Providers a, b, … with so many VCPU. */
function ledgerOf(...totals: number[]): Ledger {
  const entries = totals.map((total, at) => ({
    id: at + 1,
    uuid: 'abcdef'.charAt(at),
    generation: toGeneration(7),
    inventories: new Map([
      [
        0,
        {
          ...{ resourceClass: 'VCPU', resourceClassId: 0, total, reserved: 0, minUnit: 1, maxUnit: total, stepSize: 1 },
          ...{ allocationRatio: 1, used: 0 },
        },
      ],
    ]),
  }));
  return {
    consumers: new Map(),
    providers: new Map(entries.map((provider) => [provider.uuid, provider])),
    providerUuids: new Map(entries.map(({ id, uuid }) => [id, uuid])),
    classIds: new Map([['VCPU', 0]]),
    slotPools: new Map(),
    traits: new Map(),
    newcomers: NO_NEWCOMERS,
  };
}

const claimant = (consumerUuid: string, consumerGeneration: number | null = null): Claimant => ({
  ...{ consumerUuid, consumerGeneration, project: 'p', user: 'u', consumerType: 'INSTANCE' },
});
const option = (amounts: Readonly<Record<string, number>>): ClaimOption =>
  Object.entries(amounts).map(([providerUuid, amount]) => ({
    providerUuid,
    resources: [{ resourceClass: 'VCPU', amount }],
  }));
const usedOf = (ledger: Ledger): number[] =>
  [...ledger.providers.values()].map(({ inventories }) => inventories.get(0)?.used ?? 0);
const generationsOf = (ledger: Ledger): number[] => [...ledger.providers.values()].map(({ generation }) => generation);

describe('applyFirstFit', () => {
  it('gives what is wanted where there is room', () => {
    const ledger = ledgerOf(4, 4);
    const options = [option({ a: 2 }), option({ b: 2 })];
    expect(applyFirstFit(ledger, [claimant('x')], options, [1])).toEqual([1]);
    expect(usedOf(ledger)).toEqual([0, 2]);
    expect(ledger.consumers.get('x')?.generation).toBe(1);
  });

  it('gives the first other one that fits where there is none', () => {
    const ledger = ledgerOf(1, 1, 4);
    const options = [option({ a: 2 }), option({ b: 2 }), option({ c: 2 })];
    expect(applyFirstFit(ledger, [claimant('x')], options, [1])).toEqual([2]);
    expect(usedOf(ledger)).toEqual([0, 0, 2]);
  });

  it('takes an option for refused whose provider is gone', () => {
    expect(applyFirstFit(ledgerOf(2), [claimant('x')], [option({ gone: 2 }), option({ a: 2 })], [0])).toEqual([1]);
  });

  it('places several one by one where not all get what they want, and raises each provider once', () => {
    const ledger = ledgerOf(2, 4);
    const options = [option({ a: 2 }), option({ b: 2 })];
    const claimants = ['x', 'y', 'z'].map((uuid) => claimant(uuid));
    expect(applyFirstFit(ledger, claimants, options, [0, 0, 0])).toEqual([0, 1, 1]);
    expect(usedOf(ledger)).toEqual([2, 4]);
    expect(generationsOf(ledger)).toEqual([8, 8]);
  });

  it('leaves the ledger as it was where one gets nothing', () => {
    const read = ledgerOf(2, 3);
    const ledger = openLedger(read);
    const options = [option({ a: 2 }), option({ b: 2 })];
    const claimants = ['x', 'y', 'z'].map((uuid) => claimant(uuid));
    expect(() => applyFirstFit(ledger, claimants, options, [0, 1, 0])).toThrow(CapacityExceeded);
    expect(settle(read, ledger)).toEqual(settle(read, read));
    expect(ledger.consumers.size).toBe(0);
  });

  it('refuses a stale consumer before it looks for room', () => {
    const ledger = ledgerOf(1);
    const claimants = [claimant('x'), claimant('y', 3)];
    expect(() => applyFirstFit(ledger, claimants, [option({ a: 2 })], [0, 0])).toThrow(GenerationConflict);
  });

  it('counts what a claimant gives back', () => {
    const ledger = ledgerOf(4);
    applyFirstFit(ledger, [claimant('x')], [option({ a: 3 })], [0]);
    expect(applyFirstFit(ledger, [claimant('x', 1)], [option({ a: 4 })], [0])).toEqual([0]);
    expect(usedOf(ledger)).toEqual([4]);
  });
});

describe('isLackOfRoom', () => {
  it('is about room alone', () => {
    expect(isLackOfRoom(new CapacityExceeded('VCPU', 'a', 2, 1))).toBe(true);
    expect(isLackOfRoom(new GenerationConflict('stale'))).toBe(false);
    expect(isLackOfRoom(new TypeError('a bug'))).toBe(false);
  });
});
