import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { applyAcquire, applyRelease, openOwners, settleOwners, type OwnerLedger } from '#berth/domain';
import { LostRace, SlotLockStore, type Tx } from '#berth/store';
import pg from 'pg';
import * as statements from '../../libs/store/src/slot-lock/slot-lock.sql.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { untilSomebodyWaits } from '../support/lock-waits.js';
import { wrongSlots } from '../support/slots.js';

const store = new SlotLockStore();
let database: TestDatabase;
let clients: [pg.Client, pg.Client];
let tx: Tx;

beforeAll(async () => {
  database = await createTestDatabase();
  clients = [new pg.Client(database.url), new pg.Client(database.url)];
  await Promise.all(clients.map((client) => client.connect()));
  tx = { client: clients[0] };
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await database.drop();
});

beforeEach(async () => {
  await tx.client.query('truncate slot_locks, slot_pools, slot_free');
});

const wanted = (key: string, limit = 1) => ({ key, limit });

/** One transaction of one owner's wish. */
async function change<T>(owner: string, keys: readonly string[], apply: (ledger: OwnerLedger) => T): Promise<T> {
  await tx.client.query('begin');
  try {
    const read = await store.readOwners(tx, new Set([owner]), keys);
    const worked = openOwners(read);
    const result = apply(worked);
    await store.writeOwners(tx, settleOwners(read, worked));
    await tx.client.query('commit');
    return result;
  } catch (error) {
    await tx.client.query('rollback');
    throw error;
  }
}

async function acquire(owner: string, key: string, limit = 1, leaseSeconds: number | null = null): Promise<number> {
  const request = { owner, wanted: [wanted(key, limit)], leaseSeconds };
  const [held] = await change(owner, [key], (ledger) => applyAcquire(ledger, request));
  return held?.slot ?? -1;
}

const release = (owner: string, key: string): Promise<unknown> =>
  change(owner, [key], (ledger) => applyRelease(ledger, owner, new Set([key])));

/** Owners `o0` and so on hold the slots of their number. */
async function fill(key: string, held: number): Promise<void> {
  await tx.client.query(
    `insert into slot_locks (key, slot, slot_limit, owner) select $1, n, 1000000, 'o' || n from generate_series(0, $2::int - 1) n`,
    [key, held],
  );
  await tx.client.query('insert into slot_pools (key, high, held) values ($1, $2, $2)', [key, held]);
}

describe('a pool', () => {
  it('gives the smallest free slot, and is forgotten when nobody holds it', async () => {
    expect([await acquire('a', 'k', 9), await acquire('b', 'k', 9), await acquire('c', 'k', 9)]).toEqual([0, 1, 2]);
    await release('a', 'k');
    await release('b', 'k');
    expect([await acquire('d', 'k', 9), await acquire('e', 'k', 9), await acquire('f', 'k', 9)]).toEqual([0, 1, 3]);
    expect(await wrongSlots(clients[0])).toEqual([]);
    for (const owner of ['c', 'd', 'e', 'f']) await release(owner, 'k');
    const { rows } = await tx.client.query('select key from slot_pools union all select key from slot_free');
    expect(rows).toEqual([]);
  });

  it('that was large is forgotten little by little, and is right meanwhile', async () => {
    await fill('k', 2_500);
    await tx.client.query(`delete from slot_locks where slot > 0`);
    await tx.client.query(`insert into slot_free select 'k', n from generate_series(1, 2499) n`);
    await tx.client.query('update slot_pools set held = 1');
    await release('o0', 'k');
    expect(await wrongSlots(clients[0])).toEqual([]);
    const high = async (): Promise<unknown[]> => (await tx.client.query('select high, held from slot_pools')).rows;
    expect(await high()).toEqual([{ high: 1_500, held: 0 }]);
    expect(await acquire('a', 'k', 5)).toBe(0);
    await release('a', 'k');
    expect(await high()).toEqual([{ high: 500, held: 0 }]);
    await acquire('a', 'k', 5);
    await release('a', 'k');
    expect(await high()).toEqual([]);
    expect(await wrongSlots(clients[0])).toEqual([]);
  });

  it('has its ended leases free for the next taker, and their rows go with it', async () => {
    await acquire('a', 'k', 2, 1);
    await acquire('b', 'k', 2, 1000);
    await tx.client.query(`update slot_locks set expires_at = now() where owner = 'a'`);
    expect(await acquire('c', 'k', 2)).toBe(0);
    expect((await store.list(tx, { keys: ['k'] }, undefined, 9)).map(({ owner }) => owner)).toEqual(['c', 'b']);
    expect(await wrongSlots(clients[0])).toEqual([]);
  });
});

describe('the unique index', () => {
  it('has the last word: who was told by a wrong pool that a slot is free does not get it', async () => {
    await acquire('a', 'k');
    await tx.client.query('update slot_pools set high = 0, held = 0');
    await expect(acquire('b', 'k')).rejects.toThrow(LostRace);
    expect((await store.list(tx, {}, undefined, 9)).map(({ owner }) => owner)).toEqual(['a']);
  });

  it('and the foreign key: no consumer goes while it holds a slot', async () => {
    await tx.client.query(
      `with p as (insert into projects (external_id) values ('p') returning id), u as (insert into users (external_id) values ('u') returning id),
            c as (insert into consumers (uuid, project_id, user_id) select 'c', p.id, u.id from p, u returning id)
       insert into slot_locks (key, slot, slot_limit, consumer_id) select 'k', 0, 1, id from c`,
    );
    await expect(tx.client.query('delete from consumers')).rejects.toThrow('slot_locks_consumer_fkey');
  });
});

describe('keys', () => {
  it('are locked in their order, whatever the order they are named in', async () => {
    await fill('b', 1);
    const [first, second] = clients;
    await second.query('begin');
    await second.query(`select 1 from slot_pools where key = 'b' for update`);
    await first.query('begin');
    const waiting = store.lockPools(tx, ['c', 'b', 'a']);
    await untilSomebodyWaits(database);
    // `a` comes before `b`, so it is locked already; `c` is not.
    await expect(lockedWithin(second, 'a')).resolves.toBe(true);
    await expect(lockedWithin(second, 'c')).resolves.toBe(false);
    await second.query('rollback');
    expect([...(await waiting).keys()].sort()).toEqual(['a', 'b', 'c']);
    await first.query('rollback');
  });

  /** Whether somebody else is about to make the pool of this key. */
  async function lockedWithin(other: pg.Client, key: string): Promise<boolean> {
    await other.query('savepoint try');
    await other.query(`set local lock_timeout = '300ms'`);
    const outcome = await other.query('insert into slot_pools (key) values ($1)', [key]).then(
      () => false,
      () => true,
    );
    await other.query('rollback to savepoint try');
    return outcome;
  }
});

describe('what is taken', () => {
  const HELD = 100_000;

  it(`is not looked at: of ${HELD} held slots, a page or two of each index`, async () => {
    await fill('k', HELD);
    await tx.client.query('analyze slot_locks');
    await tx.client.query(`set plan_cache_mode = force_generic_plan`);
    const reading = [
      [statements.lockPools, `array['k']`],
      [statements.readPools, `array['k']`],
      [statements.listFree, `array['k'], array[64]`],
      [statements.listExpired, `array['k'], 10000`],
      [statements.listByOwners, `array['o5', 'nobody'], array['k']`],
      [statements.listHolders, `array['k'], 10`],
      [
        statements.insert,
        `array['k'], array[${HELD}], array[1000000], array[null::bigint], array['new'], array[null::float8]`,
      ],
    ] as const;
    const blocks: Record<string, number> = {};
    for (const [{ name, text }, values] of reading) {
      await tx.client.query(`prepare "${name} tried" as ${text}`);
      const { rows } = await tx.client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) execute "${name} tried"(${values})`,
      );
      const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
      blocks[name] = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
    }
    await tx.client.query(`reset plan_cache_mode`);
    // The table and its indexes have some thousands.
    for (const [name, count] of Object.entries(blocks))
      expect([name, count < 60 ? 'few' : count]).toEqual([name, 'few']);
  });
});
