import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client } from '../support/http.js';
import { wrongPools } from '../support/pools.js';
import { startServer, type RunningServer } from '../support/server.js';
import { tally } from './race.js';

/** Of the long run: `LOCK_POOL_ROUNDS=500 npm run test:races -- lock-pools`. */
const ROUNDS = Number(process.env.LOCK_POOL_ROUNDS ?? 12);
const WORKERS = 40;
const CAPACITY = 5;
const KEYS = 9;

jest.setTimeout(120_000 + ROUNDS * 10_000);

interface Permit {
  readonly token: number;
}

describe(`${WORKERS} workers want permits of ${CAPACITY} through two servers`, () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let clients: Client[];
  let sql: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    clients = servers.map(({ url }) => client(url, { headers: { 'openstack-api-version': 'berth 1.0' } }));
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    expect((await at(0).put('/lock_pools/race', { capacity: CAPACITY })).status).toBe(200);
  });

  afterAll(async () => {
    await sql.end();
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const at = (index: number): Client => clients[index % clients.length] as Client;

  it(`over ${ROUNDS} rounds: never more than there is room for, one a key, tokens that rise, and nothing is left`, async () => {
    const inside = new Map<string, number>();
    const tokens = new Map<string, number>();
    const seen: string[] = [];
    const counts = { in: 0, admitted: 0, refused: 0 };
    const work = async (key: string, { token }: Permit): Promise<void> => {
      counts.admitted += 1;
      if (inside.has(key)) seen.push(`${key} held by ${inside.get(key)} and ${token}`);
      if (token <= (tokens.get(key) ?? 0)) seen.push(`${key}: token ${token} after ${tokens.get(key)}`);
      if ((counts.in += 1) > CAPACITY) seen.push(`${counts.in} inside`);
      inside.set(key, token);
      tokens.set(key, token);
      await sleep(Math.random() * 4);
      // Forgotten before it is given back: until then nobody else can have it.
      inside.delete(key);
      counts.in -= 1;
    };
    await Promise.all(
      Array.from({ length: WORKERS }, async (_, index) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const key = `volume ${Math.floor(Math.random() * KEYS)}`;
          const owner = `worker${index}`;
          const wait_seconds = Math.random() < 0.2 ? 0 : 60;
          const asked = await at(index + round).post<Permit>('/lock_pools/race/permits', { key, owner, wait_seconds });
          if (asked.status === 409) {
            expect(wait_seconds).toBe(0);
            counts.refused += 1;
            continue;
          }
          expect(asked.status).toBe(200);
          await work(key, asked.body);
          const released = await at(index).delete(`/lock_pools/race/permits/${asked.body.token}?owner=${owner}`);
          expect(released.body).toEqual({ released: true });
        }
      }),
    );
    expect(seen).toEqual([]);
    expect(counts.admitted + counts.refused).toBe(WORKERS * ROUNDS);
    expect((await sql.query('select * from lock_pool_requests')).rows).toEqual([]);
    expect(await wrongPools(sql)).toEqual([]);
  });

  it('and as many as there is room for come in, of those who ask at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const keys = Array.from({ length: 3 * CAPACITY }, (_, index) => `key ${index}`);
      const replies = await Promise.all(
        keys.map((key, index) => at(index).post<Permit>('/lock_pools/race/permits', { key, owner: 'me' })),
      );
      expect(tally(replies)).toEqual({ 200: CAPACITY, 409: 2 * CAPACITY });
      expect(await wrongPools(sql)).toEqual([]);
      const held = replies.filter(({ status }) => status === 200);
      await Promise.all(held.map(({ body }) => at(round).delete(`/lock_pools/race/permits/${body.token}?owner=me`)));
    }
  });

  it('and two who ask for one key at the same moment: one has it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const replies = await Promise.all(
        [0, 1].map((index) => at(index).post<Permit>('/lock_pools/race/permits', { key: 'one', owner: 'me' })),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
      const token = replies.find(({ status }) => status === 200)?.body.token;
      await at(round).delete(`/lock_pools/race/permits/${token}?owner=me`);
    }
  });
});
