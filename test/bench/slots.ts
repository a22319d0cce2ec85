/**
 * What a slot costs in a claim, by how many are held: nothing, 0, and all but the last thousand of a limit of 100,000, where the run
 * takes the last one, too. `npm run bench -- slots [concurrency]`. Latencies of a client, and processor time of service and
 * database together. Exits with 1 if an answer is another than it must be.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { percentile } from './measure/latencies.js';
import { treeCpuMs } from './measure/process-usage.js';
import { BenchDatabase } from './target/database.js';
import { KeeperProcess } from './target/keeper-process.js';

const LIMIT = 100_000;
const STEPS = 1_000;
const KEY = 'licence(bench)';

interface Place {
  readonly uuid: string;
  generation: number;
}

interface Scene {
  readonly url: string;
  readonly sql: pg.Client;
  readonly pids: readonly number[];
  readonly places: readonly Place[];
}

/** One kind of claim; `held`: so many slots are held before it begins. */
interface Case {
  readonly name: string;
  readonly held: number;
  readonly slotLocks: readonly object[] | undefined;
  readonly expected: number;
  /** Gives each claim back at once, unmeasured. */
  readonly back?: true;
}

const LICENCE = [{ key: KEY, limit: LIMIT }];

const CASES: readonly Case[] = [
  { name: 'no slot', held: 0, slotLocks: undefined, expected: 204 },
  { name: 'a key of its own', held: 0, slotLocks: [], expected: 204 },
  { name: `of ${LIMIT}, none held`, held: 0, slotLocks: LICENCE, expected: 204 },
  { name: `of ${LIMIT}, up to the last`, held: LIMIT - STEPS, slotLocks: LICENCE, expected: 204 },
  {
    name: `of ${LIMIT}, one free, given back each time`,
    held: LIMIT - 1,
    slotLocks: LICENCE,
    expected: 204,
    back: true,
  },
  { name: `of ${LIMIT}, all held`, held: LIMIT, slotLocks: LICENCE, expected: 409 },
];

async function main(): Promise<void> {
  const concurrencies = process.argv[2] === undefined ? [1, 8] : [Number(process.argv[2])];
  const keeper = await KeeperProcess.start();
  const database = await BenchDatabase.create(keeper.postgres.adminUrl, 'berth_bench_slots');
  const sql = new pg.Client({ connectionString: database.url });
  try {
    const served = await keeper.serve(database.url, undefined);
    await sql.connect();
    const places = await makePlaces(served.url, Math.max(...concurrencies));
    const scene: Scene = { url: served.url, sql, pids: [served.pid, keeper.postgres.pid], places };
    process.stdout.write(
      `| case | at once | p50 ms | p99 ms | most ms | CPU ms | wrong |\n|---|--:|--:|--:|--:|--:|--:|\n`,
    );
    for (const one of CASES) for (const each of concurrencies) await measure(scene, one, each);
  } finally {
    await sql.end();
    await keeper.stopService().catch(() => undefined);
    await database.drop();
    await keeper.stop();
  }
}

async function measure(scene: Scene, one: Case, concurrency: number): Promise<void> {
  // One slot free cannot be wanted by several.
  if (one.back === true && concurrency > 1) return;
  await hold(scene.sql, one.held);
  const cpu = (): number => scene.pids.reduce((sum, pid) => sum + (treeCpuMs(pid) ?? 0), 0);
  const times: number[] = [];
  let wrong = 0;
  const before = cpu();
  const workers = scene.places.slice(0, concurrency).map(async (place, index) => {
    for (let step = index; step < STEPS; step += concurrency) {
      const consumer = randomUUID();
      const from = performance.now();
      const status = await claim(scene.url, place, consumer, one);
      times.push(performance.now() - from);
      if (status !== one.expected) wrong += 1;
      if (one.back === true) await request(scene.url, 'DELETE', `/allocations/${consumer}?consumer_generation=1`);
    }
  });
  await Promise.all(workers);
  const cpuMs = (cpu() - before) / STEPS;
  times.sort((a, b) => a - b);
  const figures = [percentile(times, 0.5), percentile(times, 0.99), times.at(-1) ?? 0, cpuMs].map((ms) =>
    ms.toFixed(2),
  );
  process.stdout.write(`| ${one.name} | ${concurrency} | ${figures.join(' | ')} | ${wrong} |\n`);
  if (wrong > 0) process.exitCode = 1;
}

async function claim(url: string, place: Place, consumer: string, { slotLocks }: Case): Promise<number> {
  const status = await request(url, 'PUT', `/allocations/${consumer}`, {
    allocations: { [place.uuid]: { resources: { VCPU: 1 }, generation: place.generation } },
    ...{ project_id: 'bench', user_id: 'bench', consumer_type: 'INSTANCE', consumer_generation: null },
    ...(slotLocks !== undefined && { slot_locks: slotLocks.length === 0 ? [consumer] : slotLocks }),
  });
  if (status === 204) place.generation += 1;
  return status;
}

/** Lets owners hold so many slots of the key, and nobody else any: in the database, as if it had happened. */
async function hold(sql: pg.Client, held: number): Promise<void> {
  for (const statement of [
    'truncate slot_locks, slot_pools, slot_free',
    'update consumers set holds_slots = false where holds_slots',
    `insert into slot_locks (key, slot, slot_limit, owner) select '${KEY}', n, ${LIMIT}, 'bench' from generate_series(0, ${held - 1}) n`,
    `insert into slot_pools (key, high, held) select '${KEY}', ${held}, ${held} where ${held} > 0`,
    'vacuum analyze slot_locks, slot_pools, slot_free',
  ]) {
    await sql.query(statement);
  }
}

async function makePlaces(url: string, count: number): Promise<Place[]> {
  const places: Place[] = [];
  for (let made = 0; made < count; made += 1) {
    const uuid = randomUUID();
    await request(url, 'POST', '/resource_providers', { name: uuid, uuid });
    const inventories = { VCPU: { total: 1_000_000 } };
    const body = { resource_provider_generation: 0, inventories };
    const status = await request(url, 'PUT', `/resource_providers/${uuid}/inventories`, body);
    if (status !== 200) throw new Error(`inventories: ${status}`);
    places.push({ uuid, generation: 1 });
  }
  return places;
}

async function request(url: string, method: string, path: string, body?: object): Promise<number> {
  const reply = await fetch(new URL(path, url), {
    method,
    headers: { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await reply.arrayBuffer();
  return reply.status;
}

main().catch((error: unknown) => {
  process.stderr.write(`slots: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
