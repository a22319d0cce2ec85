import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawRequest, drawWorld, RANDOM_TRAITS, type Draw } from '../test-support/random-world.js';
import { toSupply } from '../test-support/world.js';
import { chooseCandidates, type Choice } from './choose.js';
import { fitTogether } from './fit-together.js';
import { Overlay } from './overlay.js';
import type { Preference } from './preference.js';
import type { Candidate } from './request.js';
import { searchCandidates } from './search.js';
import { buildSnapshot } from './snapshot-builder.js';
import type { Snapshot } from './snapshot.js';
import { classNameOf, inventoriesAt } from './snapshot-views.js';

const WORLDS = 600;
const MAX_COUNT = 4;
/** More choices than that take too long to try all of them. */
const MAX_CANDIDATES = 7;

const PREFERENCES: readonly Preference[] = ['first', 'random', 'spread', 'pack', { weights: new Map([['VCPU', -2]]) }];

const anInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

const aScenario = fc.gen().map((gen) => {
  const draw: Draw = (min, max) => gen(anInteger, min, max);
  const world = drawWorld(draw);
  return {
    supply: toSupply(world, RANDOM_TRAITS),
    request: { ...drawRequest(draw, world), spanTrees: true },
    count: draw(1, MAX_COUNT),
    preference: PREFERENCES[draw(0, PREFERENCES.length - 1)] ?? 'first',
    scatter: draw(0, 1) === 0 ? 1 : 5,
    spare: draw(0, 3),
    seed: draw(0, 1_000_000),
  };
});

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 0x100000000;
  };
}

/** Whether all of them, one entry an instance, stay within every capacity: the rule as it is written, added up afresh. */
function fits(snapshot: Snapshot, instances: readonly Candidate[]): boolean {
  const sums = new Map<string, number>();
  for (const { provider, resourceClass, amount } of instances.flatMap(({ allocations }) => allocations)) {
    const key = `${provider} ${resourceClass}`;
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  return [...sums].every(([key, sum]) => {
    const [provider = 0, resourceClass = 0] = key.split(' ').map(Number);
    const name = classNameOf(snapshot, resourceClass);
    const inventory = inventoriesAt(snapshot, provider).find((one) => one.resourceClass === name);
    return inventory !== undefined && inventory.used + sum <= inventory.capacity;
  });
}

/** Tries every multiset of `count` candidates. */
function someFit(
  snapshot: Snapshot,
  candidates: readonly Candidate[],
  count: number,
  taken: Candidate[] = [],
): boolean {
  if (!fits(snapshot, taken)) return false;
  if (taken.length === count) return true;
  return candidates.some((candidate, at) => someFit(snapshot, candidates.slice(at), count, [...taken, candidate]));
}

function instancesOf(choice: Extract<Choice, { status: 'chosen' }>): Candidate[] {
  return choice.chosen.map((at) => {
    const candidate = choice.candidates[at];
    if (candidate === undefined) throw new Error('chosen, but not there');
    return candidate;
  });
}

describe('what is chosen for several at once', () => {
  it('fits together wherever anything does, whatever is preferred', () => {
    const seen = { chosen: 0, several: 0, none: 0 };
    fc.assert(
      fc.property(aScenario, ({ supply, request, count, preference, scatter, spare, seed }) => {
        const snapshot = buildSnapshot(supply);
        const wish = { request, count, preference, scatter, spare };
        let all: readonly Candidate[];
        try {
          all = searchCandidates(snapshot, request, Math.random).candidates;
        } catch {
          expect(() => chooseCandidates(snapshot, wish, randomFrom(seed))).toThrow();
          return;
        }
        const choice = chooseCandidates(snapshot, wish, randomFrom(seed));
        if (choice.status === 'chosen') {
          const instances = instancesOf(choice);
          expect(instances).toHaveLength(count);
          expect(fits(snapshot, instances)).toBe(true);
          const known = all.map((candidate) => JSON.stringify(candidate));
          for (const candidate of choice.candidates) expect(known).toContain(JSON.stringify(candidate));
          seen.chosen++;
          if (count > 1) seen.several++;
          return;
        }
        if (all.length <= MAX_CANDIDATES) {
          expect(choice.proven).toBe(true);
          expect(someFit(snapshot, all, count)).toBe(false);
          expect(someFit(snapshot, all, choice.most)).toBe(true);
          seen.none++;
        }
      }),
      { numRuns: WORLDS, endOnFailure: true },
    );
    expect(seen.several).toBeGreaterThan(WORLDS / 50);
    expect(seen.none).toBeGreaterThan(WORLDS / 50);
  }, 60_000);
});

describe('fitTogether', () => {
  /** Three ways to serve the request in one tree, of which the first takes what the two others need. */
  const snapshot = buildSnapshot(
    toSupply([
      { name: 'root' },
      ...['a', 'b', 'c', 'd'].map((name) => ({ name, parent: 'root', inventory: { VCPU: 1 } })),
    ]),
  );
  const pair = (...providers: number[]): Candidate => ({
    allocations: providers.map((provider) => ({ provider, resourceClass: 0, amount: 1 })),
    mappings: [],
  });

  it('takes back what was a bad choice', () => {
    const [a, b, c, d] = [1, 2, 3, 4];
    const candidates = [pair(a, c), pair(a, b), pair(c, d)];
    expect(fitTogether(new Overlay(snapshot), candidates, 2)).toEqual({ status: 'fits', chosen: [1, 2] });
    expect(fitTogether(new Overlay(snapshot), candidates, 3)).toEqual({ status: 'does_not_fit', proven: true });
  });

  it('leaves the overlay as it was', () => {
    const overlay = new Overlay(snapshot);
    fitTogether(overlay, [pair(1, 2)], 1);
    expect(overlay.roomFor(pair(1, 2), 5)).toBe(1);
  });
});

describe('fitTogether where no choice is large enough', () => {
  it('gives up after a bounded number of looks, and does not call it proven', () => {
    // Of three units any two, nine times over: there are 27 units, but no more than nine pairs.
    const names = Array.from({ length: 27 }, (_, at) => `vf${at}`);
    const snapshot = buildSnapshot(
      toSupply([{ name: 'root' }, ...names.map((name) => ({ name, parent: 'root', inventory: { VCPU: 1 } }))]),
    );
    const candidates = names.map((_, at) => ({
      allocations: [at, at % 3 === 2 ? at - 2 : at + 1].map((vf) => ({
        provider: vf + 1,
        resourceClass: 0,
        amount: 1,
      })),
      mappings: [],
    }));
    const nine = fitTogether(new Overlay(snapshot), candidates, 9);
    expect(nine.status === 'fits' ? nine.chosen : []).toHaveLength(9);
    expect(fitTogether(new Overlay(snapshot), candidates, 13)).toEqual({ status: 'does_not_fit', proven: false });
    expect(fitTogether(new Overlay(snapshot), candidates, 14)).toEqual({ status: 'does_not_fit', proven: true });
  });
});
