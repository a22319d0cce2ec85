import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { wrongCounters } from '../support/counters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { startWorkers, type RunningWorkers } from '../support/workers.js';
import { asHeld, claimBody, createProvider, heldByConsumer, type Wanted } from './world.js';

jest.setTimeout(240_000);

const CLIENTS = 32;
const KILLS = 6;
/** So many consumers a POST claims for at once. */
const TOGETHER = 3;
/** Two are full after a moment, so that claims are refused; the others have room for the whole test. */
const TOTALS = [300, 300, 1_000_000, 1_000_000, 1_000_000, 1_000_000];
/** Between two kills so many answers come at least, and up to twice as many. */
const ANSWERS_BETWEEN = 150;
const ANSWERS_AFTER = 300;
/** Whoever has no answer by then was forgotten: the connection neither answers nor breaks. */
const ANSWER_LIMIT_MS = 30_000;
/** Nobody may listen for a moment when both workers are new. */
const PAUSE_MS = 10;

interface Claim {
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** 0: the connection broke before an answer came. */
  readonly status: number;
  /** Sent after the last kill. */
  readonly late: boolean;
}

describe(`${KILLS} workers killed under ${CLIENTS} clients`, () => {
  let database: TestDatabase;
  let workers: RunningWorkers;
  let url: string;
  let sql: pg.Client;
  let providers: string[];
  const claims: Claim[] = [];
  let forgotten = 0;
  let answered = 0;
  let killed: number[] = [];
  let over = false;

  beforeAll(async () => {
    database = await createTestDatabase();
    workers = await startWorkers(database.url, 2);
    url = workers.url;
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    const http = client(url, { version: '1.39' });
    providers = await Promise.all(TOTALS.map((total) => createProvider(http, total)));
  });

  afterAll(async () => {
    await sql.end();
    const code = await workers.stop();
    await database.drop();
    expect(code).toBe(0);
  });

  it('are replaced, and every client was told the truth', async () => {
    const load = Array.from({ length: CLIENTS }, (_, index) => claimUntilOver(index));
    // A client that fails of itself must fail the test, not wait for its end.
    await Promise.race([killWorkers(), Promise.all(load)]);
    over = true;
    await Promise.all(load);

    const of = (...statuses: number[]): Claim[] => claims.filter(({ status }) => statuses.includes(status));
    expect(claims.filter(({ status }) => ![0, 204, 409].includes(status)).map(({ status }) => status)).toEqual([]);
    expect(forgotten).toBe(0);
    // Kills that hit nobody, or a load without refusals, would prove nothing.
    expect(of(0).length).toBeGreaterThan(0);
    expect(of(409).length).toBeGreaterThan(0);
    expect(of(204).filter(({ late }) => late).length).toBeGreaterThan(0);

    const held = await heldByConsumer(sql);
    expect(of(204).flatMap((claim) => wrong(claim, held, 'all'))).toEqual([]);
    expect(of(409).flatMap((claim) => wrong(claim, held, 'none'))).toEqual([]);
    expect(of(0).flatMap((claim) => wrong(claim, held, 'all or none'))).toEqual([]);
    expect(await wrongCounters(sql)).toEqual([]);
    const known = new Set(claims.flatMap(({ wanted }) => [...wanted.keys()]));
    expect([...held.keys()].filter((consumer) => !known.has(consumer))).toEqual([]);
    expect((await client(url).get('/resource_providers')).status).toBe(200);
  });

  /** The processes that said that they listen, without those that were killed. */
  function livingWorkers(): number[] {
    return workers.pids().filter((pid) => !killed.includes(pid));
  }

  async function killWorkers(): Promise<void> {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const target = answered + ANSWERS_BETWEEN * (1 + Math.random());
      // Every second one goes before the one before it is replaced: nobody may be left for a moment.
      const enough = kill % 2 === 0 ? 2 : 1;
      await waitFor(() => answered >= target && livingWorkers().length >= enough, {
        limitMs: 30_000,
        what: 'the load',
      });
      const living = livingWorkers();
      const victim = living[Math.floor(Math.random() * living.length)] ?? 0;
      killed = [...killed, victim];
      process.kill(victim, 'SIGKILL');
    }
    const target = answered + ANSWERS_AFTER;
    await waitFor(() => answered >= target && livingWorkers().length === 2, { limitMs: 30_000, what: 'the service' });
  }

  /** One client's life: claims for one consumer or for several together, on connections that stay or do not. */
  async function claimUntilOver(index: number): Promise<void> {
    const staying = index % 2 === 0;
    const http = client(url, { version: '1.39', headers: staying ? {} : { connection: 'close' } });
    while (!over) {
      const wanted = new Map<string, Wanted>();
      const count = Math.random() < 0.5 ? 1 : TOGETHER;
      for (let added = 0; added < count; added += 1) wanted.set(randomUUID(), randomWanted());
      const late = killed.length === KILLS;
      const status = await statusOf(http, wanted);
      claims.push({ wanted, status, late });
      if (status === 0) await sleep(PAUSE_MS);
      else answered += 1;
    }
  }

  async function statusOf(http: Client, wanted: ReadonlyMap<string, Wanted>): Promise<number> {
    const bodies = [...wanted].map(([consumer, one]) => [consumer, claimBody(one)] as const);
    const [first] = bodies;
    const sent =
      bodies.length === 1 && first !== undefined
        ? http.put(`/allocations/${first[0]}`, first[1])
        : http.post('/allocations', Object.fromEntries(bodies));
    const limit = new AbortController();
    const late = sleep(ANSWER_LIMIT_MS, undefined, { signal: limit.signal }).then(
      () => (forgotten += 1),
      () => undefined,
    );
    const status = await Promise.race([
      sent.then(
        (reply) => reply.status,
        () => 0,
      ),
      late.then(() => 0),
    ]);
    limit.abort();
    return status;
  }

  function randomWanted(): Wanted {
    const provider = providers[Math.floor(Math.random() * providers.length)] ?? '';
    return { provider, amount: 1 + Math.floor(Math.random() * 8) };
  }
});

/** What is not as it was told, in words. */
function wrong(
  { wanted, status }: Claim,
  held: ReadonlyMap<string, string>,
  expected: 'all' | 'none' | 'all or none',
): string[] {
  const there = [...wanted].filter(([consumer]) => held.has(consumer));
  const changed = there.filter(([consumer, one]) => held.get(consumer) !== asHeld(one));
  const all = there.length === wanted.size && changed.length === 0;
  const none = there.length === 0;
  const right = { all, none, 'all or none': all || none }[expected];
  return right ? [] : [`answered ${status}: ${there.length} of ${wanted.size} are there, ${changed.length} otherwise`];
}
