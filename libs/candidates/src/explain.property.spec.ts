import { describe, expect, it } from '@jest/globals';
import { fits, Invalid } from '#berth/domain';
import fc from 'fast-check';
import { drawRequest, drawWorld, RANDOM_TRAITS, type Draw } from '../test-support/random-world.js';
import { referenceStages, type ReferenceStage } from '../test-support/reference-stages.js';
import { toSupply } from '../test-support/world.js';
import { explain } from './explain.js';
import { EXAMPLES, type Explanation, type ProviderCondition, type TreeCondition } from './explanation.js';
import {
  conditionDrops,
  isWellFormed,
  relax,
  rootDrops,
  sizeOf,
  structureDrops,
  type Relaxation,
} from './relaxation.js';
import type { CandidatesRequest } from './request.js';
import { searchCandidates } from './search.js';
import { inventoriesAt } from './snapshot-views.js';
import { buildSnapshot } from './snapshot-builder.js';
import type { Snapshot } from './snapshot.js';

const EMPTY_RESULTS = 500;
/** Above any total times ratio of the random worlds. */
const LARGEST_AMOUNT = 170;

const anInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

const aScenario = fc.gen().map((gen) => {
  const draw: Draw = (min, max) => gen(anInteger, min, max);
  const world = drawWorld(draw);
  return { supply: toSupply(world, RANDOM_TRAITS), request: drawRequest(draw, world) };
});

/** How many candidates there are, or the message of the refusal. */
function outcome(snapshot: Snapshot, request: CandidatesRequest): number | string {
  try {
    return searchCandidates(snapshot, request, Math.random).candidates.length;
  } catch (error) {
    if (error instanceof Invalid) return error.message;
    throw error;
  }
}

/** Every single change there is, another class apart: what the smallest is looked for among. */
function everySingle(request: CandidatesRequest): Relaxation[] {
  const { groups } = request;
  const perClass = groups.flatMap(({ suffix, resources }) =>
    resources.flatMap(({ resourceClass, amount }): Relaxation[] => [
      ...Array.from({ length: LARGEST_AMOUNT }, (_, at) => at + 1)
        .filter((to) => to !== amount)
        .map((to) => ({ kind: 'change_amount', suffix, resourceClass, from: amount, to }) as const),
      ...(resources.length > 1 ? [{ kind: 'remove_class', suffix, resourceClass, amount } as const] : []),
    ]),
  );
  const perGroup = groups.map(({ suffix }) => ({ kind: 'remove_group', suffix }) as const);
  return [
    ...groups.flatMap(conditionDrops),
    ...rootDrops(request),
    ...structureDrops(request),
    ...perClass,
    ...perGroup,
  ];
}

function anybodyHasRoom(snapshot: Snapshot): boolean {
  const amounts = Array.from({ length: LARGEST_AMOUNT }, (_, at) => at + 1);
  return snapshot.layout.providers.some((_, index) =>
    inventoriesAt(snapshot, index).some((record) => amounts.some((amount) => fits(record, record.used, amount))),
  );
}

function describeCondition(condition: ProviderCondition | TreeCondition): string {
  switch (condition.kind) {
    case 'in_tree':
      return `in_tree ${condition.uuid}`;
    case 'resource_class':
    case 'units':
    case 'capacity':
      return `${condition.kind} ${condition.resourceClass}`;
    case 'required':
      return `required ${condition.traits.join()}`;
    case 'member_of':
      return `member_of ${condition.aggregates.join()}`;
    case 'not_member_of':
      return `not_member_of ${condition.aggregate}`;
    case 'forbidden':
    case 'root_required':
    case 'root_forbidden':
      return `${condition.kind} ${condition.trait}`;
    case 'served':
      return `served ${condition.suffix} ${condition.resourceClasses.join()}`;
    case 'required_together':
      return `required_together ${condition.suffix}`;
    case 'same_subtree':
      return `same_subtree ${condition.suffixes.join()}`;
    default:
      return condition.kind;
  }
}

const toReference = (stage: { condition: ProviderCondition | TreeCondition; remaining: number }): ReferenceStage => [
  describeCondition(stage.condition),
  stage.remaining,
];

function checkStages(explanation: Explanation): void {
  const { providers, trees, groups, treeStages } = explanation;
  const check = (
    start: number,
    stages: Explanation['treeStages'] | Explanation['groups'][0]['choices'][0]['stages'],
  ) => {
    let left = start;
    for (const { remaining, removed, examples } of stages) {
      expect(remaining).toBe(left - removed);
      expect(examples).toHaveLength(Math.min(removed, EXAMPLES));
      expect(new Set(examples).size).toBe(examples.length);
      left = remaining;
    }
    return left;
  };
  for (const { stages, remaining } of groups.flatMap(({ choices }) => choices)) {
    expect(remaining).toBe(check(providers, stages));
  }
  expect(check(trees, treeStages) > 0).toBe(explanation.found);
}

describe('an explanation of a random request', () => {
  it('says whether there is a candidate, and counts what a plain count does', () => {
    const seen = { found: 0, empty: 0, refused: 0, combined: 0 };
    fc.assert(
      fc.property(aScenario, ({ supply, request }) => {
        const snapshot = buildSnapshot(supply);
        const expected = outcome(snapshot, request);
        if (typeof expected === 'string') {
          seen.refused++;
          expect(() => explain(snapshot, request)).toThrow(new Invalid(expected));
          return;
        }
        const explanation = explain(snapshot, request);
        expect(explanation.found).toBe(expected > 0);
        if (expected > 0) expect(explanation).toMatchObject({ relaxation: undefined, combination: [], tried: 0 });
        checkStages(explanation);
        const { choices, trees } = referenceStages(supply, request);
        const stages = explanation.groups.flatMap((group) => group.choices.map((choice) => choice.stages));
        expect(stages.map((list) => list.map(toReference))).toEqual(choices);
        const treeStages = explanation.treeStages.filter(({ condition }) => condition.kind !== 'one_provider_per_tree');
        // What one provider per tree leaves of a tree is the search's business: the plain count knows 1.29 and above.
        expect(treeStages.map(toReference)).toEqual(trees);
        seen[expected > 0 ? 'found' : 'empty']++;
        if (treeStages.some(({ condition, removed }) => condition.kind === 'same_subtree' && removed > 0))
          seen.combined++;
      }),
      { numRuns: 900, seed: 20_261_121 },
    );
    expect(seen.found).toBeGreaterThan(300);
    expect(seen.empty).toBeGreaterThan(300);
    expect(seen.refused).toBeGreaterThan(2);
    expect(seen.combined).toBeGreaterThan(10);
  });

  it(`names a change that gives a candidate, the smallest there is, for ${EMPTY_RESULTS} empty results`, () => {
    // Several: the smallest single change was looked for among all of them, and there is none.
    const seen = { empty: 0, single: 0, several: 0, nothing: 0, kinds: new Map<string, number>() };
    const check = (snapshot: Snapshot, request: CandidatesRequest): void => {
      const { relaxation, combination } = explain(snapshot, request);
      const works = (change: Relaxation) => {
        const relaxed = relax(request, change);
        return isWellFormed(relaxed) && Number(outcome(snapshot, relaxed)) > 0;
      };
      const smallest = everySingle(request)
        .filter(works)
        .sort((a, b) => sizeOf(a) - sizeOf(b))[0];
      if (relaxation !== undefined) {
        seen.single++;
        seen.kinds.set(relaxation.kind, (seen.kinds.get(relaxation.kind) ?? 0) + 1);
        expect(combination).toEqual([]);
        expect(works(relaxation)).toBe(true);
        expect(relaxation.kind).toBe(smallest?.kind ?? 'replace_class');
        return;
      }
      expect(smallest).toBeUndefined();
      if (combination.length === 0) {
        seen.nothing++;
        expect(anybodyHasRoom(snapshot)).toBe(false);
        return;
      }
      seen.several++;
      const apply = (changes: readonly Relaxation[]) =>
        changes.reduce((relaxed, change) => relax(relaxed, change), request);
      expect(isWellFormed(apply(combination))).toBe(true);
      expect(outcome(snapshot, apply(combination))).toBeGreaterThan(0);
      for (const change of combination) {
        const relaxed = apply(combination.filter((other) => other !== change));
        expect(isWellFormed(relaxed) && Number(outcome(snapshot, relaxed)) > 0).toBe(false);
      }
    };
    fc.assert(
      fc.property(aScenario, ({ supply, request }) => {
        const snapshot = buildSnapshot(supply);
        if (seen.empty >= EMPTY_RESULTS || outcome(snapshot, request) !== 0) return;
        seen.empty++;
        check(snapshot, request);
      }),
      { numRuns: 3 * EMPTY_RESULTS, seed: 20_261_121, endOnFailure: true },
    );
    expect(seen.empty).toBe(EMPTY_RESULTS);
    expect(seen.single).toBeGreaterThan(EMPTY_RESULTS / 2);
    expect(seen.nothing).toBeLessThan(EMPTY_RESULTS / 100);
    expect(seen.kinds.size).toBeGreaterThan(9);
    if (process.env['BERTH_TEST_FIGURES'] !== undefined) {
      process.stderr.write(`${JSON.stringify({ ...seen, kinds: [...seen.kinds] })}\n`);
    }
  });
});
