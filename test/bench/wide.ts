/**
 * What the candidate search costs where trees are wide and fleets are large: CPU ms per case, the snapshot's build apart. No server, no
 * database, one thread. An argument picks the cases whose name contains it. Exits with 1 if a case gives another number of candidates than it must.
 */
import { SHARING_TRAIT, toGeneration, type Supply } from '#berth/domain';
import {
  buildSnapshot,
  searchCandidates,
  type CandidatesRequest,
  type RequestGroup,
  type Snapshot,
} from '#berth/candidates';

interface Case {
  readonly name: string;
  /** Made when the case's turn comes, so that no case pays for the memory of another. */
  readonly supply: () => Supply;
  readonly request: CandidatesRequest;
  readonly expected: number;
}

/** Cheap cases are repeated until this much CPU is spent, so that the figure is more than the timer's grain. */
const LEAST_CPU_MS = 200;
const VF = 'SRIOV_NET_VF';
const CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB', VF];

function main(): void {
  const pattern = process.argv[2] ?? '';
  const chosen = cases().filter(({ name }) => name.includes(pattern));
  const rows = chosen.map((one) => {
    const supply = one.supply();
    const built = cpuMs(() => buildSnapshot(supply));
    const snapshot = built.result;
    // Cold is the first call of the case in this process; warm is the mean once compiled.
    const cold = cpuMs(() => searchCandidates(snapshot, one.request, Math.random));
    const found = cold.result.candidates.length;
    if (found !== one.expected) {
      process.stderr.write(`${one.name}: ${found} candidates instead of ${one.expected}\n`);
      process.exitCode = 1;
    }
    return [one.name, String(found), ms(built.cpuMs), ms(cold.cpuMs), ms(warmCpuMs(snapshot, one.request))];
  });
  const head = ['case', 'candidates', 'snapshot, CPU ms', 'first search, CPU ms', 'search, CPU ms'];
  const lines = [head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...rows];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}

function cases(): Case[] {
  const eight = () => wideTree(8, 8);
  const sixteen = () => wideTree(16, 8);
  const eightSingle = () => wideTree(8, 1);
  const sixteenSingle = () => wideTree(16, 1);
  const manyTrees = () => manyWideTrees(1_000, 8);
  const flat = () => fleet(10_000, 0);
  const full = () => fleet(100_000, 0.999);
  const vfs = (count: number, changes: Partial<CandidatesRequest>) => request(vfGroups(count), changes);
  const pooled = () => pooledFleet(100_000);
  const disk = [group('', [['DISK_GB', 80]])];
  const host = [
    group('', [
      ['VCPU', 4],
      ['MEMORY_MB', 8192],
      ['DISK_GB', 80],
    ]),
  ];
  return [
    toCase('8 groups on 8 children, none, limit 1000', eight, vfs(8, { limit: 1000 }), 1000),
    toCase('8 on 8, isolate, limit 1000', eight, vfs(8, { limit: 1000, groupPolicy: 'isolate' }), 1000),
    toCase('8 on 8, isolate, all', eight, vfs(8, { groupPolicy: 'isolate' }), 40_320),
    toCase('16 on 16, none, limit 100', sixteen, vfs(16, { limit: 100 }), 100),
    toCase('16 on 16, isolate, limit 100', sixteen, vfs(16, { limit: 100, groupPolicy: 'isolate' }), 100),
    toCase('8 on 8 of one VF, none, limit 1000', eightSingle, vfs(8, { limit: 1000 }), 1000),
    toCase('16 on 16 of one VF, none, limit 100', sixteenSingle, vfs(16, { limit: 100 }), 100),
    toCase('16 on 16 of one VF, randomised, limit 100', sixteenSingle, vfs(16, { limit: 100, randomize: true }), 100),
    toCase('9 on 8, isolate (impossible)', eight, vfs(9, { groupPolicy: 'isolate' }), 0),
    toCase('17 on 16 of one VF, none (impossible)', sixteenSingle, vfs(17, {}), 0),
    toCase(
      '5 × 3 and 5 × 4 VFs on 8 children of 5 (impossible to pack)',
      () => mixedTree([5, 5, 5, 5, 5, 5, 5, 5]),
      request([...vfGroups(5, 3), ...vfGroups(5, 4, 'B')], {}),
      0,
    ),
    toCase(
      '16 × 4 VFs and 5 × 3 VFs on 8 children of 10 (enough in all, impossible to pack)',
      () => mixedTree([10, 10, 10, 10, 10, 10, 10, 10]),
      request([...vfGroups(16, 4), ...vfGroups(5, 3, 'B')], {}),
      0,
    ),
    toCase(
      '16 × 4 VFs and 2 × 3 VFs on 8 unequal children (enough in all, impossible to pack)',
      () => mixedTree([8, 9, 10, 8, 9, 10, 8, 9]),
      request([...vfGroups(16, 4), ...vfGroups(2, 3, 'B')], {}),
      0,
    ),
    toCase(
      '8 × 3 VFs and 8 × 2 VFs on 8 children of 5, limit 100',
      () => mixedTree([5, 5, 5, 5, 5, 5, 5, 5]),
      request([...vfGroups(8, 3), ...vfGroups(8, 2, 'B')], { limit: 100 }),
      100,
    ),
    toCase('1,000 trees: 9 on 8, isolate (impossible)', manyTrees, vfs(9, { groupPolicy: 'isolate', limit: 10 }), 0),
    toCase(
      '1,000 trees: 8 on 8, isolate, limit 1000',
      manyTrees,
      vfs(8, { groupPolicy: 'isolate', limit: 1000 }),
      1000,
    ),
    toCase('flat 10,000 hosts, limit 10', flat, request(host, { limit: 10 }), 10),
    toCase('flat 10,000 hosts, limit 10, randomised', flat, request(host, { limit: 10, randomize: true }), 10),
    toCase('flat 10,000 hosts, limit 1000', flat, request(host, { limit: 1000 }), 1000),
    toCase('flat 10,000 hosts, all', flat, request(host, {}), 10_000),
    toCase('100,000 hosts around 3 shared pools, limit 10', pooled, request(host, { limit: 10 }), 10),
    toCase('100,000 hosts around 3 shared pools, disk alone, limit 10', pooled, request(disk, { limit: 10 }), 3),
    toCase('flat 100,000 hosts of which 99.9 % are full, limit 10', full, request(host, { limit: 10 }), 10),
  ];
}

function toCase(name: string, supply: () => Supply, wanted: CandidatesRequest, expected: number): Case {
  return { name, supply, request: wanted, expected };
}

function cpuMs<T>(work: () => T): { readonly result: T; readonly cpuMs: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuMs: (user + system) / 1000 };
}

/** Mean of one search after a first round for the compiler. */
function warmCpuMs(snapshot: Snapshot, wanted: CandidatesRequest): number {
  let mean = 0;
  for (let round = 0; round < 2; round++) {
    let [spent, count, batch] = [0, 0, 1];
    while (spent < LEAST_CPU_MS) {
      spent += cpuMs(() => {
        for (let at = 0; at < batch; at++) searchCandidates(snapshot, wanted, Math.random);
      }).cpuMs;
      count += batch;
      batch *= 2;
    }
    mean = spent / count;
  }
  return mean;
}

function ms(value: number): string {
  return value.toFixed(value < 1 ? 4 : 1);
}

type Resources = readonly (readonly [string, number])[];

function group(suffix: string, resources: Resources): RequestGroup {
  return {
    suffix,
    resources: resources.map(([resourceClass, amount]) => ({ resourceClass, amount })),
    required: [],
    forbidden: [],
    memberOf: [],
    notMemberOf: [],
    inTree: undefined,
  };
}

function vfGroups(count: number, amount = 1, prefix = ''): RequestGroup[] {
  return Array.from({ length: count }, (_, at) => group(`${prefix}${at + 1}`, [[VF, amount]]));
}

function request(groups: readonly RequestGroup[], changes: Partial<CandidatesRequest>): CandidatesRequest {
  return {
    groups,
    groupPolicy: 'none',
    rootRequired: [],
    rootForbidden: [],
    sameSubtrees: [],
    limit: undefined,
    spanTrees: true,
    maxCandidates: undefined,
    randomize: false,
    ...changes,
  };
}

interface Host {
  readonly parent: number | undefined;
  readonly inventory: readonly (readonly [resourceClass: string, total: number, used: number])[];
}

function wideTree(children: number, total: number): Supply {
  return mixedTree(new Array<number>(children).fill(total));
}

function mixedTree(totals: readonly number[]): Supply {
  return supplyOf(treeOf(totals, 0));
}

function manyWideTrees(trees: number, children: number): Supply {
  return supplyOf(
    Array.from({ length: trees }, (_, at) => treeOf(new Array<number>(children).fill(1), at * (children + 1))).flat(),
  );
}

function treeOf(totals: readonly number[], rootAt: number): Host[] {
  return [
    { parent: undefined, inventory: [['VCPU', 64, 0]] },
    ...totals.map((total) => ({ parent: rootAt, inventory: [[VF, total, 0]] as const })),
  ];
}

/** Hosts as a cloud has them; the first `fullShare` of them have no VCPU left. */
function fleet(size: number, fullShare: number): Supply {
  return supplyOf(
    Array.from({ length: size }, (_, at) => ({
      parent: undefined,
      inventory: [
        ['VCPU', 64, at < size * fullShare ? 64 : 8],
        ['MEMORY_MB', 262_144, 8192],
        ['DISK_GB', 4000, 100],
      ] as const,
    })),
  );
}

/** Hosts without disks, and at the end three pools that share theirs with all of them. */
function pooledFleet(size: number): Supply {
  const host: Host = {
    parent: undefined,
    inventory: [
      ['VCPU', 64, 8],
      ['MEMORY_MB', 262_144, 8192],
    ],
  };
  const pool: Host = { parent: undefined, inventory: [['DISK_GB', 1_000_000, 0]] };
  const supply = supplyOf([...new Array<Host>(size).fill(host), pool, pool, pool]);
  const sharing = { id: 4, name: SHARING_TRAIT };
  return {
    ...supply,
    traits: [...supply.traits, sharing],
    providerTraits: [
      ...supply.providerTraits,
      ...[1, 2, 3].map((at) => ({ providerId: size + at, traitId: sharing.id })),
    ],
    providerAggregates: supply.providers.map(({ id }) => ({ providerId: id, aggregate: 'everybody' })),
  };
}

function supplyOf(hosts: readonly Host[]): Supply {
  return {
    providers: hosts.map(({ parent }, at) => ({
      id: at + 1,
      uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      name: `host-${at}`,
      generation: toGeneration(0),
      parentId: parent === undefined ? null : parent + 1,
      rootId: (parent ?? at) + 1,
      changedAtMs: 0,
    })),
    inventories: hosts.flatMap(({ inventory }, at) =>
      inventory.map(([resourceClass, total, used]) => ({
        providerId: at + 1,
        resourceClassId: CLASSES.indexOf(resourceClass),
        total,
        reserved: 0,
        minUnit: 1,
        maxUnit: total,
        stepSize: 1,
        allocationRatio: 1,
        used,
      })),
    ),
    providerTraits: hosts.flatMap((_, at) => [
      { providerId: at + 1, traitId: 1 },
      { providerId: at + 1, traitId: 2 + (at % 2) },
    ]),
    providerAggregates: hosts.map((_, at) => ({ providerId: at + 1, aggregate: `zone-${at % 3}` })),
    traits: ['COMPUTE_NODE', 'HW_CPU_X86_AVX', 'HW_CPU_X86_AVX2'].map((name, at) => ({ id: at + 1, name })),
    resourceClasses: CLASSES.map((name, id) => ({ id, name })),
  };
}

main();
