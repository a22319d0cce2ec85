import { describe, expect, it } from '@jest/globals';
import { buildSnapshot, type CandidatesRequest, type CandidatesResult } from '#berth/placement';
import { toGeneration, type Supply, type SupplyInventory, type SupplyProvider } from '#berth/domain';
import { candidatesView } from './allocation-candidates.view.js';

/** Uuids are the database's business; the last one shows that the view trusts none of them. */
const HOST = 'host';
const NUMA = 'numa';
const POOL = 'po"ol\\';

function provider(id: number, uuid: string, parentId: number | null, rootId: number): SupplyProvider {
  return { id, uuid, name: `name of ${uuid}`, generation: toGeneration(1), parentId, rootId, changedAtMs: 0 };
}

function inventory(providerId: number, resourceClassId: number, total: number, used = 0): SupplyInventory {
  const rule = { total, reserved: 1, minUnit: 1, maxUnit: total, stepSize: 1, allocationRatio: 1.5 };
  return { providerId, resourceClassId, used, ...rule };
}

const SUPPLY: Supply = {
  providers: [provider(1, HOST, null, 1), provider(2, NUMA, 1, 1), provider(3, POOL, null, 3)],
  inventories: [inventory(1, 30, 10), inventory(2, 10, 8, 3), inventory(2, 20, 1024), inventory(3, 30, 100)],
  providerTraits: [
    { providerId: 2, traitId: 9 },
    { providerId: 2, traitId: 5 },
    { providerId: 3, traitId: 9 },
  ],
  providerAggregates: [],
  traits: [
    { id: 5, name: 'HW_NUMA_ROOT' },
    { id: 9, name: 'CUSTOM_FOO' },
  ],
  resourceClasses: [
    { id: 10, name: 'VCPU' },
    { id: 20, name: 'MEMORY_MB' },
    { id: 30, name: 'DISK_GB' },
  ],
};

const snapshot = buildSnapshot(SUPPLY);

function at(uuid: string): number {
  const index = snapshot.indexByUuid.get(uuid);
  if (index === undefined) throw new Error(`no provider ${uuid}`);
  return index;
}

function classAt(name: string): number {
  return snapshot.classNames.indexOf(name);
}

const REQUEST: CandidatesRequest = {
  groups: [
    {
      suffix: '',
      resources: [
        { resourceClass: 'VCPU', amount: 2 },
        { resourceClass: 'DISK_GB', amount: 5 },
      ],
      required: [],
      forbidden: [],
      memberOf: [],
      notMemberOf: [],
      inTree: undefined,
    },
  ],
  groupPolicy: undefined,
  rootRequired: [],
  rootForbidden: [],
  sameSubtrees: [],
  limit: undefined,
  spanTrees: true,
  maxCandidates: undefined,
  randomize: false,
};

/** The pool stands between the two amounts of the NUMA node. */
const RESULT: CandidatesResult = {
  candidates: [
    {
      allocations: [
        { provider: at(NUMA), resourceClass: classAt('VCPU'), amount: 2 },
        { provider: at(POOL), resourceClass: classAt('DISK_GB'), amount: 5 },
        { provider: at(NUMA), resourceClass: classAt('MEMORY_MB'), amount: 64 },
      ],
      mappings: [
        { suffix: '', providers: [at(NUMA), at(POOL)] },
        { suffix: '_X', providers: [at(HOST)] },
      ],
    },
    {
      allocations: [{ provider: at(HOST), resourceClass: classAt('DISK_GB'), amount: 5 }],
      mappings: [{ suffix: '', providers: [at(HOST)] }],
    },
  ],
  summarized: [at(HOST), at(NUMA), at(POOL)],
};

function view(minor: number, result: CandidatesResult = RESULT): unknown {
  return JSON.parse(candidatesView(snapshot, result, REQUEST, minor));
}

const NUMA_RESOURCES = { resources: { VCPU: 2, MEMORY_MB: 64 } };
const POOL_RESOURCES = { resources: { DISK_GB: 5 } };
const KEYED = [
  { allocations: { [NUMA]: NUMA_RESOURCES, [POOL]: POOL_RESOURCES } },
  { allocations: { [HOST]: POOL_RESOURCES } },
];
const VCPU = { capacity: 10, used: 3 };
const MEMORY_MB = { capacity: 1534, used: 0 };
const HOST_DISK = { capacity: 13, used: 0 };
const POOL_DISK = { capacity: 148, used: 0 };
const NUMA_TRAITS = ['HW_NUMA_ROOT', 'CUSTOM_FOO'];

describe('the candidates view', () => {
  it('lists allocations until 1.11', () => {
    for (const minor of [10, 11]) {
      expect(view(minor)).toMatchObject({
        allocation_requests: [
          {
            allocations: [
              { resource_provider: { uuid: NUMA }, ...NUMA_RESOURCES },
              { resource_provider: { uuid: POOL }, ...POOL_RESOURCES },
            ],
          },
          { allocations: [{ resource_provider: { uuid: HOST }, ...POOL_RESOURCES }] },
        ],
      });
    }
  });

  it('keys allocations by provider from 1.12, without mappings until 1.33', () => {
    for (const minor of [12, 33]) expect(view(minor)).toHaveProperty('allocation_requests', KEYED);
  });

  it('maps groups to providers from 1.34', () => {
    for (const minor of [34, 39]) {
      expect(view(minor)).toHaveProperty('allocation_requests', [
        { ...KEYED[0], mappings: { '': [NUMA, POOL], _X: [HOST] } },
        { ...KEYED[1], mappings: { '': [HOST] } },
      ]);
    }
  });

  it('summarises requested classes alone until 1.26, with traits from 1.17', () => {
    const summaries = {
      [HOST]: { resources: { DISK_GB: HOST_DISK } },
      [NUMA]: { resources: { VCPU } },
      [POOL]: { resources: { DISK_GB: POOL_DISK } },
    };
    for (const minor of [10, 16]) expect(view(minor)).toHaveProperty('provider_summaries', summaries);
    for (const minor of [17, 26]) {
      expect(view(minor)).toHaveProperty('provider_summaries', {
        [HOST]: { ...summaries[HOST], traits: [] },
        [NUMA]: { ...summaries[NUMA], traits: NUMA_TRAITS },
        [POOL]: { ...summaries[POOL], traits: ['CUSTOM_FOO'] },
      });
    }
  });

  it('summarises every class from 1.27, with parent and root from 1.29', () => {
    const numa = { resources: { VCPU, MEMORY_MB }, traits: NUMA_TRAITS };
    for (const minor of [27, 28]) expect(view(minor)).toHaveProperty(['provider_summaries', NUMA], numa);
    for (const minor of [29, 39]) {
      expect(view(minor)).toHaveProperty('provider_summaries', {
        [HOST]: {
          resources: { DISK_GB: HOST_DISK },
          traits: [],
          parent_provider_uuid: null,
          root_provider_uuid: HOST,
        },
        [NUMA]: { ...numa, parent_provider_uuid: HOST, root_provider_uuid: HOST },
        [POOL]: {
          resources: { DISK_GB: POOL_DISK },
          traits: ['CUSTOM_FOO'],
          parent_provider_uuid: null,
          root_provider_uuid: POOL,
        },
      });
    }
  });

  it('shows traits in the order of their ids', () => {
    expect(candidatesView(snapshot, RESULT, REQUEST, 39)).toContain('"traits":["HW_NUMA_ROOT","CUSTOM_FOO"]');
  });

  it('is an empty list and an empty object when nothing was found', () => {
    const nothing = { candidates: [], summarized: [] };
    for (const minor of [10, 39]) {
      expect(candidatesView(snapshot, nothing, REQUEST, minor)).toBe(
        '{"allocation_requests":[],"provider_summaries":{}}',
      );
    }
  });
});
