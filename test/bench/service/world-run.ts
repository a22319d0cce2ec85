import { HttpConnection } from '../load/http-connection.js';
import { treeMemoryMb } from '../measure/process-usage.js';
import { rounded } from '../report/markdown.js';
import type { Cell, Seeding, Start } from '../report/result.js';
import type { Postgres } from '../target/keeper-orders.js';
import type { KeeperProcess } from '../target/keeper-process.js';
import { BenchDatabase } from '../target/database.js';
import type { Workload } from '../workload/workload.js';
import { buildWorld, providerCount } from '../world/build-world.js';
import type { WorldPlan } from '../world/world.js';
import { measureCell, stretchOf, summaryOf } from './cells.js';
import { checkInterruption } from './interruption.js';
import type { Options } from './options.js';
import { Progress } from './progress.js';
import type { Target } from './target.js';

/** Where a run collects what it finds. */
export interface Findings {
  readonly cells: Cell[];
  readonly seedings: Seeding[];
  readonly starts: Start[];
  readonly notes: string[];
}

export const SEED_CONNECTIONS = 16;

/** Makes the world in a target and measures that, too; one that `openOwn` has made is only entered. */
export async function seed(target: Target, plan: WorldPlan, { seedBySql }: Options, findings: Findings): Promise<void> {
  await target.generators.enter(target.address, plan);
  if (seedBySql) return;
  const progress = new Progress(`${target.name}: making ${plan.kind} ${plan.size}`);
  const stretch = await stretchOf(target, () =>
    target.generators.seed(SEED_CONNECTIONS, (done, total) => progress.show(done, total)),
  );
  progress.end();
  const providers = providerCount(buildWorld(plan));
  const seconds = Math.max(...stretch.results.map(({ elapsedMs }) => elapsedMs)) / 1_000;
  const { kind: world, size } = plan;
  const { name: server } = target;
  findings.seedings.push({ server, world, size, providers, seconds, providersPerSecond: providers / seconds });
  const cell: Cell = {
    ...summaryOf([stretch]),
    ...{ server, workload: 'seed', title: 'make the world, per request', world, size, concurrency: SEED_CONNECTIONS },
    peakMemoryMb: treeMemoryMb(target.serverPid, 'VmHWM'),
  };
  findings.cells.push(cell);
  tell(cell);
}

/** Measures the workloads of a world on all targets that have it. */
export async function measureWorkloads(
  targets: readonly Target[],
  world: WorldPlan,
  workloads: readonly Workload[],
  { concurrency, seconds, rounds, maxSteps }: Options,
  findings: Findings,
  storedConsumers = 0,
): Promise<void> {
  for (const workload of workloads) {
    const able = targets.filter(
      ({ name, address }) => address.minor >= workload.since && !(workload.contract && name === 'peer'),
    );
    for (const { name } of targets.filter((target) => !able.includes(target))) {
      const needed = workload.contract ? 'berth 1.0' : `version 1.${workload.since}`;
      findings.notes.push(`${workload.id} left out for ${name}: it needs ${needed}`);
    }
    for (const each of concurrency) {
      checkInterruption();
      const plan = { workload, world, concurrency: each, seconds, rounds, maxSteps, storedConsumers };
      const cells = await measureCell(able, plan);
      findings.cells.push(...cells);
      cells.forEach(tell);
    }
  }
}

/** Starts the service anew on the filled database, answers where it is, and notes how long that took. */
export async function measureStart(
  keeper: KeeperProcess,
  database: BenchDatabase,
  plan: WorldPlan,
  options: Options,
  findings: Findings,
  storedConsumers = 0,
): Promise<{ readonly url: string; readonly pid: number }> {
  await keeper.stopService();
  const served = await keeper.serve(database.url, options.workers);
  const connection = new HttpConnection({ url: served.url, token: options.token, minor: options.minor });
  const from = performance.now();
  // Every world has processors somewhere.
  await connection.call({ method: 'GET', path: '/allocation_candidates?resources=VCPU:1&limit=1' });
  const firstSearchMs = performance.now() - from;
  connection.close();
  findings.starts.push({
    ...{ server: 'berth', world: plan.kind, size: plan.size, providers: providerCount(buildWorld(plan)) },
    storedConsumers,
    ...{ readyMs: served.readyMs, firstSearchMs },
    ...{ memoryMb: treeMemoryMb(served.pid, 'VmRSS'), peakMemoryMb: treeMemoryMb(served.pid, 'VmHWM') },
  });
  return served;
}

/** Measures what needs many allocations that were written into the own database directly. */
export async function measureStored(
  keeper: KeeperProcess,
  database: BenchDatabase,
  target: Target,
  plan: WorldPlan,
  workloads: readonly Workload[],
  options: Options,
  findings: Findings,
): Promise<void> {
  await keeper.stopService();
  const progress = new Progress('allocations into the database');
  progress.show(0, options.storedAllocations);
  const consumers = await database.storeAllocations(plan.tag, options.storedAllocations);
  progress.end();
  const ids = workloads.map(({ id }) => id).join(', ');
  findings.notes.push(`${ids}: ${options.storedAllocations} allocations of ${consumers} consumers in the database`);
  const { url, pid } = await measureStart(keeper, database, plan, options, findings, consumers);
  const moved: Target = { ...target, address: { ...target.address, url }, serverPid: pid };
  await moved.generators.enter(moved.address, plan);
  await measureWorkloads([moved], plan, workloads, options, findings, consumers);
}

/** A database, empty or with the world in it, and the service on it. */
export async function openOwn(
  keeper: KeeperProcess,
  { adminUrl }: Postgres,
  plan: WorldPlan,
  options: Options,
): Promise<{ readonly database: BenchDatabase; readonly url: string; readonly pid: number }> {
  const database = await BenchDatabase.create(adminUrl, `bench_${plan.kind}_${plan.size}`);
  const empty = await keeper.serve(database.url, options.workers);
  if (!options.seedBySql) return { database, url: empty.url, pid: empty.pid };
  // The service has made the tables; what happens behind its back it would not see.
  await keeper.stopService();
  await database.storeWorld(buildWorld(plan));
  const { url, pid } = await keeper.serve(database.url, options.workers);
  return { database, url, pid };
}

/** One line to standard error as soon as a cell is known: whoever watches a long run sees where it is going. */
function tell(cell: Cell): void {
  const facts = [
    `${rounded(cell.perSecond)}/s`,
    `p50 ${rounded(cell.p50Ms)} p99 ${rounded(cell.p99Ms)} ms`,
    `CPU ${rounded(cell.serverCpuMs)} + ${rounded(cell.databaseCpuMs)} ms`,
    ...(cell.refused > 0 ? [`${cell.refused} refused`] : []),
    ...(cell.failed > 0 ? [`${cell.failed} ERRORS: ${cell.samples[0]}`] : []),
  ];
  const place = `${cell.world} ${cell.size} × ${cell.concurrency}`;
  process.stderr.write(`${cell.server} ${cell.workload.padEnd(4)} ${place.padEnd(18)} ${facts.join('  ')}\n`);
}
