import { describe, expect, it } from '@jest/globals';
import { describeResult, parseQuery } from '../test-support/query.js';
import { toSupply, WORLD_A, WORLD_B, WORLD_C, type WorldProvider } from '../test-support/world.js';
import type { CandidatesRequest } from './request.js';
import { searchCandidates } from './search.js';
import { buildSnapshot } from './snapshot-builder.js';

const KNOWN = ['CUSTOM_KNOWN', 'CUSTOM_NIC_ROOT', 'HW_NUMA_ROOT'];

function search(world: readonly WorldProvider[], query: string, overrides: Partial<CandidatesRequest> = {}) {
  const snapshot = buildSnapshot(toSupply(world, KNOWN));
  return describeResult(snapshot, searchCandidates(snapshot, parseQuery(query, overrides), noRandom));
}

function noRandom(): number {
  throw new Error('a search that is not randomised asks for no random number');
}

/** What the candidates give, without their mappings; equal amounts stay listed twice. */
const amountsOf = (result: { candidates: readonly string[] }) =>
  result.candidates.map((text) => text.split(' | ')[0]).sort();

const A1 = 'resources=VCPU:1,DISK_GB:100';
const A1_SS1 = 'cn1(VCPU:1) ss1(DISK_GB:100)';
const A2_OWN = 'cn2(DISK_GB:100) cn2(VCPU:1)';
const A2_SS1 = 'cn2(VCPU:1) ss1(DISK_GB:100)';
const A2_SS2 = 'cn2(VCPU:1) ss2(DISK_GB:100)';
const MIXED = [
  'cn2(DISK_GB:100) ss1(DISK_GB:100)',
  'cn2(DISK_GB:100) ss2(DISK_GB:100)',
  'ss1(DISK_GB:100) ss2(DISK_GB:100)',
];
const TWICE_MIXED = [...MIXED, ...MIXED].sort();

const EXAMPLES_A: readonly (readonly [string, string, readonly string[]])[] = [
  ['A1', A1, [A1_SS1, A2_OWN, A2_SS1, A2_SS2]],
  ['A2', `${A1}&required=HW_CPU_X86_AVX,STORAGE_DISK_SSD`, [A1_SS1]],
  ['A3', 'resources1=VCPU:1,DISK_GB:100&required1=HW_CPU_X86_AVX,STORAGE_DISK_SSD', []],
  [
    'A4',
    'resources1=VCPU:1&required1=HW_CPU_X86_AVX&resources2=DISK_GB:100&required2=STORAGE_DISK_SSD&group_policy=none',
    [A1_SS1],
  ],
  ['A5', `${A1}&required=in:HW_CPU_X86_AVX,CUSTOM_FOO&required=STORAGE_DISK_SSD`, [A1_SS1, A2_SS1]],
  ['A6', `${A1}&required=in:STORAGE_DISK_SSD,CUSTOM_FOO&required=!HW_CPU_X86_AVX`, [A2_OWN, A2_SS1, A2_SS2]],
  ['A7', `${A1}&member_of=aggA`, [A1_SS1, A2_OWN, A2_SS1]],
  ['A8', `${A1}&member_of=aggB`, [A2_OWN, A2_SS2]],
  ['A9', `${A1}&member_of=!aggB`, [A1_SS1]],
  ['A10', `${A1}&member_of=aggA&member_of=in:aggB,aggC`, [A2_OWN]],
  ['A11', 'resources1=VCPU:1&member_of1=aggB&resources2=DISK_GB:100&group_policy=none', [A2_OWN, A2_SS1, A2_SS2]],
  ['A12 with a compute', `${A1}&in_tree=cn2`, [A2_OWN]],
  ['A12 with a sharing provider', `${A1}&in_tree=ss1`, []],
  ['A13', 'resources=VCPU:1&resources1=DISK_GB:100&in_tree1=ss1', [A1_SS1, A2_SS1]],
  ['A14', `${A1}&root_required=CUSTOM_FOO`, [A2_OWN, A2_SS1, A2_SS2]],
  ['A15 forbidden', `${A1}&root_required=!MISC_SHARES_VIA_AGGREGATE`, [A1_SS1, A2_OWN, A2_SS1, A2_SS2]],
  ['A15 required', `${A1}&root_required=STORAGE_DISK_SSD`, []],
  ['A16 unsuffixed', 'resources=DISK_GB:100', ['cn2(DISK_GB:100)', 'ss1(DISK_GB:100)', 'ss2(DISK_GB:100)']],
  ['A16 granular', 'resources1=DISK_GB:100', ['cn2(DISK_GB:100)', 'ss1(DISK_GB:100)', 'ss2(DISK_GB:100)']],
  [
    'A17',
    'resources1=DISK_GB:100&resources2=DISK_GB:100&group_policy=none',
    ['cn2(DISK_GB:200)', 'ss1(DISK_GB:200)', ...TWICE_MIXED].sort(),
  ],
  ['A18', 'resources1=DISK_GB:100&resources2=DISK_GB:100&group_policy=isolate', TWICE_MIXED],
  ['A19', 'resources=VCPU:6&resources1=VCPU:4', []],
  [
    'A20 none',
    'resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=none',
    ['cn1', 'cn2', 'cn3'].map((name) => `${name}(MEMORY_MB:1024) ${name}(VCPU:1)`),
  ],
  ['A20 isolate', 'resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=isolate', []],
];

describe('world A of allocation_candidates.md §10', () => {
  it.each(EXAMPLES_A)('%s: %s', (_name, query, expected) => {
    expect(amountsOf(search(WORLD_A, query))).toEqual([...expected].sort());
  });

  it('A1 summarises who takes part', () => {
    expect(search(WORLD_A, A1).summarized).toEqual(['cn1', 'cn2', 'ss1', 'ss2']);
  });

  it('A13 says which group each provider serves', () => {
    expect(search(WORLD_A, 'resources=VCPU:1&resources1=DISK_GB:100&in_tree1=ss1').candidates).toEqual([
      `${A1_SS1} | 1→ss1 →cn1`,
      `${A2_SS1} | 1→ss1 →cn2`,
    ]);
  });
});

const B1 = 'resources=VCPU:1,MEMORY_MB:512';
const both = (name: string) => `${name}(MEMORY_MB:512) ${name}(VCPU:1)`;
const onlyVcpu = (...names: string[]) => names.map((name) => `${name}(VCPU:1)`);
const B13 = 'resources_C=VCPU:1&resources_F=FPGA:1&group_policy=none';
const B15 = 'required_N=HW_NUMA_ROOT&resources_A=FPGA:1&resources_B=FPGA:1&same_subtree=_N,_A,_B&group_policy=isolate';
const PQ = 'resources_P=SRIOV_NET_VF:1&required_P=CUSTOM_NET1&resources_Q=SRIOV_NET_VF:1&required_Q=CUSTOM_NET2';
const fpga = (numa: string, device: string) => `${device}(FPGA:1) ${numa}(VCPU:1)`;

const EXAMPLES_B: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'B1',
    B1,
    [
      both('cn2'),
      both('numa0'),
      both('numa1'),
      'numa0(VCPU:1) numa1(MEMORY_MB:512)',
      'numa0(MEMORY_MB:512) numa1(VCPU:1)',
    ],
  ],
  ['B3', 'resources1=VCPU:1,MEMORY_MB:512', [both('cn2'), both('numa0'), both('numa1')]],
  ['B4', 'resources=VCPU:2,MEMORY_MB:2048', ['cn2(MEMORY_MB:2048) cn2(VCPU:2)', 'numa0(MEMORY_MB:2048) numa1(VCPU:2)']],
  ['B5', 'resources=VCPU:1&required=CUSTOM_FOO', onlyVcpu('cn2', 'numa1')],
  ['B6', 'resources=VCPU:1&required=HW_NUMA_ROOT,COMPUTE_VOLUME_MULTI_ATTACH', []],
  [
    'B7',
    'resources=VCPU:1,DISK_GB:10&required=HW_NUMA_ROOT,COMPUTE_VOLUME_MULTI_ATTACH',
    ['cn1(DISK_GB:10) numa0(VCPU:1)', 'cn1(DISK_GB:10) numa1(VCPU:1)'],
  ],
  ['B8 unsuffixed', 'resources=VCPU:1&member_of=aggA', onlyVcpu('numa0', 'numa1')],
  ['B8 granular', 'resources1=VCPU:1&member_of1=aggA', []],
  ['B9', 'resources=VCPU:1&member_of=aggB', onlyVcpu('numa1')],
  ['B10 on a child', 'resources=VCPU:1&member_of=!aggB', onlyVcpu('cn2', 'numa0')],
  ['B10 on the root', 'resources=VCPU:1&member_of=!aggA', onlyVcpu('cn2')],
  ['B11', 'resources=VCPU:1&in_tree=fpga1a', onlyVcpu('numa0', 'numa1')],
  ['B12 on the root', 'resources=VCPU:1&root_required=COMPUTE_VOLUME_MULTI_ATTACH', onlyVcpu('numa0', 'numa1')],
  ['B12 on children', 'resources=VCPU:1&root_required=HW_NUMA_ROOT', []],
  ['B13', B13, ['numa0', 'numa1'].flatMap((numa) => ['fpga0', 'fpga1a', 'fpga1b'].map((device) => fpga(numa, device)))],
  ['B14', `${B13}&same_subtree=_C,_F`, [fpga('numa0', 'fpga0'), fpga('numa1', 'fpga1a'), fpga('numa1', 'fpga1b')]],
  ['B15', B15, ['fpga1a(FPGA:1) fpga1b(FPGA:1)', 'fpga1a(FPGA:1) fpga1b(FPGA:1)']],
  [
    'B16',
    `required_K=CUSTOM_NIC_ROOT&${PQ}&same_subtree=_K,_P,_Q&group_policy=isolate`,
    ['pf1(SRIOV_NET_VF:1) pf2(SRIOV_NET_VF:1)'],
  ],
  ['B17', `${PQ}&same_subtree=_P,_Q&group_policy=isolate`, []],
  ['B18', `${PQ}&group_policy=none`.replaceAll('VF:1', 'VF:5').replace('NET2', 'NET1'), []],
  [
    'B19',
    `${PQ}&group_policy=none`.replace('VF:1', 'VF:3').replace('VF:1', 'VF:5').replace('NET2', 'NET1'),
    ['pf1(SRIOV_NET_VF:8)'],
  ],
  [
    'B20',
    'resources_M=MEMORY_MB:512&required_M=CUSTOM_FOO,HW_NUMA_ROOT&resources_N=MEMORY_MB:1024&required_N=CUSTOM_FOO,HW_NUMA_ROOT&group_policy=none',
    [],
  ],
];

describe('world B of allocation_candidates.md §10', () => {
  it.each(EXAMPLES_B)('%s: %s', (_name, query, expected) => {
    expect(amountsOf(search(WORLD_B, query))).toEqual([...expected].sort());
  });

  it('B1 summarises whole trees', () => {
    expect(search(WORLD_B, B1).summarized).toEqual(WORLD_B.map(({ name }) => name).sort());
  });

  it('B2: below 1.29 a tree gives one provider, and only givers are summarised', () => {
    const result = search(WORLD_B, B1, { spanTrees: false });
    expect(amountsOf(result)).toEqual([both('cn2'), both('numa0'), both('numa1')]);
    expect(result.summarized).toEqual(['cn2', 'numa0', 'numa1']);
  });

  it('B2: a limit leaves the givers of the trees in use summarised, returned or not', () => {
    for (const maxCandidates of [undefined, 100]) {
      const result = search(WORLD_B, `${B1}&limit=1&in_tree=cn1`, { spanTrees: false, maxCandidates });
      expect(result.candidates).toHaveLength(1);
      expect(result.summarized).toEqual(['numa0', 'numa1']);
    }
  });

  it('B15 returns both mappings of equal amounts', () => {
    expect(search(WORLD_B, B15).candidates.map((text) => text.split(' | ')[1])).toEqual([
      '_A→fpga1a _B→fpga1b _N→numa1',
      '_A→fpga1b _B→fpga1a _N→numa1',
    ]);
  });

  it('B16 maps the resourceless group', () => {
    const { candidates } = search(
      WORLD_B,
      `required_K=CUSTOM_NIC_ROOT&${PQ}&same_subtree=_K,_P,_Q&group_policy=isolate`,
    );
    expect(candidates).toEqual(['pf1(SRIOV_NET_VF:1) pf2(SRIOV_NET_VF:1) | _K→nicroot _P→pf1 _Q→pf2']);
  });
});

const C = 'resources_V=VCPU:1&same_subtree=_V,_X&group_policy=none';
const c = (root: string, chosen: string) => `${root}(VCPU:1) | _V→${root} _X→${chosen}`;

const EXAMPLES_C: readonly (readonly [string, string, readonly string[]])[] = [
  ['C1', `${C}&required_X=CUSTOM_C`, [c('r', 'c'), c('r', 'd'), c('r2', 'c2')]],
  ['C2', `${C}&required_X=CUSTOM_C&in_tree_X=r2`, [c('r', 'c'), c('r', 'd'), c('r2', 'c2')]],
  ['C3', `${C}&required_X=CUSTOM_C&in_tree_X=unknown`, []],
  ['C4 only forbidden traits', `${C}&required_X=!CUSTOM_C`, []],
  ['C4 only forbidden aggregates', `${C}&member_of_X=!aggA`, []],
  ['C4 only in_tree', `${C}&in_tree_X=r2`, []],
  ['C5', `${C}&required_X=CUSTOM_C,!CUSTOM_D`, [c('r', 'c'), c('r2', 'c2')]],
  ['C6', `${C}&member_of_X=aggA`, [c('r', 'd')]],
];

describe('world C of allocation_candidates.md §10', () => {
  it.each(EXAMPLES_C)('%s: %s', (_name, query, expected) => {
    expect(search(WORLD_C, query).candidates).toEqual([...expected].sort());
  });
});

describe('where the rules differ from upstream (allocation_candidates.md §11)', () => {
  const shared: readonly WorldProvider[] = [
    { name: 'cn1', inventory: { VCPU: 8 }, aggregates: ['agg'] },
    { name: 'cn2', inventory: { VCPU: 8 }, aggregates: ['agg'] },
    { name: 'ss', inventory: { DISK_GB: 100 }, aggregates: ['agg'], traits: ['MISC_SHARES_VIA_AGGREGATE'] },
  ];

  it.each(['resources=DISK_GB:10&resources1=VCPU:1', 'resources1=DISK_GB:10&resources=VCPU:1'])(
    '§11.1 no lost anchors: %s',
    (query) => {
      expect(amountsOf(search(shared, query))).toEqual(['cn1(VCPU:1) ss(DISK_GB:10)', 'cn2(VCPU:1) ss(DISK_GB:10)']);
    },
  );

  it('§11.2 amounts do not leak between candidates', () => {
    const tree = ['r', 'c', 'd'].map((name) => ({
      name,
      inventory: { VCPU: 8 },
      ...(name === 'r' ? {} : { parent: 'r' }),
    }));
    const names = ['c', 'd', 'r'];
    const expected = names.flatMap((one) =>
      names.map((other) =>
        one === other ? `${one}(VCPU:2)` : [`${one}(VCPU:1)`, `${other}(VCPU:1)`].sort().join(' '),
      ),
    );
    expect(amountsOf(search(tree, 'resources=VCPU:1&resources1=VCPU:1&group_policy=isolate'))).toEqual(expected.sort());
  });

  it('§11.4 a sharing provider that is no root serves its own tree and its neighbours', () => {
    const world: readonly WorldProvider[] = [
      { name: 'cn1', inventory: { VCPU: 8 }, aggregates: ['agg'] },
      { name: 'top', inventory: { VCPU: 4 } },
      {
        name: 'pool',
        parent: 'top',
        inventory: { DISK_GB: 50 },
        aggregates: ['agg'],
        traits: ['MISC_SHARES_VIA_AGGREGATE'],
      },
    ];
    const result = search(world, 'resources=VCPU:1,DISK_GB:10');
    expect(amountsOf(result)).toEqual(['cn1(VCPU:1) pool(DISK_GB:10)', 'pool(DISK_GB:10) top(VCPU:1)']);
    expect(result.summarized).toEqual(['cn1', 'pool', 'top']);
    expect(amountsOf(search(world, 'resources1=DISK_GB:10'))).toEqual(['pool(DISK_GB:10)']);
  });
});

describe('sharing providers in a larger fleet', () => {
  const hosts = Array.from({ length: 8 }, (_, at) => ({
    name: `h${at}`,
    inventory: { VCPU: 8 },
    aggregates: at === 5 ? ['agg'] : [],
  }));
  const pool = {
    name: 'pool',
    inventory: { DISK_GB: 100 },
    aggregates: ['agg'],
    traits: ['MISC_SHARES_VIA_AGGREGATE', 'STORAGE_DISK_SSD'],
  };

  it.each([
    'resources=VCPU:1,DISK_GB:10',
    'resources=VCPU:1,DISK_GB:10&required=STORAGE_DISK_SSD',
    'resources=VCPU:1&resources1=DISK_GB:10&in_tree1=pool',
    'resources=VCPU:1&resources1=DISK_GB:10&member_of1=agg',
  ])('are found from the hosts around them: %s', (query) => {
    expect(amountsOf(search([...hosts, pool], query))).toEqual(['h5(VCPU:1) pool(DISK_GB:10)']);
  });
});

describe('unknown names (allocation_candidates.md §3)', () => {
  const noClass = 'Invalid resource class in resources parameter: No such resource class NOPE.';
  const noTrait = 'No such trait(s): CUSTOM_NOPE.';

  it.each([
    ['resources=VCPU:1&resources1=NOPE:1', noClass],
    ['resources1=NOPE:1&resources=VCPU:999999', noClass],
    ['resources=VCPU:1&required=CUSTOM_NOPE', noTrait],
    ['resources=VCPU:1&required=!CUSTOM_NOPE', noTrait],
    ['resources=VCPU:999999&required=CUSTOM_NOPE', noTrait],
    ['resources=VCPU:1&in_tree=unknown&required=CUSTOM_NOPE', noTrait],
    ['resources=NOPE:1&required=CUSTOM_NOPE', noClass],
    ['resources=VCPU:1&root_required=CUSTOM_NOPE', noTrait],
    ['resources=VCPU:999999&root_required=!CUSTOM_NOPE', noTrait],
  ])('%s is refused', (query, message) => {
    expect(() => search(WORLD_A, query)).toThrow(message);
  });

  it.each([
    'resources=VCPU:999999&resources1=NOPE:1',
    'resources=VCPU:1&member_of=nobody&required=CUSTOM_NOPE',
    'resources=VCPU:1&in_tree=unknown&resources1=NOPE:1',
    'resources=VCPU:1&required=CUSTOM_KNOWN&resources1=NOPE:1',
    'resources=NOPE:1&root_required=CUSTOM_KNOWN',
  ])('%s is empty, for evaluation has stopped', (query) => {
    expect(search(WORLD_A, query)).toEqual({ candidates: [], summarized: [] });
  });
});
