import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORLD_B } from '../../libs/candidates/test-support/world.js';
import { World } from './allocation-candidates-world.js';
import { STORY_LIMIT_MS } from './http-story.js';

const TREE_OF_CN1 = WORLD_B.map(({ name }) => name).filter((name) => name !== 'cn2');

const NUMA0_VCPU = 'numa0(VCPU:1)';
const NUMA1_VCPU = 'numa1(VCPU:1)';
const WHOLE = ['cn2(MEMORY_MB:512,VCPU:1)', 'numa0(MEMORY_MB:512,VCPU:1)', 'numa1(MEMORY_MB:512,VCPU:1)'];
const FPGAS = ['fpga0', 'fpga1a', 'fpga1b'];
const NICS =
  'resources_P=SRIOV_NET_VF:1&required_P=CUSTOM_NET1&resources_Q=SRIOV_NET_VF:1&required_Q=CUSTOM_NET2&group_policy=isolate';
const ONE_NET = 'required_P=CUSTOM_NET1&required_Q=CUSTOM_NET1&group_policy=none';
const BOTH_TRAITS = 'CUSTOM_FOO,HW_NUMA_ROOT';

const FINDINGS: readonly (readonly [label: string, query: string, found: readonly string[]])[] = [
  [
    'B1',
    'resources=VCPU:1,MEMORY_MB:512',
    [...WHOLE, 'numa0(MEMORY_MB:512)+numa1(VCPU:1)', 'numa0(VCPU:1)+numa1(MEMORY_MB:512)'],
  ],
  ['B3', 'resources1=VCPU:1,MEMORY_MB:512', WHOLE],
  ['B4', 'resources=VCPU:2,MEMORY_MB:2048', ['cn2(MEMORY_MB:2048,VCPU:2)', 'numa0(MEMORY_MB:2048)+numa1(VCPU:2)']],
  ['B5', 'resources=VCPU:1&required=CUSTOM_FOO', ['cn2(VCPU:1)', NUMA1_VCPU]],
  ['B6', 'resources=VCPU:1&required=HW_NUMA_ROOT,COMPUTE_VOLUME_MULTI_ATTACH', []],
  [
    'B7',
    'resources=VCPU:1,DISK_GB:10&required=HW_NUMA_ROOT,COMPUTE_VOLUME_MULTI_ATTACH',
    [`cn1(DISK_GB:10)+${NUMA0_VCPU}`, `cn1(DISK_GB:10)+${NUMA1_VCPU}`],
  ],
  ['B8', 'resources=VCPU:1&member_of={aggA}', [NUMA0_VCPU, NUMA1_VCPU]],
  ['B8, granular', 'resources1=VCPU:1&member_of1={aggA}', []],
  ['B9', 'resources=VCPU:1&member_of={aggB}', [NUMA1_VCPU]],
  ['B10', 'resources=VCPU:1&member_of=!{aggB}', ['cn2(VCPU:1)', NUMA0_VCPU]],
  ['B10, the root', 'resources=VCPU:1&member_of=!{aggA}', ['cn2(VCPU:1)']],
  ['B11', 'resources=VCPU:1&in_tree={fpga1a}', [NUMA0_VCPU, NUMA1_VCPU]],
  ['B12', 'resources=VCPU:1&root_required=COMPUTE_VOLUME_MULTI_ATTACH', [NUMA0_VCPU, NUMA1_VCPU]],
  ['B12, no root', 'resources=VCPU:1&root_required=HW_NUMA_ROOT', []],
  [
    'B13',
    'resources_C=VCPU:1&resources_F=FPGA:1&group_policy=none',
    FPGAS.flatMap((fpga) => [`${fpga}(FPGA:1)+${NUMA0_VCPU}`, `${fpga}(FPGA:1)+${NUMA1_VCPU}`]),
  ],
  [
    'B14',
    'resources_C=VCPU:1&resources_F=FPGA:1&group_policy=none&same_subtree=_C,_F',
    [`fpga0(FPGA:1)+${NUMA0_VCPU}`, `fpga1a(FPGA:1)+${NUMA1_VCPU}`, `fpga1b(FPGA:1)+${NUMA1_VCPU}`],
  ],
  ['B17', `${NICS}&same_subtree=_P,_Q`, []],
  ['B18', `resources_P=SRIOV_NET_VF:5&resources_Q=SRIOV_NET_VF:5&${ONE_NET}`, []],
  [
    'B20',
    `resources_M=MEMORY_MB:512&required_M=${BOTH_TRAITS}&resources_N=MEMORY_MB:1024&required_N=${BOTH_TRAITS}&group_policy=none`,
    [],
  ],
];

const MAPPED: readonly (readonly [label: string, query: string, found: readonly string[]])[] = [
  [
    'B15',
    'required_N=HW_NUMA_ROOT&resources_A=FPGA:1&resources_B=FPGA:1&same_subtree=_N,_A,_B&group_policy=isolate',
    [
      'fpga1a(FPGA:1)+fpga1b(FPGA:1) | _A→fpga1a | _B→fpga1b | _N→numa1',
      'fpga1a(FPGA:1)+fpga1b(FPGA:1) | _A→fpga1b | _B→fpga1a | _N→numa1',
    ],
  ],
  [
    'B16',
    `required_K=CUSTOM_NIC_ROOT&${NICS}&same_subtree=_K,_P,_Q`,
    ['pf1(SRIOV_NET_VF:1)+pf2(SRIOV_NET_VF:1) | _K→nicroot | _P→pf1 | _Q→pf2'],
  ],
  [
    'B19',
    `resources_P=SRIOV_NET_VF:3&resources_Q=SRIOV_NET_VF:5&${ONE_NET}`,
    ['pf1(SRIOV_NET_VF:8) | _P→pf1 | _Q→pf1'],
  ],
];

let world: World;

beforeAll(async () => {
  world = await World.open(WORLD_B);
}, STORY_LIMIT_MS);

afterAll(() => world.close());

describe('candidates in a cloud with nested providers', () => {
  it.each(FINDINGS)('%s: %s', async (_label, query, found) => {
    expect((await world.search(query)).candidates).toEqual([...found].sort());
  });

  it.each(MAPPED)('%s: %s, with mappings', async (_label, query, found) => {
    expect((await world.search(query)).mapped).toEqual([...found].sort());
  });

  it('summarises whole trees from 1.29', async () => {
    const { summaries } = await world.search('resources=VCPU:1,MEMORY_MB:512');
    expect(Object.keys(summaries).sort()).toEqual([...TREE_OF_CN1, 'cn2'].sort());
    expect(summaries['numa0']).toEqual({
      resources: { VCPU: { capacity: 4, used: 3 }, MEMORY_MB: { capacity: 2048, used: 0 } },
      traits: ['HW_NUMA_ROOT'],
      parent_provider_uuid: world.uuid('cn1'),
      root_provider_uuid: world.uuid('cn1'),
    });
    expect(summaries['numa1']).toMatchObject({ traits: ['HW_NUMA_ROOT', 'CUSTOM_FOO'] });
    expect(summaries['nicroot']).toMatchObject({ resources: {}, parent_provider_uuid: world.uuid('cn1') });
  });

  it('B2: offers single providers alone until 1.28', async () => {
    const { candidates, summaries } = await world.search('resources=VCPU:1,MEMORY_MB:512', 28);
    expect(candidates).toEqual([...WHOLE].sort());
    expect(Object.keys(summaries).sort()).toEqual(['cn2', 'numa0', 'numa1']);
    expect(Object.keys(summaries['numa0'] ?? {}).sort()).toEqual(['resources', 'traits']);
  });
});
