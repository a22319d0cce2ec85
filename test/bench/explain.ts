/**
 * What an explanation costs beside the search that it explains: CPU ms per case on flat fleets, one thread, no server. An argument is the
 * number of hosts (10,000 and 100,000 without). Exits with 1 if a case finds what it must not, or proposes something else.
 */
import { toGeneration, type Supply } from '#berth/domain';
import {
  buildSnapshot,
  explain,
  searchCandidates,
  type CandidatesRequest,
  type RequestGroup,
  type Snapshot,
} from '#berth/candidates';

interface Case {
  readonly name: string;
  readonly request: CandidatesRequest;
  /** Kind of the relaxation; `none` where there are candidates, `several` where no single change helps. */
  readonly expected: string;
}

/** Cheap cases are repeated until this much CPU is spent. */
const LEAST_CPU_MS = 300;
const CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'FPGA'];
const TRAITS = ['COMPUTE_NODE', 'HW_CPU_X86_AVX', 'HW_CPU_X86_AVX2'];

function main(): void {
  const sizes = process.argv[2] === undefined ? [10_000, 100_000] : [Number(process.argv[2])];
  const rows = sizes.flatMap((size) => {
    const snapshot = buildSnapshot(fleet(size));
    return cases().map((one) => measure(snapshot, size, one));
  });
  const head = ['hosts', 'case', 'relaxation', 'tried', 'search, CPU ms', 'explain, CPU ms', 'ratio'];
  const lines = [head, head.map(() => '---'), ...rows];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}

function measure(snapshot: Snapshot, size: number, { name, request, expected }: Case): string[] {
  const { found, relaxation, tried } = explain(snapshot, request);
  const proposed = relaxation?.kind ?? (found ? 'none' : 'several');
  if (proposed !== expected) {
    process.stderr.write(`${size}, ${name}: ${proposed} instead of ${expected}\n`);
    process.exitCode = 1;
  }
  const search = warmCpuMs(() => searchCandidates(snapshot, request, Math.random));
  const explained = warmCpuMs(() => explain(snapshot, request));
  const ratio = (explained / search).toFixed(1);
  return [String(size), name, proposed, String(tried), search.toFixed(3), explained.toFixed(3), ratio];
}

function cases(): Case[] {
  const host = { VCPU: 4, MEMORY_MB: 8192, DISK_GB: 80 };
  const avx = { required: [['HW_CPU_X86_AVX']], forbidden: ['COMPUTE_NODE'] };
  const both = { required: [['HW_CPU_X86_AVX'], ['HW_CPU_X86_AVX2']] };
  const tooMuch = { ...host, VCPU: 60 };
  const apart = [
    group('1', host, { required: [['HW_CPU_X86_AVX']] }),
    group('2', { VCPU: 1 }, { required: [['HW_CPU_X86_AVX2']] }),
  ];
  return [
    { name: 'candidates, limit 10', request: request([group('', host)], 10), expected: 'none' },
    { name: 'candidates, all', request: request([group('', host)], undefined), expected: 'none' },
    { name: 'too much VCPU', request: request([group('', tooMuch)], 10), expected: 'change_amount' },
    { name: 'the same, granular', request: request([group('1', tooMuch)], 10), expected: 'change_amount' },
    { name: 'two traits, never together', request: request([group('', host, both)], 10), expected: 'drop_required' },
    { name: 'the same, granular', request: request([group('1', host, both)], 10), expected: 'drop_required' },
    {
      name: 'a trait that all have, forbidden',
      request: request([group('', host, avx)], 10),
      expected: 'drop_forbidden',
    },
    {
      name: 'aggregates, never together',
      request: request([group('', host, { memberOf: [['zone-0'], ['zone-1']] })], 10),
      expected: 'drop_member_of',
    },
    {
      name: 'a class that nobody has',
      request: request([group('', { ...host, FPGA: 1 })], 10),
      expected: 'remove_class',
    },
    { name: 'two groups, never in one tree', request: request(apart, 10), expected: 'drop_required' },
    {
      name: 'too much, and two traits never together',
      request: request([group('1', tooMuch, both)], 10),
      expected: 'several',
    },
  ];
}

/** Mean of one call after a first round for the compiler. */
function warmCpuMs(work: () => unknown): number {
  let mean = 0;
  for (let round = 0; round < 2; round++) {
    let [spent, count] = [0, 0];
    for (let batch = 1; spent < LEAST_CPU_MS; batch *= 2) {
      const before = process.cpuUsage();
      for (let at = 0; at < batch; at++) work();
      const { user, system } = process.cpuUsage(before);
      spent += (user + system) / 1000;
      count += batch;
    }
    mean = spent / count;
  }
  return mean;
}

function group(
  suffix: string,
  resources: Readonly<Record<string, number>>,
  conditions: Partial<RequestGroup> = {},
): RequestGroup {
  return {
    suffix,
    resources: Object.entries(resources).map(([resourceClass, amount]) => ({ resourceClass, amount })),
    required: [],
    forbidden: [],
    memberOf: [],
    notMemberOf: [],
    inTree: undefined,
    ...conditions,
  };
}

function request(groups: readonly RequestGroup[], limit: number | undefined): CandidatesRequest {
  const rules = { groupPolicy: 'none' as const, rootRequired: [], rootForbidden: [], sameSubtrees: [] };
  return { groups, ...rules, limit, spanTrees: true, maxCandidates: undefined, randomize: false };
}

/** Hosts as a cloud has them, each with one of two traits, and in one of three zones. */
function fleet(size: number): Supply {
  const providers = Array.from({ length: size }, (_, at) => ({
    id: at + 1,
    uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    name: `host-${at}`,
    generation: toGeneration(0),
    parentId: null,
    rootId: at + 1,
    changedAtMs: 0,
  }));
  const totals = [64, 262_144, 4000];
  return {
    providers,
    inventories: providers.flatMap(({ id }) =>
      totals.map((total, resourceClassId) => ({
        ...{ providerId: id, resourceClassId, total, reserved: 0, minUnit: 1, maxUnit: total, stepSize: 1 },
        ...{ allocationRatio: 1, used: 8 + (id % 3) },
      })),
    ),
    providerTraits: providers.flatMap(({ id }) => [
      { providerId: id, traitId: 1 },
      { providerId: id, traitId: 2 + (id % 2) },
    ]),
    providerAggregates: providers.map(({ id }) => ({ providerId: id, aggregate: `zone-${id % 3}` })),
    traits: TRAITS.map((name, at) => ({ id: at + 1, name })),
    resourceClasses: CLASSES.map((name, id) => ({ id, name })),
  };
}

main();
