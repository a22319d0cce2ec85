import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeResult, emptyGroup, parseQuery } from '../test-support/query.js';
import { referenceSearch } from '../test-support/reference-search.js';
import { toSupply, type WorldProvider } from '../test-support/world.js';
import type { CandidatesRequest, RequestGroup } from './request.js';
import { searchCandidates } from './search.js';
import { buildSnapshot } from './snapshot-builder.js';

/** Far above what a case takes (milliseconds) and far below what the bare product would. */
const PATIENCE_MS = 5_000;

function wide(...totals: number[]): WorldProvider[] {
  return [{ name: 'r' }, ...totals.map((total, at) => ({ name: `c${at}`, parent: 'r', inventory: { FPGA: total } }))];
}

const even = (children: number, total: number) => wide(...new Array<number>(children).fill(total));

function devices(...amounts: number[]): RequestGroup[] {
  return amounts.map((amount, at) => ({ ...emptyGroup(`${at + 1}`), resources: [{ resourceClass: 'FPGA', amount }] }));
}

const ones = (count: number) => devices(...new Array<number>(count).fill(1));

function search(world: readonly WorldProvider[], groups: readonly RequestGroup[], changes: Partial<CandidatesRequest>) {
  const snapshot = buildSnapshot(toSupply(world));
  const request = { ...parseQuery('group_policy=none'), groups, ...changes };
  return describeResult(snapshot, searchCandidates(snapshot, request, Math.random)).candidates;
}

describe('wide trees', () => {
  it.each<[string, WorldProvider[], RequestGroup[], Partial<CandidatesRequest>, number]>([
    ['8 groups on 8 children, none', even(8, 8), ones(8), { limit: 1000 }, 1000],
    ['8 on 8, isolate', even(8, 8), ones(8), { limit: 1000, groupPolicy: 'isolate' }, 1000],
    ['16 on 16, none', even(16, 8), ones(16), { limit: 100 }, 100],
    ['16 on 16, isolate', even(16, 8), ones(16), { limit: 100, groupPolicy: 'isolate' }, 100],
    ['16 on 16 where only permutations fit', even(16, 1), ones(16), { limit: 100 }, 100],
    ['6 on 6 where only permutations fit, all of them', even(6, 1), ones(6), {}, 720],
    ['9 on 8, isolate', even(8, 8), ones(9), { groupPolicy: 'isolate' }, 0],
    ['17 on 16 of one', even(16, 1), ones(17), {}, 0],
    ['enough in all, impossible to pack', even(8, 10), devices(...new Array<number>(16).fill(4), 3, 3, 3, 3, 3), {}, 0],
    [
      'unequal, impossible to pack',
      wide(8, 9, 10, 8, 9, 10, 8, 9),
      devices(...new Array<number>(16).fill(4), 3, 3),
      {},
      0,
    ],
    [
      'tight, possible to pack',
      even(8, 5),
      devices(...new Array<number>(8).fill(3), ...new Array<number>(8).fill(2)),
      { limit: 50 },
      50,
    ],
    ['impossible below 1.29, where a tree gives one provider', even(8, 2), ones(8), { spanTrees: false, limit: 10 }, 0],
  ])(
    '%s',
    (_name, world, groups, changes, count) => {
      const candidates = search(world, groups, changes);
      expect(candidates).toHaveLength(count);
      expect(new Set(candidates).size).toBe(count);
    },
    PATIENCE_MS,
  );

  it(
    'keeps siblings apart that same_subtree ties to different parents',
    () => {
      const numa = Array.from({ length: 6 }, (_, at) => `numa${at}`);
      const world: WorldProvider[] = [
        { name: 'r' },
        ...numa.map((name) => ({ name, parent: 'r', inventory: { VCPU: 1 } })),
        ...numa.map((name) => ({ name: `fpga-${name}`, parent: name, inventory: { FPGA: 1 } })),
      ];
      const groups = numa.flatMap((_, at) => [
        { ...emptyGroup(`C${at}`), resources: [{ resourceClass: 'VCPU', amount: 1 }] },
        { ...emptyGroup(`F${at}`), resources: [{ resourceClass: 'FPGA', amount: 1 }] },
      ]);
      const sameSubtrees = numa.map((_, at) => [`C${at}`, `F${at}`]);
      // Six pairs over six nodes: the permutations, each with the one device below its node.
      expect(search(world, groups, { sameSubtrees })).toHaveLength(720);
    },
    PATIENCE_MS,
  );
});

describe('large fleets', () => {
  it('finds the few with room among blocks of full hosts, in every order', () => {
    const hosts = Array.from({ length: 400 }, (_, at) => ({
      name: `h${at}`,
      inventory: { VCPU: { total: 8, used: [70, 71, 399].includes(at) ? 0 : 8 }, MEMORY_MB: 64 },
    }));
    const expected = ['h399', 'h70', 'h71'].map((name) => `${name}(MEMORY_MB:1) ${name}(VCPU:1) | →${name}`);
    const { groups } = parseQuery('resources=VCPU:1,MEMORY_MB:1');
    for (const changes of [{}, { limit: 3 }, { limit: 10, randomize: true }]) {
      expect(search(hosts, groups, changes)).toEqual(expected);
    }
  });
});

describe('wide trees and the pseudo-code of allocation_candidates.md §9', () => {
  it('agree where most combinations are dead ends', () => {
    let found = 0;
    const aScenario = fc.record({
      // Half the children hang below a first child, so that same_subtree means something.
      children: fc.array(
        fc.record({ total: fc.integer({ min: 1, max: 4 }), used: fc.integer({ min: 0, max: 1 }), below: fc.boolean() }),
        {
          minLength: 3,
          maxLength: 5,
        },
      ),
      amounts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 4 }),
      besides: fc.constantFrom('none', 'unsuffixed', 'collective traits', 'same_subtree'),
      isolate: fc.boolean(),
    });
    fc.assert(
      fc.property(aScenario, ({ children, amounts, besides, isolate }) => {
        const world: WorldProvider[] = children.map(({ total, used, below }, at) => ({
          name: `c${at}`,
          parent: below && at > 0 ? 'c0' : 'r',
          inventory: { FPGA: { total: total + 1, used }, VCPU: { total: total + 1, used: 0 } },
          traits: at % 2 === 0 ? ['CUSTOM_EVEN'] : ['CUSTOM_ODD'],
        }));
        const required = besides === 'collective traits' ? [['CUSTOM_EVEN'], ['CUSTOM_ODD']] : [];
        const resources = ['FPGA', 'VCPU'].map((resourceClass) => ({ resourceClass, amount: 1 }));
        const hasUnsuffixed = besides === 'unsuffixed' || besides === 'collective traits';
        const groups = [...(hasUnsuffixed ? [{ ...emptyGroup(''), required, resources }] : []), ...devices(...amounts)];
        const request: CandidatesRequest = {
          ...parseQuery('group_policy=none'),
          groups,
          groupPolicy: isolate ? 'isolate' : 'none',
          sameSubtrees:
            besides === 'same_subtree'
              ? [
                  ['1', '2'],
                  ['2', '3'],
                ]
              : [],
        };
        const supply = toSupply([{ name: 'r' }, ...world]);
        const snapshot = buildSnapshot(supply);
        const expected = referenceSearch(supply, request);
        expect(describeResult(snapshot, searchCandidates(snapshot, request, Math.random))).toEqual(expected);
        if (expected.candidates.length > 0) found++;
      }),
      { numRuns: 400, seed: 20_261_121 },
    );
    expect(found).toBeGreaterThan(100);
  }, 120_000);
});

describe('traits met together in wide trees', () => {
  it('agree with the pseudo-code where capacity never tells choices apart', () => {
    let found = 0;
    const traits = ['CUSTOM_T1', 'CUSTOM_T2', 'CUSTOM_T3'];
    const classes = ['FPGA', 'VCPU', 'MEMORY_MB'];
    const aChild = fc.record({
      traits: fc.subarray(traits, { maxLength: 2 }),
      classes: fc.subarray(classes, { minLength: 1 }),
    });
    const children = fc.array(aChild, { minLength: 5, maxLength: 7 });
    fc.assert(
      fc.property(
        children,
        fc.subarray(traits, { minLength: 2 }),
        fc.integer({ min: 0, max: 1 }),
        (drawn, required, devices) => {
          const world: WorldProvider[] = drawn.map((child, at) => ({
            name: `c${at}`,
            parent: 'r',
            inventory: Object.fromEntries(child.classes.map((resourceClass) => [resourceClass, 100])),
            traits: child.traits,
          }));
          const resources = classes.map((resourceClass) => ({ resourceClass, amount: 1 }));
          const request: CandidatesRequest = {
            ...parseQuery('group_policy=none'),
            groups: [{ ...emptyGroup(''), required: required.map((name) => [name]), resources }, ...ones(devices)],
          };
          const supply = toSupply([{ name: 'r' }, ...world], traits);
          const snapshot = buildSnapshot(supply);
          const expected = referenceSearch(supply, request);
          expect(describeResult(snapshot, searchCandidates(snapshot, request, Math.random))).toEqual(expected);
          if (expected.candidates.length > 0) found++;
        },
      ),
      { numRuns: 400, seed: 20_261_121 },
    );
    expect(found).toBeGreaterThan(50);
  }, 120_000);
});

describe('limits', () => {
  const trees = ['a', 'b', 'c'].flatMap((name): WorldProvider[] => [
    { name, inventory: { VCPU: 4 } },
    { name: `${name}1`, parent: name, inventory: { FPGA: 1 } },
    { name: `${name}2`, parent: name, inventory: { FPGA: 1 } },
  ]);
  const roots = (candidates: readonly string[]) => candidates.map((text) => text[0] ?? '');

  it.each([{ limit: 4 }, { maxCandidates: 4 }])('are fair over roots: %p', (bound) => {
    const first = search(trees, devices(1), bound);
    expect(roots(first)).toEqual(['a', 'a', 'b', 'c']);
    expect(search(trees, devices(1), bound)).toEqual(first);
  });

  it('max_allocation_candidates of 0 behaves like 1', () => {
    expect(search(trees, devices(1), { maxCandidates: 0 })).toHaveLength(1);
  });

  it('reach every candidate when randomised', () => {
    const seen = new Set<string>();
    for (let at = 0; at < 300; at++)
      search(trees, devices(1), { limit: 1, randomize: true }).forEach((one) => seen.add(one));
    expect(seen.size).toBe(6);
  });
});
