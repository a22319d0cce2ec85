import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../support/migrate.js';
import { ServiceProcess } from '../support/service-process.js';
import { waitFor } from '../support/wait-for.js';
import { Cluster, query } from './cluster.js';
import { furnish, work } from './load.js';
import { Record } from './record.js';
import { judge } from './verdict.js';

const LIMIT_MS = 180_000;
const POLL_MS = 100;

/** Load before a fault and after everything is well again: ms. */
const CALM_MS = 4_000;

const BERTHS = 2;

export interface SoakOptions {
  readonly kills: number;
  readonly clients: number;
  readonly isPooled: boolean;
  /** Leaves the directory with the logs. */
  readonly keep: boolean;
  readonly say: (line: string) => void;
}

/** What one fault did to the writes of all clients; times from the fault, s. */
export interface Phase {
  readonly what: string;
  /** Another node said that it leads. */
  readonly elected: number | undefined;
  /** It was reached by way of HAProxy, and wrote. */
  readonly routed: number | undefined;
  /** The longest time without a write that was accepted, and when it ended. */
  readonly gap: number;
  readonly recovered: number | undefined;
  /** Answers since the fault. */
  readonly statuses: ReadonlyMap<number, number>;
}

export interface SoakReport {
  readonly phases: readonly Phase[];
  readonly record: Record;
  readonly violations: readonly string[];
}

/** Claims and gives back while primaries are killed, and judges whether everybody was told the truth. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const cluster = await Cluster.prepare(BERTHS, options.isPooled);
  const servers = cluster.berthPorts.map((port) => {
    const env = { DATABASE_DIRECT_URL: cluster.primaryUrl, BERTH_DATABASE_POOLER: 'transaction' };
    return options.isPooled
      ? new ServiceProcess({ databaseUrl: cluster.pgbouncerUrl, port, env })
      : new ServiceProcess({ databaseUrl: cluster.primaryUrl, port });
  });
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await cluster.stop(options);
  };
  // Ctrl-C ends what was started, too; a second one ends it at once (processes.ts).
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  }
  try {
    await cluster.start(options.say);
    await waitFor(() => isWell(cluster), { what: 'the primary behind HAProxy', limitMs: LIMIT_MS });
    await migrate(cluster.primaryUrl);
    await Promise.all(servers.map((server) => server.start()));
    return await run(cluster, servers, options);
  } finally {
    await stop();
  }
}

async function run(cluster: Cluster, servers: readonly ServiceProcess[], options: SoakOptions): Promise<SoakReport> {
  const record = new Record();
  await waitFor(
    () =>
      fetch(cluster.serviceUrl).then(
        ({ status }) => status === 200,
        () => false,
      ),
    {
      what: 'the service behind HAProxy',
      limitMs: LIMIT_MS,
    },
  );
  const providers = await furnish(cluster.serviceUrl);
  let over = false;
  const clients = Array.from({ length: options.clients }, () =>
    work(cluster.serviceUrl, providers, record, () => over),
  );
  const phases: Phase[] = [];
  const phase = async (what: string, fault: () => Promise<Pick<Phase, 'elected' | 'routed'>>): Promise<void> => {
    await sleep(CALM_MS);
    const atMs = performance.now();
    const seen = await fault();
    await sleep(CALM_MS);
    const { longest, firstAfter } = record.gapAround(atMs);
    const recovered = firstAfter === undefined ? undefined : firstAfter / 1_000;
    phases.push({ what, ...seen, gap: longest / 1_000, recovered, statuses: record.statusesSince(atMs) });
    options.say(`${what}: the longest time without an accepted write was ${(longest / 1_000).toFixed(1)} s`);
  };
  try {
    for (let kill = 1; kill <= options.kills; kill += 1) {
      await phase(`kill ${kill} of the primary`, () => killPrimary(cluster));
    }
    await phase('switchover', () => switchOver(cluster));
    await phase('kill of a Berth', async () => {
      await servers[0]?.kill();
      await sleep(CALM_MS);
      await servers[0]?.start();
      return { elected: undefined, routed: undefined };
    });
    await phase('reload of HAProxy', () => {
      cluster.reloadHaproxy();
      return Promise.resolve({ elected: undefined, routed: undefined });
    });
  } finally {
    over = true;
    await Promise.all(clients);
  }
  const violations = await judge(
    record,
    cluster.primaryUrl,
    servers.map(({ url }) => url),
  );
  return { phases, record, violations };
}

/** Returns when the dead node is back as a standby, in step with the others. */
async function killPrimary(cluster: Cluster): Promise<Pick<Phase, 'elected' | 'routed'>> {
  const old = await waitFor(() => cluster.leader(), { what: 'a leader', limitMs: LIMIT_MS });
  const atMs = performance.now();
  cluster.kill(old);
  const seen = await newLeader(cluster, old.name, atMs);
  await waitFor(() => isWell(cluster), { what: 'accepted writes', limitMs: LIMIT_MS });
  cluster.startNode(old);
  await cluster.healthy();
  return seen;
}

async function switchOver(cluster: Cluster): Promise<Pick<Phase, 'elected' | 'routed'>> {
  const old = await waitFor(() => cluster.leader(), { what: 'a leader', limitMs: LIMIT_MS });
  const atMs = performance.now();
  const asked = cluster.switchOver(old);
  const seen = await newLeader(cluster, old.name, atMs);
  await asked;
  await cluster.healthy();
  return seen;
}

async function newLeader(cluster: Cluster, old: string, atMs: number): Promise<Pick<Phase, 'elected' | 'routed'>> {
  const since = (): number => (performance.now() - atMs) / 1_000;
  await waitFor(async () => ((await cluster.leader())?.name ?? old) !== old, {
    what: 'a new leader',
    limitMs: LIMIT_MS,
  });
  const elected = since();
  await waitFor(() => isWell(cluster), { what: 'the new primary behind HAProxy', limitMs: LIMIT_MS });
  return { elected, routed: since() };
}

/** A write, which is answered when a synchronous standby has it. */
async function isWell(cluster: Cluster): Promise<boolean> {
  await sleep(POLL_MS);
  const write = `select pg_logical_emit_message(true, 'soak', 'well')`;
  return query(cluster.primaryUrl, write).then(
    () => true,
    () => false,
  );
}
