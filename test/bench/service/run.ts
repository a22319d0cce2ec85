import { randomBytes } from 'node:crypto';
import { measureCeiling } from '../load/ceiling.js';
import { Generators } from '../load/generators.js';
import { describeMachine } from '../measure/machine.js';
import type { Result } from '../report/result.js';
import { BenchDatabase } from '../target/database.js';
import { KeeperProcess } from '../target/keeper-process.js';
import type { Workload } from '../workload/workload.js';
import { WORKLOADS } from '../workload/workloads.js';
import { SEED, type WorldKind, type WorldPlan } from '../world/world.js';
import type { Options } from './options.js';
import type { Target } from './target.js';
import { measureStart, measureStored, measureWorkloads, openOwn, seed, SEED_CONNECTIONS } from './world-run.js';
import type { Findings } from './world-run.js';

const TAG_BYTES = 6;

/** Runs the whole benchmark; whatever it started is stopped when it ends, however it ends. */
export async function runBench(options: Options, command: string): Promise<Result> {
  const startedAt = new Date().toISOString();
  const ceilings = await measureCeiling(options.generators, options.concurrency);
  const keeper = options.url === undefined ? await KeeperProcess.start() : undefined;
  const senders = new Map<string, Generators>();
  const findings: Findings = { cells: [], seedings: [], starts: [], notes: [] };
  try {
    const version = keeper && (await BenchDatabase.serverVersion(keeper.postgres.adminUrl));
    const machine = describeMachine(version);
    senders.set('berth', new Generators(options.generators));
    if (options.peer) senders.set('peer', new Generators(options.generators));
    const tag = randomBytes(TAG_BYTES).toString('hex');
    for (const plan of worldPlans(options, tag)) await runWorld(options, plan, keeper, senders, findings);
    return { startedAt, command, machine, ceilings, ...findings };
  } finally {
    for (const generators of senders.values()) await generators.stop();
    await keeper?.stop();
  }
}

async function runWorld(
  options: Options,
  plan: WorldPlan,
  keeper: KeeperProcess | undefined,
  senders: ReadonlyMap<string, Generators>,
  findings: Findings,
): Promise<void> {
  const chosen = workloadsOf(options, plan.kind);
  const own = keeper && (await openOwn(keeper, keeper.postgres, plan, options));
  const targets = targetsOf(options, senders, keeper?.postgres.pid, own);
  // The names of a world are the run's own, but its sizes share them: on a server that stays, one goes before the next.
  const lasting = targets.filter(({ name }) => keeper === undefined || name !== 'berth');
  try {
    for (const target of targets) await seed(target, plan, options, findings);
    const plain = chosen.filter(({ storedConsumers }) => storedConsumers === undefined);
    await measureWorkloads(targets, plan, plain, options, findings);
    if (keeper && own) await measureStart(keeper, own.database, plan, options, findings);
    await runStored(options, plan, keeper, own?.database, targets, findings);
  } finally {
    for (const { generators } of lasting) await generators.remove(SEED_CONNECTIONS).catch(() => undefined);
    await keeper?.stopService().catch(() => undefined);
    await own?.database.drop();
  }
}

async function runStored(
  options: Options,
  plan: WorldPlan,
  keeper: KeeperProcess | undefined,
  database: BenchDatabase | undefined,
  [first]: readonly Target[],
  findings: Findings,
): Promise<void> {
  const stored = workloadsOf(options, plan.kind).filter(({ storedConsumers }) => storedConsumers);
  if (stored.length === 0 || plan.size !== Math.max(...options.hosts) || first === undefined) return;
  if (keeper && database) {
    await measureStored(keeper, database, first, plan, stored, options, findings);
  }
  if (!keeper || options.peer) {
    const ids = stored.map(({ id }) => id).join(', ');
    findings.notes.push(`${ids}: only for the own server; the allocations go straight into its database`);
  }
}

function targetsOf(
  options: Options,
  senders: ReadonlyMap<string, Generators>,
  databasePid: number | undefined,
  own: { readonly url: string; readonly pid: number } | undefined,
): Target[] {
  const { token, minor, peer } = options;
  return [...senders].map(([name, generators]) => {
    if (name === 'peer' && peer) {
      const { url, serverPid, databasePid: pid } = peer;
      return { name, generators, address: { url, token: peer.token, minor: peer.minor }, serverPid, databasePid: pid };
    }
    return {
      ...{ name, generators, address: { url: own?.url ?? options.url ?? '', token, minor } },
      serverPid: own?.pid ?? options.serverPid,
      databasePid: databasePid ?? options.databasePid,
    };
  });
}

/** The worlds that the chosen workloads need. */
function worldPlans(options: Options, tag: string): WorldPlan[] {
  const sizes: Readonly<Record<WorldKind, readonly number[]>> = {
    flat: options.hosts,
    nested: [options.nestedTrees],
    wide: [options.wideTrees],
  };
  return (['flat', 'nested', 'wide'] as const)
    .filter((kind) => workloadsOf(options, kind).length > 0)
    .flatMap((kind) => sizes[kind].map((size) => ({ kind, size, seed: SEED, tag })));
}

function workloadsOf(options: Options, kind: WorldKind): Workload[] {
  return WORKLOADS.filter(({ id, world }) => world === kind && options.workloads.includes(id));
}
