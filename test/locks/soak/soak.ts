import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../support/project.js';
import { check } from '../history/check.js';
import type { History, Violation } from '../history/history.js';
import { checkPermits } from '../history/permit-rules.js';
import { Random } from '../../support/random.js';
import { SoakClient } from './client.js';
import { Faults, type Fault, type FaultPlan } from './faults.js';
import { HandleClient } from './handle-client.js';
import { send } from '../../support/send.js';
import { SoakLog } from './log.js';
import { POOL, POOL_CAPACITY, PoolClient } from './pool-client.js';
import { SoakPostgres, type SoakDatabase } from './postgres.js';
import { ageSessions, installRecord, listLeftovers, listRemains, readPermits, readRecord } from './record.js';
import { GRACE_MS, LEASE_MS, LOCKSPACE, type Scene } from './scene.js';
import { ServiceProcess } from '../../support/service-process.js';

const LOCKS = 40;
const HOT_LOCKS = 5;
/** Of all clients so many have handles that cache, so many that count. */
const CACHED_PART = 0.16;
const COUNTED_PART = 0.06;
/** And so many work with permits of a pool. */
const POOL_PART = 0.14;

const SET_UP_LIMIT_MS = 30_000;
const PROGRESS_MS = 5_000;
/** Waiters of a server that died leave within 15 s, and the sweeper comes every 5. */
export const QUIET_LIMIT_MS = 60_000;
const QUIET_POLL_MS = 250;

export interface SoakOptions {
  readonly operations: number;
  /** The run ends then, even if there were fewer operations. */
  readonly seconds: number;
  readonly clients: number;
  readonly servers: number;
  readonly seed: number;
  readonly faults: FaultPlan;
  /** A rule that the servers break (test/locks/broken.mjs). */
  readonly broken?: string | undefined;
  /** How long to wait until nothing is left of what clients did. */
  readonly quietLimitMs: number;
  readonly progress?: ((line: string) => void) | undefined;
}

export interface SoakReport {
  readonly operations: number;
  /** Kind and outcome: how many. */
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<Fault, number>;
  /** Grants and permits that the database recorded. */
  readonly grants: number;
  readonly permits: number;
  readonly writes: { readonly accepted: number; readonly refused: number };
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly seconds: number;
}

/** What a rule is broken with: loaded into the service before its own code. */
const BREAKER = pathToFileURL(join(PROJECT, 'test/locks/broken.mjs')).href;

/** Lets many clients work on locks while servers and database are killed, paused and restarted, and judges what they saw. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const postgres = await SoakPostgres.start();
  try {
    return await soakOn(postgres, options);
  } finally {
    await postgres.stop();
  }
}

/** The same on a database that is there. */
export async function soakOn(postgres: SoakDatabase, options: SoakOptions): Promise<SoakReport> {
  const { broken } = options;
  const breaking = broken === undefined ? {} : { imports: [BREAKER], env: { SOAK_BROKEN: broken } };
  const servers = Array.from(
    { length: options.servers },
    () => new ServiceProcess({ databaseUrl: postgres.url, ...breaking }),
  );
  try {
    await Promise.all(servers.map((server) => server.start()));
    return await run(options, postgres, servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function run(
  options: SoakOptions,
  postgres: SoakDatabase,
  servers: readonly ServiceProcess[],
): Promise<SoakReport> {
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1_000;
  const log = new SoakLog(GRACE_MS);
  const random = new Random(options.seed);
  const faults = new Faults(servers, postgres, new Random(random.between(0, 2 ** 31)), options.faults);
  const isOver = (): boolean =>
    (log.operations >= options.operations && faults.areDone) || elapsed() >= options.seconds;
  const scene = await setScene(postgres, servers, log, isOver);
  const permits = new SoakLog(0);
  const clients = makeClients(options, scene, random, permits);
  const tick = setInterval(() => {
    const done = [...faults.counts].map(([fault, times]) => `${times} ${fault}`).join(', ');
    options.progress?.(`${elapsed().toFixed(0)} s: ${log.operations} operations; ${done}`);
  }, PROGRESS_MS);
  try {
    await Promise.all([faults.run(isOver), ...clients.map((client) => client.run())]);
    await Promise.all(clients.map((client) => (client instanceof HandleClient ? client.end() : undefined)));
  } finally {
    clearInterval(tick);
  }
  const leftovers = await comeToRest(postgres, options.quietLimitMs);
  const record = await readRecord(postgres);
  const recordOfPermits = await readPermits(postgres);
  const remains = leftovers.length > 0 ? [] : await removeAll(postgres, servers);
  const written = [...leftovers, ...remains].map((message): Violation => ({ rule: 'leftovers', message }));
  const history = log.history(record);
  const accepted = log.writes.filter((write) => write.accepted).length;
  return {
    ...{
      operations: log.operations,
      counts: log.counts,
      faults: faults.counts,
      grants: record.length,
      permits: recordOfPermits.length,
    },
    writes: { accepted, refused: log.writes.length - accepted },
    violations: [...check(history), ...checkPermits(permits.history(recordOfPermits), POOL_CAPACITY), ...written],
    history,
    seconds: elapsed(),
  };
}

function makeClients(
  { clients }: SoakOptions,
  scene: Scene,
  random: Random,
  permits: SoakLog,
): (SoakClient | HandleClient | PoolClient)[] {
  return Array.from({ length: clients }, (_, index) => {
    const own = new Random(random.between(0, 2 ** 31));
    const owner = `client ${index}`;
    if (index < clients * CACHED_PART) return new HandleClient(scene, own, owner, 'cached');
    if (index < clients * (CACHED_PART + COUNTED_PART)) return new HandleClient(scene, own, owner, 'counted');
    if (index >= clients * (1 - POOL_PART)) return new PoolClient(scene, own, owner, permits);
    return new SoakClient(scene, own, owner);
  });
}

async function setScene(
  postgres: SoakDatabase,
  servers: readonly ServiceProcess[],
  log: SoakLog,
  isOver: () => boolean,
): Promise<Scene> {
  await installRecord(postgres);
  await ask(servers, 'PUT', `/lockspaces/${LOCKSPACE}`, { lease_ms: LEASE_MS.to, grace_ms: GRACE_MS });
  await ask(servers, 'PUT', `/lock_pools/${POOL}`, { capacity: POOL_CAPACITY });
  const locks = Array.from({ length: LOCKS }, (_, index) => `lock ${index}`);
  const providers = new Map<string, { uuid: string; generation: number }>();
  for (const name of locks) {
    const uuid = randomUUID();
    await ask(servers, 'POST', '/resource_providers', { name: `under ${name}`, uuid });
    providers.set(name, { uuid, generation: 0 });
  }
  return { servers, log, locks, hot: locks.slice(0, HOT_LOCKS), providers, isOver };
}

/** Waits until nothing is left, and answers what is. */
async function comeToRest(postgres: SoakDatabase, limitMs: number): Promise<string[]> {
  const deadline = performance.now() + limitMs;
  let isAged = false;
  for (;;) {
    const left = await listLeftovers(postgres);
    if (left.length === 0 || performance.now() > deadline) return left;
    if (!isAged && left.every((what) => what.endsWith(' sessions'))) {
      await ageSessions(postgres);
      isAged = true;
    }
    await sleep(QUIET_POLL_MS);
  }
}

/** What nobody uses can be removed, with all that was ever in it. */
async function removeAll(postgres: SoakDatabase, servers: readonly ServiceProcess[]): Promise<string[]> {
  await ask(servers, 'POST', `/lockspaces/${LOCKSPACE}/drain`);
  await ask(servers, 'DELETE', `/lockspaces/${LOCKSPACE}`);
  await ask(servers, 'DELETE', `/lock_pools/${POOL}`);
  return await listRemains(postgres);
}

async function ask([server]: readonly ServiceProcess[], method: string, path: string, body?: object): Promise<void> {
  const { status, body: answer } = await send(server?.url ?? '', { method, path, body, limitMs: SET_UP_LIMIT_MS });
  if (status < 200 || status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
}
