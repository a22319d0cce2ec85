/**
 * What cluster locks cost: `npm run bench -- locks [rounds]`. Processor time of service and database together for an acquire
 * and its release, each a request, on names of their own and on one name; of 1,000 who wait; of a cached lock; and how
 * long it takes from a request that revokes a cached lock to its grant. Exits with 1 if an answer is another than it must be.
 */
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openEventStream } from '../support/event-stream.js';
import { percentile } from './measure/latencies.js';
import { treeCpuMs } from './measure/process-usage.js';
import { BenchDatabase } from './target/database.js';
import { KeeperProcess } from './target/keeper-process.js';

const AT_ONCE = 16;
const WAITERS = 1_000;
const IDLE_MS = 10_000;
const HANDOVERS = 200;
const HEADERS = { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0', 'content-type': 'application/json' };

interface Scene {
  readonly url: string;
  readonly sql: pg.Client;
  readonly pids: readonly number[];
}

interface Reply {
  readonly status: number;
  readonly body: { readonly token: number; readonly handle: string; readonly left?: string };
}

const agent = new Agent({ keepAlive: true, maxSockets: 2 * WAITERS });

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 5_000);
  const keeper = await KeeperProcess.start();
  const database = await BenchDatabase.create(keeper.postgres.adminUrl, 'berth_bench_locks');
  const sql = new pg.Client({ connectionString: database.url });
  try {
    const served = await keeper.serve(database.url, undefined);
    await sql.connect();
    const scene: Scene = { url: served.url, sql, pids: [served.pid, keeper.postgres.pid] };
    await send(scene, 'PUT', '/lockspaces/bench', {}, 201);
    process.stdout.write(
      `| case | at once | p50 ms | p99 ms | CPU ms | of it service | rows written |\n|---|--:|--:|--:|--:|--:|--:|\n`,
    );
    const own = (worker: number): string => `own ${worker}`;
    await measure(scene, 'warm', rounds, AT_ONCE, (worker) => pair(scene, own(worker), worker, 0));
    for (const atOnce of [1, AT_ONCE]) {
      await measure(scene, 'acquire and release, a name each', rounds, atOnce, (at) => pair(scene, own(at), at, 0));
    }
    await measure(scene, 'the same, one name, in line', rounds / 5, AT_ONCE, (at) => pair(scene, 'one', at, 60_000));
    await cached(scene, rounds);
    await idle(scene);
    await handOver(scene);
  } finally {
    agent.destroy();
    await sql.end();
    await keeper.stopService().catch(() => undefined);
    await database.drop();
    await keeper.stop();
  }
}

async function pair(scene: Scene, name: string, worker: number, waitMs: number): Promise<void> {
  const owner = `owner ${worker}`;
  const path = `/lockspaces/bench/locks/${encodeURIComponent(name)}`;
  const { body } = await send(scene, 'PUT', path, { owner, mode: 'exclusive', wait_ms: waitMs });
  await send(scene, 'PUT', path, { owner, mode: 'unlock', token: body.token });
}

async function cached(scene: Scene, rounds: number): Promise<void> {
  const handles = await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      const body = { name: `cached ${index}`, owner: `owner ${index}`, cache_write: true };
      return (await send(scene, 'POST', '/lockspaces/bench/handles', body, 201)).body.handle;
    }),
  );
  await measure(scene, 'acquire and release, cached', rounds, AT_ONCE, async (worker) => {
    const path = `/lockspaces/bench/locks/cached%20${worker}`;
    const handle = handles[worker];
    await send(scene, 'PUT', path, { handle, mode: 'exclusive', lease_ms: 3_600_000 });
    const { body } = await send(scene, 'PUT', path, { handle, mode: 'unlock' });
    if (body.left !== 'cached') throw new Error('the lock was not cached');
  });
}

async function measure(
  scene: Scene,
  name: string,
  rounds: number,
  atOnce: number,
  work: (worker: number) => Promise<void>,
): Promise<void> {
  const times: number[] = [];
  const before = cpuOf(scene);
  const written = await rowsWritten(scene);
  await Promise.all(
    Array.from({ length: atOnce }, async (_, worker) => {
      for (let round = worker; round < rounds; round += atOnce) {
        const from = performance.now();
        await work(worker);
        times.push(performance.now() - from);
      }
    }),
  );
  const [service, all] = cpuOf(scene).map((ms, index) => (ms - (before[index] ?? 0)) / rounds);
  times.sort((a, b) => a - b);
  const figures = [percentile(times, 0.5), percentile(times, 0.99), all ?? 0, service ?? 0].map((ms) => ms.toFixed(2));
  const rows = ((await rowsWritten(scene)) - written) / rounds;
  if (name !== 'warm') process.stdout.write(`| ${name} | ${atOnce} | ${figures.join(' | ')} | ${rows.toFixed(2)} |\n`);
}

/** Nobody does anything but wait; beside it the same time without anybody. */
async function idle(scene: Scene): Promise<void> {
  await sleep(6_000);
  const alone = await cpuWhile(scene, IDLE_MS);
  const path = (index: number): string => `/lockspaces/bench/locks/idle%20${index % 10}`;
  for (let lock = 0; lock < 10; lock += 1) {
    await send(scene, 'PUT', path(lock), { owner: 'holder', mode: 'exclusive', lease_ms: 600_000 });
  }
  const waits = Array.from({ length: WAITERS }, (_, index) =>
    send(scene, 'PUT', path(index), { owner: `waiter ${index}`, mode: 'exclusive', wait_ms: 30_000 }, 409),
  );
  await sleep(5_000);
  const waiting = await cpuWhile(scene, IDLE_MS);
  await Promise.all(waits);
  process.stdout.write(
    `\n${WAITERS} waiters, ${IDLE_MS / 1000} s: ${waiting.toFixed(0)} ms of processor time; without them ${alone.toFixed(0)} ms.\n`,
  );
}

async function cpuWhile(scene: Scene, ms: number): Promise<number> {
  const before = cpuOf(scene)[1] ?? 0;
  await sleep(ms);
  return (cpuOf(scene)[1] ?? 0) - before;
}

/** Two owners in turns: the one that has it cached gives it back as soon as it is told. */
async function handOver(scene: Scene): Promise<void> {
  const path = '/lockspaces/bench/locks/turns';
  const handles = await Promise.all(
    ['a', 'b'].map(async (owner) => {
      const body = { name: 'turns', owner, cache_write: true };
      return (await send(scene, 'POST', '/lockspaces/bench/handles', body, 201)).body.handle;
    }),
  );
  const streams = await Promise.all(
    ['a', 'b'].map((owner) => openEventStream(`${scene.url}/lockspaces/bench/events?owner=${owner}`, HEADERS)),
  );
  const told = [0, 0];
  let done = false;
  const holders = streams.map(async ({ events }, index) => {
    while (!done) {
      const revokes = events.filter(({ data }) => (data as { request?: unknown }).request === null).length;
      if (revokes > (told[index] ?? 0)) {
        told[index] = revokes;
        await send(scene, 'PUT', path, { handle: handles[index], mode: 'unlock' });
      } else await sleep(1);
    }
  });
  const times: number[] = [];
  for (let turn = 0; turn < HANDOVERS; turn += 1) {
    const from = performance.now();
    await send(scene, 'PUT', path, { handle: handles[turn % 2], mode: 'exclusive', wait_ms: 20_000 });
    times.push(performance.now() - from);
  }
  done = true;
  await Promise.all(holders);
  for (const stream of streams) stream.close();
  times.sort((a, b) => a - b);
  process.stdout.write(
    `\nRevoked to granted, ${HANDOVERS} times: p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms.\n`,
  );
}

/** Of the service, and of both. */
function cpuOf({ pids }: Scene): number[] {
  const [service = 0, database = 0] = pids.map((pid) => treeCpuMs(pid) ?? 0);
  return [service, service + database];
}

async function rowsWritten({ sql }: Scene): Promise<number> {
  // Sessions tell their counts with a delay of up to a second.
  await sleep(1_100);
  const { rows } = await sql.query<{ written: number }>(
    `select sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 as written from pg_stat_user_tables where relname like 'cluster_lock%'`,
  );
  return rows[0]?.written ?? 0;
}

function send(scene: Scene, method: string, path: string, body: object, expected = 200): Promise<Reply> {
  const payload = JSON.stringify(body);
  const headers = { ...HEADERS, 'content-length': `${Buffer.byteLength(payload)}` };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(new URL(path, scene.url), { method, agent, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const status = incoming.statusCode ?? 0;
        if (status === expected) resolve({ status, body: (text === '' ? {} : JSON.parse(text)) as Reply['body'] });
        else reject(new Error(`${method} ${path}: ${status} ${text}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`locks: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
