import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emptyGroup, parseQuery } from '../test-support/query.js';
import { referenceSearch } from '../test-support/reference-search.js';
import { toSupply, type WorldProvider } from '../test-support/world.js';
import { mayBeFeasible } from './feasibility.js';
import { listOptions } from './options.js';
import { compile } from './plan.js';
import type { CandidatesRequest } from './request.js';
import { buildSnapshot } from './snapshot-builder.js';

interface Case {
  /** FPGAs of each child; every third child lacks the trait that every second group asks for. */
  readonly totals: readonly number[];
  readonly amounts: readonly number[];
  readonly isolate: boolean;
}

function prepare({ totals, amounts, isolate }: Case) {
  const children: WorldProvider[] = totals.map((total, at) => ({
    name: `c${at}`,
    parent: 'r',
    inventory: { FPGA: total },
    traits: at % 3 === 0 ? [] : ['CUSTOM_T'],
  }));
  const request: CandidatesRequest = {
    ...parseQuery('group_policy=none'),
    groups: amounts.map((amount, at) => ({
      ...emptyGroup(`${at + 1}`),
      resources: [{ resourceClass: 'FPGA', amount }],
      required: at % 2 === 0 ? [] : [['CUSTOM_T']],
    })),
    groupPolicy: isolate ? 'isolate' : 'none',
  };
  return { supply: toSupply([{ name: 'r' }, ...children], ['CUSTOM_T']), request };
}

/** What the bounds say about the one tree of the case. */
function judge(one: Case): boolean {
  const { supply, request } = prepare(one);
  const snapshot = buildSnapshot(supply);
  const compiled = compile(snapshot, request);
  if (compiled.status !== 'planned') throw new Error(compiled.status);
  const options = compiled.plan.slots.map((slot) => {
    const list: number[] = [];
    listOptions(snapshot, slot, 0, list);
    return list;
  });
  return mayBeFeasible(snapshot, compiled.plan, options);
}

describe('mayBeFeasible', () => {
  it.each<[string, Case, boolean]>([
    ['4 groups on 3 children, isolate', { totals: [8, 8, 8], amounts: [1, 1, 1, 1], isolate: true }, false],
    ['4 groups on 3 children, none', { totals: [8, 8, 8], amounts: [1, 1, 1, 1], isolate: false }, true],
    ['more than there is', { totals: [2, 2], amounts: [2, 2, 1], isolate: false }, false],
    ['exactly what there is', { totals: [2, 2, 1], amounts: [2, 2, 1], isolate: false }, true],
    ['one place each, one too few', { totals: [5, 5], amounts: [3, 3, 3], isolate: false }, false],
    ['a place that only moving another group frees', { totals: [1, 1, 1], amounts: [1, 1, 1], isolate: true }, true],
  ])('%s', (_name, one, expected) => {
    expect(judge(one)).toBe(expected);
  });

  it('never rules out what the pseudo-code of allocation_candidates.md §9 finds', () => {
    let [found, ruledOut] = [0, 0];
    const aCase = fc.record({
      totals: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 }),
      amounts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
      isolate: fc.boolean(),
    });
    fc.assert(
      fc.property(aCase, (one) => {
        const { supply, request } = prepare(one);
        const exists = referenceSearch(supply, request).candidates.length > 0;
        const feasible = judge(one);
        if (exists) expect(feasible).toBe(true);
        if (exists) found++;
        if (!feasible) ruledOut++;
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
    expect(found).toBeGreaterThan(100);
    expect(ruledOut).toBeGreaterThan(50);
  });
});
