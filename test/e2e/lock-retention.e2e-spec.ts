import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Transactions, openDataSource, UnusedLockStore } from '#berth/store';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { audit } from '../support/audit-command.js';
import { untilSomebodyWaits } from '../support/lock-waits.js';
import { waitFor } from '../support/wait-for.js';
import { ok } from './allocations-story.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Granted {
  readonly token: number;
  readonly changed: boolean;
}

/** What the server keeps; the tests make rows older than that. */
const RETENTION_SECONDS = 60;

let story: Story;
let sql: pg.Client;
let dataSource: DataSource;

beforeAll(async () => {
  story = await openStory({ BERTH_LOCK_RETENTION_SECONDS: `${RETENTION_SECONDS}` });
  sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
  dataSource = await openDataSource(story.database.url, 2);
  await ok(story.berth.put('/lockspaces/kept', {}), 201);
}, STORY_LIMIT_MS);

afterAll(async () => {
  await dataSource.destroy();
  await sql.end();
  await story.close();
}, STORY_LIMIT_MS);

const put = (name: string, body: object): Promise<Granted> =>
  ok(story.berth.put<Granted>(`/lockspaces/kept/locks/${name}`, body));

/** Takes it exclusively and gives it back. */
async function use(name: string, owner: string): Promise<Granted> {
  const granted = await put(name, { owner, mode: 'exclusive' });
  await put(name, { owner, mode: 'unlock' });
  return granted;
}

const age = (name: string): Promise<unknown> =>
  sql.query(
    `update cluster_lock_owners o set ends_at = now() - interval '2 minutes' from cluster_locks l
      where l.id = o.lock_id and l.name = $1`,
    [name],
  );

const rowsOf = async (name: string): Promise<{ readonly locks: number; readonly owners: number } | undefined> =>
  (
    await sql.query<{ locks: number; owners: number }>(
      `select count(distinct l.id)::int as locks, count(o.owner)::int as owners
         from cluster_locks l left join cluster_lock_owners o on o.lock_id = l.id where l.name = $1`,
      [name],
    )
  ).rows[0];

describe('a lock that nobody has used for as long as it is remembered', () => {
  it('is forgotten by the service; then everybody is told that it may have changed, and tokens go on rising', async () => {
    expect((await use('old', 'ann')).changed).toBe(false);
    const bob = await use('old', 'bob');
    expect((await use('new', 'ann')).changed).toBe(false);
    await age('old');
    await waitFor(async () => (await rowsOf('old'))?.locks === 0, {
      limitMs: 60_000,
      what: 'the lock to be forgotten',
    });
    expect(await rowsOf('new')).toEqual({ locks: 1, owners: 1 });
    const back = await put('old', { owner: 'ann', mode: 'shared' });
    expect(back.changed).toBe(true);
    expect(back.token).toBeGreaterThan(bob.token);
    // Told once, she knows; and where nothing was forgotten nothing is different.
    await put('old', { owner: 'ann', mode: 'unlock' });
    expect((await put('old', { owner: 'ann', mode: 'shared' })).changed).toBe(false);
    expect((await use('new', 'ann')).changed).toBe(false);
  });

  it('stays as long as somebody has a handle for it, or holds it', async () => {
    await ok(story.berth.post('/lockspaces/kept/handles', { name: 'handled', owner: 'ann' }), 201);
    await use('handled', 'ann');
    await put('held', { owner: 'ann', mode: 'exclusive', lease_ms: 60_000 });
    await use('forgotten', 'ann');
    await Promise.all([age('handled'), age('forgotten')]);
    await waitFor(async () => (await rowsOf('forgotten'))?.locks === 0, { limitMs: 60_000, what: 'the next sweep' });
    expect(await rowsOf('handled')).toEqual({ locks: 1, owners: 1 });
    expect(await rowsOf('held')).toEqual({ locks: 1, owners: 1 });
  });

  it('is made again for whoever asks for it while it is being forgotten', async () => {
    const before = await use('meeting', 'ann');
    const id =
      (await sql.query<{ id: string }>(`select id from cluster_locks where name = 'meeting'`)).rows[0]?.id ?? '';
    const transactions = new Transactions(dataSource);
    let asked: Promise<Granted> | undefined;
    await transactions.run('test', async (tx) => {
      // 0 seconds: unused since just now.
      expect(await new UnusedLockStore().forget(tx, [id], -60, 10)).toBe(2);
      asked ??= put('meeting', { owner: 'bob', mode: 'exclusive' });
      await untilSomebodyWaits(story.database, 9_000);
    });
    const granted = await asked;
    expect(granted?.changed).toBe(true);
    expect(granted?.token).toBeGreaterThan(before.token);
  });
});

describe('berth audit', () => {
  it('finds leases that nobody swept, and what may be forgotten, in a database that nobody serves', async () => {
    await story.server.stop();
    await sql.query(
      `insert into slot_pools (key, high, held) values ('late', 1, 1);
       insert into slot_locks (key, slot, slot_limit, owner, expires_at) values ('late', 0, 1, 'ann', now() - interval '1 hour');
       insert into lock_pools (name, capacity) values ('late', 1);
       insert into lock_pool_requests (pool, key, owner, lease_ms, token, granted_at, expires_at)
         values ('late', 'k', 'ann', 1000, 7, now() - interval '2 hours', now() - interval '1 hour');
       update cluster_lock_owners set ends_at = now() - interval '1 hour' where mode > 0;
       insert into cluster_lock_sessions (id, alive_until) values (gen_random_uuid(), now() - interval '1 hour');
       insert into cluster_lock_requests (id, owner, lease_ms, counted, session_id, deadline, wants)
         select 999999, 'bob', 1000, false, id, now() + interval '1 hour', 1 from cluster_lock_sessions limit 1;
       insert into cluster_lock_wants (lock_id, request_id, mode, cached) select id, 999999, 3, false from cluster_locks
         where name = 'held'`,
    );
    const held = (
      await sql.query<{ name: string }>(
        `select l.name from cluster_lock_owners o join cluster_locks l on l.id = o.lock_id where o.mode > 0`,
      )
    ).rows.map(({ name }) => name);
    const wrong = [
      'slot-lease-over late',
      'permit-over late/k',
      'cluster-request-over 999999',
      ...held.map((name) => `cluster-hold-over kept/${name}`),
    ];
    const args = ['--only', 'expired-leases'];
    const dry = await audit(story.database.url, ...args);
    expect({ code: dry.code, found: dry.found }).toEqual({ code: 2, found: wrong.map((one) => `found ${one}`).sort() });
    expect((await sql.query('select 1 from slot_locks')).rows).toHaveLength(1);
    // Whose request is gone, whose server is: found once the request was removed.
    const fixed = await audit(story.database.url, ...args, '--fix');
    expect({ code: fixed.code, found: fixed.found }).toEqual({
      code: 0,
      found: [...wrong, 'session-over cluster locks'].map((one) => `repaired ${one}`).sort(),
    });
    expect(await audit(story.database.url, ...args)).toMatchObject({ code: 0, found: [] });
    expect((await sql.query('select 1 from slot_locks union all select 1 from slot_pools')).rows).toEqual([]);
    await sql.query(`update cluster_lock_owners set ends_at = now() - interval '8 days'`);
    const unused = await audit(story.database.url, ...args, '--fix');
    expect({ code: unused.code, found: unused.found }).toEqual({
      code: 0,
      found: ['repaired cluster-lock-unused cluster locks'],
    });
    // The one with a handle.
    expect((await sql.query('select name from cluster_locks')).rows).toEqual([{ name: 'handled' }]);
  });
});
