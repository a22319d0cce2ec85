import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORLD_A } from '../../libs/candidates/test-support/world.js';
import { World } from './allocation-candidates-world.js';
import { STORY_LIMIT_MS } from './http-story.js';

const CN1_SS1 = 'cn1(VCPU:1)+ss1(DISK_GB:100)';
const CN2 = 'cn2(DISK_GB:100,VCPU:1)';
const CN2_SS1 = 'cn2(VCPU:1)+ss1(DISK_GB:100)';
const CN2_SS2 = 'cn2(VCPU:1)+ss2(DISK_GB:100)';
const A1 = 'resources=VCPU:1,DISK_GB:100';

/** Query, and what it finds. */
const FINDINGS: readonly (readonly [label: string, query: string, found: readonly string[]])[] = [
  ['A1', A1, [CN1_SS1, CN2, CN2_SS1, CN2_SS2]],
  ['A2', `${A1}&required=HW_CPU_X86_AVX,STORAGE_DISK_SSD`, [CN1_SS1]],
  ['A3', 'resources1=VCPU:1,DISK_GB:100&required1=HW_CPU_X86_AVX,STORAGE_DISK_SSD', []],
  ['A5', `${A1}&required=in:HW_CPU_X86_AVX,CUSTOM_FOO&required=STORAGE_DISK_SSD`, [CN1_SS1, CN2_SS1]],
  ['A6', `${A1}&required=in:STORAGE_DISK_SSD,CUSTOM_FOO&required=!HW_CPU_X86_AVX`, [CN2, CN2_SS1, CN2_SS2]],
  ['A7', `${A1}&member_of={aggA}`, [CN1_SS1, CN2, CN2_SS1]],
  ['A8', `${A1}&member_of={aggB}`, [CN2, CN2_SS2]],
  ['A9', `${A1}&member_of=!{aggB}`, [CN1_SS1]],
  ['A10', `${A1}&member_of={aggA}&member_of=in:{aggB},{aggC}`, [CN2]],
  ['A11', 'resources1=VCPU:1&member_of1={aggB}&resources2=DISK_GB:100&group_policy=none', [CN2, CN2_SS1, CN2_SS2]],
  ['A12', `${A1}&in_tree={cn2}`, [CN2]],
  ['A12, a pool', `${A1}&in_tree={ss1}`, []],
  ['A14', `${A1}&root_required=CUSTOM_FOO`, [CN2, CN2_SS1, CN2_SS2]],
  ['A15', `${A1}&root_required=!MISC_SHARES_VIA_AGGREGATE`, [CN1_SS1, CN2, CN2_SS1, CN2_SS2]],
  ['A15, required', `${A1}&root_required=STORAGE_DISK_SSD`, []],
  ['A16', 'resources=DISK_GB:100', ['cn2(DISK_GB:100)', 'ss1(DISK_GB:100)', 'ss2(DISK_GB:100)']],
  ['A16, granular', 'resources1=DISK_GB:100', ['cn2(DISK_GB:100)', 'ss1(DISK_GB:100)', 'ss2(DISK_GB:100)']],
  ['A19', 'resources=VCPU:6&resources1=VCPU:4', []],
  [
    'A20',
    'resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=none',
    ['cn1', 'cn2', 'cn3'].map((name) => `${name}(MEMORY_MB:1024,VCPU:1)`),
  ],
  ['A20, isolated', 'resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=isolate', []],
];

const BOTH_WAYS = [
  ['cn2', 'ss1'],
  ['cn2', 'ss2'],
  ['ss1', 'ss2'],
].flatMap(([a, b]) =>
  [
    [a, b],
    [b, a],
  ].map(([one, two]) => `${a}(DISK_GB:100)+${b}(DISK_GB:100) | 1→${one} | 2→${two}`),
);

const MAPPED: readonly (readonly [label: string, query: string, found: readonly string[]])[] = [
  [
    'A4',
    'resources1=VCPU:1&required1=HW_CPU_X86_AVX&resources2=DISK_GB:100&required2=STORAGE_DISK_SSD&group_policy=none',
    [`${CN1_SS1} | 1→cn1 | 2→ss1`],
  ],
  [
    'A13',
    'resources=VCPU:1&resources1=DISK_GB:100&in_tree1={ss1}',
    [`${CN1_SS1} | 1→ss1 | →cn1`, `${CN2_SS1} | 1→ss1 | →cn2`],
  ],
  [
    'A17',
    'resources1=DISK_GB:100&resources2=DISK_GB:100&group_policy=none',
    [...BOTH_WAYS, 'cn2(DISK_GB:200) | 1→cn2 | 2→cn2', 'ss1(DISK_GB:200) | 1→ss1 | 2→ss1'],
  ],
  ['A18', 'resources1=DISK_GB:100&resources2=DISK_GB:100&group_policy=isolate', BOTH_WAYS],
];

let world: World;

beforeAll(async () => {
  world = await World.open(WORLD_A);
}, STORY_LIMIT_MS);

afterAll(() => world.close());

describe('candidates in a flat cloud with shared storage', () => {
  it.each(FINDINGS)('%s: %s', async (_label, query, found) => {
    expect((await world.search(query)).candidates).toEqual([...found].sort());
  });

  it.each(MAPPED)('%s: %s, with mappings', async (_label, query, found) => {
    expect((await world.search(query)).mapped).toEqual([...found].sort());
  });

  it('summarises the providers of the candidates and nobody else', async () => {
    const { summaries } = await world.search(A1);
    expect(Object.keys(summaries).sort()).toEqual(['cn1', 'cn2', 'ss1', 'ss2']);
    expect(summaries['cn2']).toEqual({
      resources: {
        VCPU: { capacity: 8, used: 0 },
        MEMORY_MB: { capacity: 4096, used: 0 },
        DISK_GB: { capacity: 500, used: 0 },
      },
      traits: ['CUSTOM_FOO'],
      parent_provider_uuid: null,
      root_provider_uuid: world.uuid('cn2'),
    });
  });

  it('returns at most as many as the first limit says', async () => {
    const { candidates, summaries } = await world.search(`${A1}&limit=1&limit=3`);
    expect(candidates).toHaveLength(1);
    expect([CN1_SS1, CN2, CN2_SS1, CN2_SS2]).toContain(candidates[0]);
    const shown = (candidates[0] ?? '').split('+').map((part) => part.slice(0, part.indexOf('(')));
    expect(Object.keys(summaries).sort()).toEqual(shown.sort());
  });
});

describe('the forms of the answer', () => {
  const uuid = (name: string): string => world.uuid(name);

  it('1.10 lists allocations and shows requested classes alone', async () => {
    const { candidates, body, summaries } = await world.search(A1, 10);
    expect(candidates).toEqual([CN1_SS1, CN2, CN2_SS1, CN2_SS2]);
    const alone = body.allocation_requests.find(
      (one) => Array.isArray(one.allocations) && one.allocations.length === 1,
    );
    expect(alone).toEqual({
      allocations: [{ resource_provider: { uuid: uuid('cn2') }, resources: { VCPU: 1, DISK_GB: 100 } }],
    });
    expect(summaries['cn2']).toEqual({
      resources: { VCPU: { capacity: 8, used: 0 }, DISK_GB: { capacity: 500, used: 0 } },
    });
    expect(summaries['cn1']).toEqual({ resources: { VCPU: { capacity: 8, used: 0 } } });
  });

  it('1.12 keys allocations by provider', async () => {
    const { body, summaries } = await world.search('resources=VCPU:1,MEMORY_MB:512', 12);
    expect(body.allocation_requests).toContainEqual({
      allocations: { [uuid('cn3')]: { resources: { VCPU: 1, MEMORY_MB: 512 } } },
    });
    expect(Object.keys(summaries['cn3'] ?? {})).toEqual(['resources']);
  });

  it('1.17 adds traits, 1.27 every class, 1.29 the tree, 1.34 mappings', async () => {
    const at = async (minor: number): Promise<unknown> =>
      (await world.search('resources=DISK_GB:1', minor)).summaries['cn2'];
    const disk = { DISK_GB: { capacity: 500, used: 0 } };
    const all = { ...disk, VCPU: { capacity: 8, used: 0 }, MEMORY_MB: { capacity: 4096, used: 0 } };
    const traits = ['CUSTOM_FOO'];
    const tree = { parent_provider_uuid: null, root_provider_uuid: uuid('cn2') };
    expect(await at(16)).toEqual({ resources: disk });
    expect(await at(17)).toEqual({ resources: disk, traits });
    expect(await at(26)).toEqual({ resources: disk, traits });
    expect(await at(27)).toEqual({ resources: all, traits });
    expect(await at(28)).toEqual({ resources: all, traits });
    expect(await at(29)).toEqual({ resources: all, traits, ...tree });
    const keys = async (minor: number): Promise<string[]> => {
      const { body } = await world.search('resources=DISK_GB:1', minor);
      return Object.keys(body.allocation_requests[0] ?? {});
    };
    expect(await keys(33)).toEqual(['allocations']);
    expect(await keys(34)).toEqual(['allocations', 'mappings']);
  });

  it('shows an empty list of traits where a provider has none', async () => {
    expect((await world.search('resources=VCPU:1', 17)).summaries['cn3']).toMatchObject({ traits: [] });
  });

  it('is empty, not absent, when nothing fits', async () => {
    expect((await world.search('resources=VCPU:9')).body).toEqual({ allocation_requests: [], provider_summaries: {} });
  });
});

describe('names that nobody knows', () => {
  it.each([
    ['resources=NOPE:1', 'Invalid resource class in resources parameter: No such resource class NOPE.'],
    [
      'resources1=NOPE:1&resources=VCPU:999999',
      'Invalid resource class in resources parameter: No such resource class NOPE.',
    ],
    ['resources=VCPU:1&required=CUSTOM_NOPE', 'No such trait(s): CUSTOM_NOPE.'],
    ['resources=VCPU:1&required=!CUSTOM_NOPE', 'No such trait(s): CUSTOM_NOPE.'],
    ['resources=VCPU:1&root_required=CUSTOM_NOPE', 'No such trait(s): CUSTOM_NOPE.'],
  ])('%s is a bad request', async (query, message) => {
    const { status, body } = await world.ask(query);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain(message);
  });

  it('are not looked at once the result is known to be empty', async () => {
    expect((await world.search('resources=VCPU:999999&resources1=NOPE:1')).candidates).toEqual([]);
  });
});
