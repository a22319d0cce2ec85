import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client } from '../support/http.js';
import { wrongPools } from '../support/pools.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';

/** Of the long run: `LOCK_POOL_SECONDS=600 npm run test:faults -- lock-pools-kill`. */
const SECONDS = Number(process.env.LOCK_POOL_SECONDS ?? 8);

jest.setTimeout(240_000 + SECONDS * 2_000);

interface Permit {
  readonly token: number;
  readonly since: string;
  readonly expires_at: string;
}

const BERTH = { headers: { 'openstack-api-version': 'berth 1.0' } };
const at = ({ url }: RunningServer): Client => client(url, BERTH);

let database: TestDatabase;
let sql: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await database.drop();
});

const start = (): Promise<RunningServer> => startServer({ databaseUrl: database.url });

async function requests(): Promise<{ owner: string; waits: boolean }[]> {
  const { rows } = await sql.query<{ owner: string; waits: boolean }>(
    'select owner, token is null as waits from lock_pool_requests order by id',
  );
  return rows;
}

describe('a server that is killed', () => {
  it('leaves permits until their leases are over; those who waited there are passed by', async () => {
    const [dying, staying] = await Promise.all([start(), start()]);
    await at(staying).put('/lock_pools/kill', { capacity: 1 });
    const ask = (server: RunningServer, owner: string, lease_seconds: number, wait_seconds = 60): Promise<Permit> =>
      at(server)
        .post<Permit>('/lock_pools/kill/permits', { key: 'a', owner, lease_seconds, wait_seconds })
        .then(({ status, body }) => {
          expect(status).toBe(200);
          return body;
        });
    const held = await ask(dying, 'dead-holder', 20);
    const lost = ask(dying, 'dead-waiter', 3600).then(
      () => 'answered',
      () => 'cut off',
    );
    await waitFor(async () => (await requests()).length === 2, { what: 'the first to wait' });
    const waits = ask(staying, 'living', 60);
    await waitFor(async () => (await requests()).length === 3, { what: 'the second to wait' });
    await dying.kill();
    expect(await lost).toBe('cut off');
    expect((await requests())[0]).toEqual({ owner: 'dead-holder', waits: false });
    const next = await waits;
    // Not before the lease, and not an hour later, though one who is dead was before him in line.
    expect(Date.parse(next.since)).toBeGreaterThanOrEqual(Date.parse(held.expires_at));
    expect(Date.parse(next.since)).toBeLessThan(Date.parse(held.expires_at) + 40_000);
    expect(next.token).toBeGreaterThan(held.token);
    expect(await requests()).toEqual([{ owner: 'living', waits: false }]);
    await staying.stop();
  });

  it(`again and again, for ${SECONDS} s: nothing breaks, and nothing is left when the leases are over`, async () => {
    const servers = await Promise.all([start(), start()]);
    await at(servers[0] as RunningServer).put('/lock_pools/soak', { capacity: 3 });
    const until = Date.now() + SECONDS * 1_000;
    const counts = { admitted: 0, lost: 0 };
    const worker = async (index: number): Promise<void> => {
      for (let round = 0; Date.now() < until; round += 1) {
        const server = servers[(index + round) % 2] as RunningServer;
        const body = {
          key: `k${Math.floor(Math.random() * 5)}`,
          owner: `w${index}`,
          lease_seconds: 2,
          wait_seconds: 3,
        };
        try {
          const { status, body: permit } = await at(server).post<Permit>('/lock_pools/soak/permits', body);
          if (status !== 200) continue;
          counts.admitted += 1;
          // Some never come back.
          if (Math.random() < 0.1) continue;
          await at(server).delete(`/lock_pools/soak/permits/${permit.token}?owner=w${index}`);
        } catch {
          counts.lost += 1;
          await sleep(50);
        }
      }
    };
    const killer = async (): Promise<void> => {
      for (let turn = 0; Date.now() < until; turn += 1) {
        await sleep(2_000);
        await servers[turn % 2]?.kill();
        servers[turn % 2] = await start();
      }
    };
    const watcher = async (): Promise<void> => {
      while (Date.now() < until) {
        expect(await wrongPools(sql)).toEqual([]);
        await sleep(50);
      }
    };
    await Promise.all([killer(), watcher(), ...Array.from({ length: 16 }, (_, index) => worker(index))]);
    expect(counts.admitted).toBeGreaterThan(20);
    expect(counts.lost).toBeGreaterThan(0);
    // The dead who are next in line are passed by one after another.
    await waitFor(async () => (await requests()).length === 0, { what: 'all to be forgotten', limitMs: 120_000 });
    await Promise.all(servers.map((server) => server.stop()));
  });
});
