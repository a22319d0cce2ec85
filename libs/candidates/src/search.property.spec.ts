import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeResult } from '../test-support/query.js';
import { drawRequest, drawWorld, RANDOM_TRAITS, type Draw } from '../test-support/random-world.js';
import { referenceSearch } from '../test-support/reference-search.js';
import { toSupply } from '../test-support/world.js';
import type { CandidatesRequest } from './request.js';
import { searchCandidates } from './search.js';
import { buildSnapshot } from './snapshot-builder.js';
import { traitsAt } from './snapshot-views.js';

const WORLDS = 2500;
const REQUESTS_PER_WORLD = 3;

/** The message instead of a result where the request is refused. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

// Unbiased: the bias towards small numbers would make every rare condition common and most worlds barren.
const anInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

const aScenario = fc.gen().map((gen) => {
  const draw: Draw = (min, max) => gen(anInteger, min, max);
  const world = drawWorld(draw);
  const requests = Array.from({ length: REQUESTS_PER_WORLD }, () => drawRequest(draw, world));
  return { supply: toSupply(world, RANDOM_TRAITS), requests, seed: draw(0, 1_000_000) };
});

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 0x100000000;
  };
}

describe('the search and the pseudo-code of allocation_candidates.md §9', () => {
  it('agree on random worlds, whole and under limits', () => {
    const seen = { requests: 0, found: 0, refused: 0, shared: 0 };
    fc.assert(
      fc.property(aScenario, ({ supply, requests, seed }) => {
        const snapshot = buildSnapshot(supply);
        const search = (request: CandidatesRequest, random = randomFrom(seed)) =>
          outcome(() => describeResult(snapshot, searchCandidates(snapshot, request, random)));
        for (const request of requests) {
          const expected = outcome(() => referenceSearch(supply, request));
          expect(search(request)).toEqual(expected);
          seen.requests++;
          if (typeof expected === 'string') {
            seen.refused++;
            continue;
          }
          if (expected.candidates.length === 0) continue;
          seen.found++;
          if (snapshot.sharing.sharing.members.length > 0) seen.shared++;
          checkLimited(expected, request, search, seed);
        }
      }),
      { numRuns: WORLDS, seed: 20_261_121 },
    );
    // A generator that mostly asked for the impossible would prove nothing.
    expect(seen.found / seen.requests).toBeGreaterThan(0.35);
    expect(seen.shared / seen.requests).toBeGreaterThan(0.1);
    expect(seen.refused).toBeGreaterThan(20);
    if (process.env['BERTH_TEST_FIGURES'] !== undefined) process.stderr.write(`${JSON.stringify(seen)}\n`);

    function checkLimited(
      expected: { readonly candidates: readonly string[]; readonly summarized: readonly string[] },
      request: CandidatesRequest,
      search: (request: CandidatesRequest) => ReturnType<typeof describeResult> | string,
      seed: number,
    ): void {
      const limit = 1 + (seed % (expected.candidates.length + 2));
      for (const randomize of [false, true]) {
        const limited = search({ ...request, limit, randomize });
        if (typeof limited === 'string') throw new Error(limited);
        expect(new Set(limited.candidates).size).toBe(Math.min(limit, expected.candidates.length));
        expect(expected.candidates).toEqual(expect.arrayContaining([...limited.candidates]));
        expect(limited.summarized).toEqual(expectedSummaries(expected.summarized, limited.candidates));
        expect(search({ ...request, limit: undefined, randomize })).toEqual(expected);
        const bounded = search({ ...request, maxCandidates: limit, randomize });
        if (typeof bounded === 'string') throw new Error(bounded);
        expect(expected.candidates).toEqual(expect.arrayContaining([...bounded.candidates]));
        expect(new Set(bounded.candidates).size).toBe(bounded.candidates.length);
        expect(bounded.candidates.length).toBeLessThanOrEqual(limit);
        if (request.spanTrees) expect(bounded.candidates).toHaveLength(Math.min(limit, expected.candidates.length));
        expect(search({ ...request, maxCandidates: 1_000_000, randomize })).toEqual(expected);
      }
    }

    // Names start with the tree's number: what is summarised without limit, less the trees that nobody returned uses.
    function expectedSummaries(all: readonly string[], candidates: readonly string[]): string[] {
      const used = new Set(candidates.flatMap((text) => (text.split(' | ')[0] ?? '').match(/p\d/g) ?? []));
      return all.filter((name) => used.has(name.slice(0, 2)));
    }
  });

  it('sees a trait list per provider in order of trait id', () => {
    const snapshot = buildSnapshot(toSupply([{ name: 'p', traits: ['CUSTOM_D', 'CUSTOM_A'] }], RANDOM_TRAITS));
    expect(traitsAt(snapshot, 0)).toEqual(['CUSTOM_A', 'CUSTOM_D']);
  });
});
