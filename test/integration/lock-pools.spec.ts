import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LockPoolBusy, LockPoolInUse, LockPoolNotFound } from '#berth/domain';
import { LockPoolsService, withPermit, type Permit } from '#berth/locks';
import { LockPoolStore, Notices, openDataSource, Transactions } from '#berth/store';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { wrongPools } from '../support/pools.js';
import { waitFor } from '../support/wait-for.js';

/** Of the long run: `LOCK_POOL_SQL_FAILURES=100000 npm run test:integration -- lock-pools`. */
const FAILURES = Number(process.env.LOCK_POOL_SQL_FAILURES ?? 1_500);

const POOL = 'uploads';

interface Server {
  readonly pools: LockPoolsService;
  readonly notices: Notices;
  readonly source: Awaited<ReturnType<typeof openDataSource>>;
}

let database: TestDatabase;
let servers: Server[];
let sql: pg.Client;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  servers = await Promise.all(
    [1, 2].map(async () => {
      const source = await openDataSource(database.url, 6);
      const notices = new Notices(source);
      return { source, notices, pools: new LockPoolsService(new Transactions(source), new LockPoolStore(), notices) };
    }),
  );
});

afterAll(async () => {
  for (const { pools, notices, source } of servers) {
    pools.onModuleDestroy();
    await notices.onApplicationShutdown();
    await source.destroy();
  }
  await sql.end();
  await database.drop();
});

beforeEach(() => at(0).put(POOL, 5));

afterEach(async () => {
  expect(await wrongPools(sql)).toEqual([]);
  await sql.query('truncate lock_pools, lock_pool_requests');
});

const at = (index: number): LockPoolsService => (servers[index % servers.length] as Server).pools;

const ask = (key: string, more: object = {}) => ({ key, owner: 'me', leaseMs: 60_000, waitMs: 60_000, ...more });

const left = async (): Promise<number> => (await sql.query('select 1 from lock_pool_requests')).rows.length;

describe('permits of the database', () => {
  it('go from one server to the other, with a word and without asking again and again', async () => {
    const first = await at(0).acquire(POOL, ask('a'));
    const second = at(1).acquire(POOL, ask('a'));
    await waitFor(async () => (await left()) === 2, { what: 'it to wait' });
    await sleep(100);
    const since = performance.now();
    await at(0).release(POOL, first.token, 'me');
    const permit = await second;
    expect(permit.token).toBeGreaterThan(first.token);
    // Far below the next beat, which would have found it, too.
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(permit.expiresMs - permit.sinceMs).toBeGreaterThanOrEqual(60_000);
    await at(1).release(POOL, permit.token, 'me');
  });

  it('are found without a word, where none comes', async () => {
    const first = await at(0).acquire(POOL, ask('a'));
    const second = at(1).acquire(POOL, ask('a'));
    await waitFor(async () => (await left()) === 2, { what: 'it to wait' });
    await sql.query(`delete from lock_pool_requests where token = $1`, [first.token]);
    await sql.query(
      `update lock_pool_requests set token = nextval('lock_pool_tokens'), granted_at = clock_timestamp()`,
    );
    expect((await second).token).toBeGreaterThan(first.token);
  });

  it('are held once for each key, whatever else is wrong: the index refuses', async () => {
    await at(0).acquire(POOL, ask('a'));
    await expect(
      sql.query(
        `insert into lock_pool_requests (pool, key, owner, lease_ms, token, granted_at, expires_at)
         select pool, key, owner, lease_ms, token + 1, granted_at, expires_at from lock_pool_requests`,
      ),
    ).rejects.toMatchObject({ constraint: 'lock_pool_requests_key_idx' });
  });

  it('of one who waits no longer are passed on, also if they were given to him just then', async () => {
    const held = await at(0).acquire(POOL, ask('a'));
    const gone = new AbortController();
    const leaving = at(1).acquire(POOL, ask('a', { signal: gone.signal }));
    await waitFor(async () => (await left()) === 2, { what: 'it to wait' });
    await Promise.all([
      at(0).release(POOL, held.token, 'me'),
      Promise.resolve().then(() => gone.abort(new Error('no more'))),
      expect(leaving).rejects.toThrow('no more'),
    ]);
    await at(0).acquire(POOL, ask('a', { waitMs: 5_000 }));
    await waitFor(async () => (await left()) === 1, { what: 'the other to go' });
  });

  it('of a pool that is not there are none, and one that is used stays', async () => {
    await expect(at(0).acquire('none', ask('a'))).rejects.toThrow(LockPoolNotFound);
    await at(0).acquire(POOL, ask('a'));
    await expect(at(1).remove(POOL)).rejects.toThrow(LockPoolInUse);
  });
});

describe('work under a permit', () => {
  it('makes the pool, keeps the permit beyond its lease, and gives it back when it fails', async () => {
    const short = ask('a', { leaseMs: 3_000, waitMs: 0 });
    const work = async (): Promise<never> => {
      await sleep(4_500);
      await at(1).sweep();
      await expect(at(1).acquire('made', short)).rejects.toThrow(LockPoolBusy);
      throw new Error('work failed');
    };
    await expect(withPermit(at(0), 'made', short, work)).rejects.toThrow('work failed');
    expect(await left()).toBe(0);
  });

  it('is told when the permit is lost', async () => {
    const work = async (lost: AbortSignal): Promise<string> => {
      await sql.query('delete from lock_pool_requests');
      await waitFor(() => lost.aborted, { what: 'the loss' });
      return 'done';
    };
    expect(await withPermit(at(0), POOL, ask('a', { leaseMs: 600 }), work)).toBe('done');
  });
});

describe('what goes wrong', () => {
  it(
    `leaks nothing, ${FAILURES} times over`,
    async () => {
      const inside = new Map<string, number>();
      const counts = { left: FAILURES, in: 0, most: 0, doubled: 0, admitted: 0 };
      const attempt = async (index: number): Promise<void> => {
        const fate = Math.floor(Math.random() * 10);
        const key = `volume ${Math.floor(Math.random() * 8)}`;
        const gone = new AbortController();
        if (fate === 0) gone.abort(new Error('gone before'));
        if (fate === 1 || fate === 2) setTimeout(() => gone.abort(new Error('gone')), Math.random() * 20);
        const waitMs = fate === 3 ? 0 : fate < 6 ? Math.random() * 30 : 30_000;
        // One whose holder never comes back.
        const isLost = fate === 9 && Math.random() < 0.1;
        const leaseMs = isLost ? 200 : 60_000;
        let permit: Permit;
        try {
          permit = await at(index).acquire(POOL, ask(key, { waitMs, leaseMs, signal: gone.signal }));
        } catch {
          return;
        }
        counts.admitted += 1;
        if (isLost) return;
        inside.set(key, (inside.get(key) ?? 0) + 1);
        if (inside.get(key) !== 1) counts.doubled += 1;
        counts.most = Math.max(counts.most, (counts.in += 1));
        if (fate % 2 === 0) await sleep(1);
        inside.set(key, (inside.get(key) ?? 0) - 1);
        counts.in -= 1;
        expect(await at(index + fate).release(POOL, permit.token, 'me')).toBe(true);
      };
      const worker = async (index: number): Promise<void> => {
        while ((counts.left -= 1) >= 0) await attempt(index);
      };
      await Promise.all(Array.from({ length: 24 }, (_, index) => worker(index)));
      expect(counts).toMatchObject({ in: 0, doubled: 0 });
      expect(counts.most).toBeLessThanOrEqual(5);
      expect(counts.admitted).toBeGreaterThan(FAILURES / 10);
      await waitFor(
        async () => {
          await at(0).sweep();
          return (await left()) === 0;
        },
        { what: 'all to be gone', limitMs: 30_000 },
      );
      expect(await at(1).get(POOL)).toEqual({ name: POOL, capacity: 5, requests: [] });
    },
    120_000 + FAILURES * 40,
  );
});
