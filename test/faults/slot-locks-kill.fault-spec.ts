import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { wrongCounters } from '../support/counters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { wrongSlots } from '../support/slots.js';
import { waitFor } from '../support/wait-for.js';
import { createProvider } from './world.js';

/** Of the long run: `SLOT_KILLS=200 npm run test:faults -- slot-locks-kill`. */
const KILLS = Number(process.env.SLOT_KILLS ?? 20);
/** A server is back within a second or two, on a busy machine later. */
const LIMIT_MS = 120_000 + KILLS * 15_000;

jest.setTimeout(LIMIT_MS);

/** A kill need not wait until the one before it is replaced. */
const SERVERS = 3;
const CLIENTS = 12;
/** So many consumers a POST claims for at once. */
const TOGETHER = 3;
/** Few enough that claims are refused, many enough that most are not. */
const POOLS = Array.from({ length: 4 }, (_, index) => ({ key: `pool ${index}`, limit: 80 }));
/** Between two kills so many answers come at least, and up to twice as many. */
const ANSWERS_BETWEEN = 30;
const ANSWERS_AFTER = 200;
/** Whoever was hit leaves the processor to those who start. */
const PAUSE_MS = 20;
const BERTH = { 'openstack-api-version': 'berth 1.0' };

/** One claim for several consumers, and what became of it. Status 0: the connection broke before an answer came. */
interface Claim {
  /** Keys of slots by consumer, in order. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  readonly claimed: number;
  /** undefined: not tried. */
  readonly released: number | undefined;
}

describe(`${KILLS} servers killed while claims take and give back slots`, () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let sql: pg.Client;
  const claims: Claim[] = [];
  let answered = 0;
  const replacements: Promise<void>[] = [];
  let over = false;

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all(Array.from({ length: SERVERS }, () => startServer({ databaseUrl: database.url })));
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await Promise.all(replacements);
    const codes = await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
    expect(codes).toEqual(servers.map(() => 0));
  });

  it('leave no part of a claim, and no slot without its claim', async () => {
    const setUp = client(anyUrl(), { version: '1.39' });
    const providers = await Promise.all(Array.from({ length: CLIENTS }, () => createProvider(setUp, 1_000_000)));
    const load = providers.map((provider) => claimUntilOver(provider));
    await Promise.race([killServers(), Promise.all(load)]);
    over = true;
    await Promise.all(load);

    const answers = claims.flatMap(({ claimed, released }) => [claimed, released ?? 204]);
    expect(answers.filter((status) => ![0, 204, 409].includes(status))).toEqual([]);
    // Kills that hit nobody, or a load without refusals, would prove nothing.
    const count = (test: (one: Claim) => boolean): number => claims.filter(test).length;
    expect(count(({ claimed, released }) => claimed === 0 || released === 0)).toBeGreaterThan(KILLS / 4);
    expect(count(({ claimed }) => claimed === 409)).toBeGreaterThan(0);
    expect(count(({ released }) => released === 204)).toBeGreaterThan(0);

    const held = await keysByConsumer();
    expect(claims.flatMap((claim) => wrong(claim, held))).toEqual([]);
    expect(await wrongSlots(sql)).toEqual([]);
    expect(await wrongCounters(sql)).toEqual([]);
    const known = new Set(claims.flatMap(({ wanted }) => [...wanted.keys()]));
    expect([...held.keys()].filter((consumer) => !known.has(consumer))).toEqual([]);
  });

  /** Of the servers that live; where none does, where nobody listens. */
  function anyUrl(): string {
    return servers[Math.floor(Math.random() * servers.length)]?.url ?? 'http://127.0.0.1:9';
  }

  async function killServers(): Promise<void> {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const target = answered + ANSWERS_BETWEEN * (1 + Math.random());
      await waitFor(() => answered >= target && servers.length > 0, { limitMs: 60_000, what: 'the load' });
      // Anywhere in a transaction, not only when an answer has just gone out.
      await sleep(Math.random() * 20);
      const victim = servers[Math.floor(Math.random() * servers.length)];
      servers = servers.filter((server) => server !== victim);
      await victim?.kill();
      const replaced = startServer({ databaseUrl: database.url }).then((server) => void servers.push(server));
      replacements.push(replaced);
    }
    await Promise.all(replacements);
    const target = answered + ANSWERS_AFTER;
    await waitFor(() => answered >= target, { limitMs: 60_000, what: 'the service' });
  }

  /** One client's life: claims for some consumers, then gives most of it back, on a provider of its own. */
  async function claimUntilOver(provider: string): Promise<void> {
    while (!over) {
      const pools = [...POOLS].sort(() => Math.random() - 0.5);
      const wanted = new Map(
        Array.from({ length: TOGETHER }, (_, index) => {
          const consumer = randomUUID();
          return [consumer, [`own ${consumer}`, pools[index % pools.length]?.key ?? ''].sort()] as const;
        }),
      );
      const claimed = await write(provider, wanted, true);
      const gives = claimed === 204 && Math.random() < 0.7;
      const released = gives ? await write(provider, wanted, false) : undefined;
      claims.push({ wanted, claimed, released });
    }
  }

  async function write(
    provider: string,
    wanted: ReadonlyMap<string, readonly string[]>,
    take: boolean,
  ): Promise<number> {
    const generation = await generationOf(provider);
    const allocations = take ? { [provider]: { resources: { VCPU: 1 }, generation } } : {};
    const entry = (keys: readonly string[]): object => ({
      ...{ allocations, project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' },
      consumer_generation: take ? null : 1,
      slot_locks: take ? keys.map((key) => POOLS.find((pool) => pool.key === key) ?? key) : [],
    });
    const body = Object.fromEntries([...wanted].map(([consumer, keys]) => [consumer, entry(keys)]));
    const status = await client(anyUrl(), { headers: BERTH })
      .post('/allocations', body)
      .then(
        (reply) => reply.status,
        () => 0,
      );
    if (status === 0) await sleep(PAUSE_MS);
    else answered += 1;
    return status;
  }

  /** Asks until somebody answers: only the writes are to be hit. */
  async function generationOf(provider: string): Promise<number> {
    for (;;) {
      const http = client(anyUrl(), { headers: BERTH });
      const read = http.get<{ generation: number }>(`/resource_providers/${provider}`);
      const reply = await read.catch(() => undefined);
      if (reply?.status === 200) return reply.body.generation;
      await sleep(PAUSE_MS);
    }
  }

  /** What consumers hold: keys of slots, by consumer that has an allocation. */
  async function keysByConsumer(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await sql.query<{ consumer: string; keys: string | null }>(
      `select c.uuid as consumer, (select string_agg(s.key, ', ' order by s.key) from slot_locks s where s.consumer_id = c.id) as keys
         from consumers c where exists (select 1 from allocations a where a.consumer_id = c.id)`,
    );
    return new Map(rows.map(({ consumer, keys }) => [consumer, keys ?? '']));
  }
});

/** What is not as it was told, in words. */
function wrong({ wanted, claimed, released }: Claim, held: ReadonlyMap<string, string>): string[] {
  const whole = [...wanted].filter(([consumer, keys]) => held.get(consumer) === keys.join(', ')).length;
  const absent = [...wanted].filter(([consumer]) => !held.has(consumer)).length;
  const may = { all: whole === wanted.size, none: absent === wanted.size };
  const told = `claim ${claimed}, release ${released}: ${whole} of ${wanted.size} hold all, ${absent} nothing`;
  const open = claimed === 0 || released === 0;
  // A refused release leaves everything: somebody's generation was late, which does not happen here.
  const right = open ? may.all || may.none : claimed === 204 && released !== 204 ? may.all : may.none;
  return right ? [] : [told];
}
