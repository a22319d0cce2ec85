import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { queryPairsOf } from './candidates-query.dto.js';
import { candidatesQueryView } from './candidates-query.view.js';
import { toCandidatesRequest } from './candidates.query.js';

const OPTIONS = { maxCandidates: undefined, randomize: false };
const AGGREGATES = ['5f2c1a4e-9b3d-4c7a-8e21-0123456789ab', '11111111-1111-4111-8111-111111111111'];

const TRAITS = ['A', 'B', 'C'];
const FORBIDDEN = ['X', 'Y'];

const some = (names: readonly string[]) => fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 2 });

/** One group as it may stand in a query, without contradictions. */
const aGroup = fc.record({
  resources: some(['VCPU:1', 'MEMORY_MB:64', 'CUSTOM_A:3']).map((list) => [list.join(',')]),
  required: fc.array(
    fc.oneof(
      some(TRAITS).map((list) => list.join(',')),
      some(TRAITS).map((list) => `in:${list.join(',')}`),
      some(FORBIDDEN).map((list) => list.map((name) => `!${name}`).join(',')),
    ),
    { maxLength: 3 },
  ),
  member_of: fc.array(
    fc.oneof(
      some(AGGREGATES).map((list) => `in:${list.join(',')}`),
      some(AGGREGATES).map((list) => `!in:${list.join(',')}`),
      fc.constantFrom(...AGGREGATES),
    ),
    { maxLength: 2 },
  ),
  in_tree: fc.constantFrom([], [AGGREGATES[0] ?? '']),
});

const aQuery = fc
  .record({
    plain: aGroup,
    one: aGroup,
    two: aGroup,
    policy: fc.constantFrom('none', 'isolate'),
    root: fc.constantFrom([], ['R'], ['R,!S']),
    subtree: fc.constantFrom([], ['_1,2'], ['_1', '2,_1']),
  })
  .map(({ plain, one, two, policy, root, subtree }) => {
    const keyed = (suffix: string, group: object) =>
      Object.entries(group as Record<string, string[]>).map(([key, values]) => [`${key}${suffix}`, values] as const);
    const entries = [...keyed('_1', one), ...keyed('', plain), ...keyed('2', two)];
    return Object.fromEntries(
      [
        ...entries,
        ['group_policy', [policy]] as const,
        ['root_required', root] as const,
        ['same_subtree', subtree] as const,
      ].filter(([, values]) => values.length > 0),
    );
  });

describe('a request shown as a query', () => {
  it('is read as the same request again', () => {
    fc.assert(
      fc.property(aQuery, (query) => {
        const request = toCandidatesRequest(queryPairsOf(query), 39, OPTIONS);
        const shown = candidatesQueryView(request);
        // Which of the required sets comes first, or how often, says nothing.
        const sorted = (value: typeof request) => ({
          ...value,
          groups: value.groups.map((group) => ({
            ...group,
            required: [...new Set(group.required.map(String))].sort(),
          })),
        });
        expect(sorted(toCandidatesRequest(queryPairsOf(shown), 39, OPTIONS))).toEqual(sorted(request));
      }),
    );
  });

  it('has single values as texts and several as lists', () => {
    const query = { resources: 'VCPU:1', required: ['A,!X', 'in:A,B'], same_subtree: '_1', resources_1: 'VCPU:2' };
    expect(candidatesQueryView(toCandidatesRequest(queryPairsOf(query), 39, OPTIONS))).toEqual(query);
  });
});
