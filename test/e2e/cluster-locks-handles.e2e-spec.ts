import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openEventStream, type EventStream } from '../support/event-stream.js';
import type { Client, Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Granted {
  readonly name: string;
  readonly owner: string;
  readonly mode: string;
  readonly token: number;
  readonly changed: boolean;
  readonly uses: number;
  readonly revoked: boolean;
}

interface Reason {
  readonly code: string;
  readonly [fact: string]: unknown;
}

const SPACE = '/lockspaces/handles';
const GRACE_MS = 200;
const LEASE_MS = 300;

let story: Story;
let berth: Client;
let sql: pg.Client;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
  expect((await berth.put(SPACE, { grace_ms: GRACE_MS })).status).toBe(201);
}, STORY_LIMIT_MS);

afterAll(async () => {
  await sql.end();
  await story.close();
}, STORY_LIMIT_MS);

const fresh = (): string => `lock ${randomUUID()}`;
const path = (name: string): string => `${SPACE}/locks/${encodeURIComponent(name)}`;
const put = (name: string, body: object): Promise<Reply<Granted>> => berth.put(path(name), body);
const reasonOf = (reply: Reply): Reason =>
  (reply.body as { readonly errors: readonly [{ readonly reason: Reason }] }).errors[0].reason;
const inLine = async (name: string): Promise<number> =>
  (await berth.get<{ line: unknown[] }>(path(name))).body.line.length;
const waiting = (name: string, count = 1): Promise<boolean> =>
  waitFor(async () => (await inLine(name)) === count, { what: `${count} in line` });
const handleOf = async (name: string, owner: string, flags: object): Promise<string> =>
  (await berth.post<{ handle: string }>(`${SPACE}/handles`, { name, owner, ...flags })).body.handle;
const follow = async (owner: string): Promise<EventStream> => {
  const stream = await openEventStream(`${story.url}${SPACE}/events?owner=${owner}`, {
    ...BERTH,
    'x-auth-token': 'admin',
  });
  await waitFor(() => stream.events.length > 0, { what: 'the state' });
  return stream;
};

const LOCK_TABLES = ['lockspaces', 'cluster_locks', 'cluster_lock_owners', 'cluster_lock_handles'];

/**
 * Every row of locks with its place and the transaction that wrote it: a write changes one of them. The bytes of the
 * database's log would say more than that: they count what neighbours write, too.
 */
async function rowsOfLocks(): Promise<string[]> {
  const reads = LOCK_TABLES.map((table) => `select '${table}' as place, ctid, xmin from ${table}`);
  const { rows } = await sql.query<{ row: string }>(
    `select concat_ws(' ', place, ctid, xmin) as row from (${reads.join(' union all ')}) every_row
      union all select concat_ws(' ', last_value, is_called) from cluster_lock_numbers order by 1`,
  );
  return rows.map(({ row }) => row);
}

describe('conversion', () => {
  it('down is immediate and lets others in, with a new token', async () => {
    const name = fresh();
    const { token } = (await put(name, { owner: 'ann', mode: 'exclusive' })).body;
    const bob = put(name, { owner: 'bob', mode: 'shared', wait_ms: 20_000 });
    await waiting(name);
    const down = await put(name, { owner: 'ann', mode: 'shared', token });
    expect(down.body).toMatchObject({ mode: 'shared', changed: false });
    expect(down.body.token).toBeGreaterThan(token);
    expect((await bob).status).toBe(200);
    const stale = await put(name, { owner: 'ann', mode: 'shared', token });
    expect(reasonOf(stale)).toMatchObject({ code: 'berth.lock_token_stale', current_token: down.body.token });
  });

  it('up goes before those who have nothing, and two of them are a deadlock', async () => {
    const name = fresh();
    const ann = (await put(name, { owner: 'ann', mode: 'shared' })).body;
    const bob = (await put(name, { owner: 'bob', mode: 'shared' })).body;
    const cid = put(name, { owner: 'cid', mode: 'exclusive', wait_ms: 20_000 });
    await waiting(name);
    const up = put(name, { owner: 'ann', mode: 'exclusive', token: ann.token, wait_ms: 20_000 });
    await waiting(name, 2);
    const both = await put(name, { owner: 'bob', mode: 'exclusive', token: bob.token, wait_ms: 20_000 });
    expect({ status: both.status, reason: reasonOf(both) }).toMatchObject({
      status: 409,
      reason: { code: 'berth.lock_deadlock', converting: 'ann' },
    });
    await put(name, { owner: 'bob', mode: 'unlock', token: bob.token });
    const alone = (await up).body;
    expect(alone).toMatchObject({ owner: 'ann', mode: 'exclusive', changed: false });
    expect(await inLine(name)).toBe(1);
    await put(name, { owner: 'ann', mode: 'unlock', token: alone.token });
    expect((await cid).body).toMatchObject({ owner: 'cid', changed: true });
  });
});

describe('several at once', () => {
  it('are granted all or none, and wait for all', async () => {
    const [a, b] = [fresh(), fresh()];
    const held = (await put(b, { owner: 'bob', mode: 'exclusive' })).body;
    const locks = [a, b].map((name) => ({ name, mode: 'exclusive' }));
    const refused = await berth.post(`${SPACE}/acquire`, { owner: 'ann', locks });
    expect(reasonOf(refused)).toMatchObject({ code: 'berth.lock_held', locks: [{ name: b }] });
    const both = berth.post<{ locks: Granted[] }>(`${SPACE}/acquire`, { owner: 'ann', locks, wait_ms: 20_000 });
    await waiting(a);
    // It holds nothing while it waits, and is passed by nobody.
    expect((await berth.get<{ holders: unknown[] }>(path(a))).body.holders).toEqual([]);
    const behind = await put(a, { owner: 'cid', mode: 'shared' });
    expect(reasonOf(behind)).toMatchObject({ code: 'berth.lock_held', locks: [{ holders: [], waiting: 1 }] });
    await put(b, { owner: 'bob', mode: 'unlock', token: held.token });
    expect((await both).body.locks.map(({ name, owner }) => ({ name, owner }))).toEqual(
      [a, b].map((name) => ({ name, owner: 'ann' })),
    );
    expect((await put(a, { owner: 'cid', mode: 'shared' })).status).toBe(409);
  });

  it('renewed together are answered each for itself', async () => {
    const [a, b] = [fresh(), fresh()];
    const { token } = (await put(a, { owner: 'ann', mode: 'exclusive', lease_ms: 40_000 })).body;
    const locks = [a, b].map((name) => ({ name, token }));
    const renewed = await berth.post(`${SPACE}/renew`, { owner: 'ann', locks, lease_ms: 50_000 });
    expect(renewed.body).toMatchObject({
      locks: [
        { name: a, token, renewed: true, lease_ms: 50_000 },
        { name: b, token, renewed: false },
      ],
    });
  });
});

describe('a monitor', () => {
  it('keeps nobody out, and is told what it missed', async () => {
    const name = fresh();
    const eyes = (await put(name, { owner: 'eyes', mode: 'monitor' })).body;
    const stream = await follow('eyes');
    const { token } = (await put(name, { owner: 'ann', mode: 'exclusive' })).body;
    await waitFor(() => stream.events.length > 1, { what: 'the event' });
    stream.close();
    expect(stream.events[1]?.data).toMatchObject({ name, mode: 'monitor', token: eyes.token });
    const renew = { owner: 'eyes', locks: [{ name, token: eyes.token }] };
    const changed = async (): Promise<unknown> =>
      (await berth.post<{ locks: [Granted] }>(`${SPACE}/renew`, renew)).body.locks[0].changed;
    expect([await changed(), await changed()]).toEqual([true, false]);
    await put(name, { owner: 'ann', mode: 'unlock', token });
    expect((await put(name, { owner: 'eyes', mode: 'shared' })).body.changed).toBe(false);
  });
});

describe('a handle', () => {
  it('that counts goes with the last release', async () => {
    const name = fresh();
    const handle = await handleOf(name, 'ann', { use_semaphore: true, prealloc: true });
    expect((await put(name, { handle, mode: 'shared' })).body.uses).toBe(1);
    const { token, uses } = (await put(name, { handle, mode: 'shared' })).body;
    expect(uses).toBe(2);
    expect((await put(name, { handle, mode: 'unlock', token })).body).toMatchObject({
      released: false,
      left: 'counted',
    });
    expect((await put(name, { owner: 'bob', mode: 'exclusive' })).status).toBe(409);
    expect((await put(name, { handle, mode: 'unlock', token })).body).toMatchObject({ released: true });
    const wrong = await berth.post(`${SPACE}/handles`, { name, use_semaphore: true, cache_read: true });
    expect({ status: wrong.status, reason: reasonOf(wrong) }).toMatchObject({
      status: 400,
      reason: { code: 'berth.body_invalid', field: 'use_semaphore' },
    });
  });

  it('that caches acquires and releases again without a write', async () => {
    const name = fresh();
    const handle = await handleOf(name, 'ann', { cache_write: true });
    const first = (await put(name, { handle, mode: 'exclusive' })).body;
    const rows = await rowsOfLocks();
    for (let times = 0; times < 10; times += 1) {
      expect((await put(name, { handle, mode: 'unlock' })).body).toMatchObject({ released: false, left: 'cached' });
      expect((await put(name, { handle, mode: 'exclusive' })).body).toMatchObject({
        ...{ token: first.token, changed: false },
      });
    }
    expect(await rowsOfLocks()).toEqual(rows);
    await put(name, { handle, mode: 'shared', token: first.token });
    expect(await rowsOfLocks()).not.toEqual(rows);
  });

  it('that caches is asked to give back, and hands over at once', async () => {
    const name = fresh();
    const owner = randomUUID();
    const handle = await handleOf(name, owner, { cache_write: true });
    const { token } = (await put(name, { handle, mode: 'exclusive' })).body;
    await put(name, { handle, mode: 'unlock' });
    const stream = await follow(owner);
    expect(stream.events[0]?.data).toMatchObject({ owner, locks: [{ name, token, cached: true, revoked: false }] });
    const bob = put(name, { owner: 'bob', mode: 'exclusive', wait_ms: 20_000 });
    await waitFor(() => stream.events.length > 1, { what: 'the event' });
    expect(stream.events[1]?.data).toMatchObject({ name, token });
    expect((await put(name, { handle, mode: 'unlock' })).body).toMatchObject({ released: true });
    const theirs = (await bob).body;
    expect(theirs).toMatchObject({ owner: 'bob', changed: true });
    await put(name, { owner: 'bob', mode: 'unlock', token: theirs.token });
    expect((await put(name, { handle, mode: 'exclusive' })).body.changed).toBe(true);
    stream.close();
  });

  it('that caches and is silent loses the lock when lease and grace are over', async () => {
    const name = fresh();
    const handle = await handleOf(name, 'ann', { cache_write: true });
    const from = performance.now();
    const { token } = (await put(name, { handle, mode: 'exclusive', lease_ms: LEASE_MS })).body;
    const bob = await put(name, { owner: 'bob', mode: 'exclusive', wait_ms: 20_000 });
    expect(bob.status).toBe(200);
    // Both clocks may round.
    expect(performance.now() - from).toBeGreaterThan(LEASE_MS + GRACE_MS - 5);
    expect((await put(name, { handle, mode: 'unlock', token })).body).toMatchObject({ released: false });
  });

  it('that nobody was given is not found, whatever its name', async () => {
    for (const handle of ['15', 'none', randomUUID(), `${randomUUID()}'`]) {
      const freed = await berth.delete(`${SPACE}/handles/${encodeURIComponent(handle)}`);
      expect([handle, freed.status]).toEqual([handle, 404]);
      const used = await berth.put(`${SPACE}/locks/l`, { handle, mode: 'shared' });
      expect([handle, used.status]).not.toEqual([handle, 500]);
    }
  });

  it('is freed with what it holds', async () => {
    const name = fresh();
    const handle = await handleOf(name, 'ann', { cache_read: true });
    await put(name, { handle, mode: 'shared' });
    expect((await berth.delete(`${SPACE}/handles/${handle}`)).body).toEqual({ handle, released: true });
    expect((await put(name, { owner: 'bob', mode: 'exclusive' })).status).toBe(200);
    expect((await put(name, { handle, mode: 'shared' })).status).toBe(404);
  });
});

describe('an admin', () => {
  it('breaks a hold: its token is dead, its owner is told, the next is served', async () => {
    const name = fresh();
    const owner = randomUUID();
    const { token } = (await put(name, { owner, mode: 'exclusive' })).body;
    const stream = await follow(owner);
    const bob = put(name, { owner: 'bob', mode: 'exclusive', wait_ms: 20_000 });
    await waiting(name);
    const member = berth.with({ token: 'member', headers: { ...BERTH, 'x-roles': 'service' } });
    expect((await member.post(`${path(name)}/break`, { owner })).status).toBe(403);
    const broken = await berth.post(`${path(name)}/break`, { owner });
    expect(broken.body).toMatchObject({ name, broken: [{ owner, mode: 'exclusive', token }] });
    expect((await bob).status).toBe(200);
    expect((await put(name, { owner, mode: 'exclusive', token })).status).toBe(409);
    await waitFor(() => stream.events.length > 1, { what: 'the event' });
    expect(stream.events[1]?.data).toMatchObject({ name, token });
    stream.close();
    await waitFor(() => story.server.logs().includes(`was taken from \\"${owner}\\" by user admin`), {
      what: 'the log',
    });
  });

  it('drains and deletes a lockspace', async () => {
    const space = '/lockspaces/going';
    expect((await berth.put(`${space}/locks/a`, { owner: 'ann', mode: 'shared' })).status).toBe(404);
    await berth.put(space, {});
    const held = await berth.put<Granted>(`${space}/locks/a`, { owner: 'ann', mode: 'exclusive' });
    expect(reasonOf(await berth.delete(space))).toMatchObject({ code: 'berth.lockspace_in_use', held: 1 });
    expect((await berth.post(`${space}/drain`)).body).toMatchObject({ draining: true, held: 1 });
    for (const name of ['a', 'b']) {
      const refused = await berth.put(`${space}/locks/${name}`, { owner: 'bob', mode: 'shared', wait_ms: 1_000 });
      expect(reasonOf(refused).code).toBe('berth.lockspace_draining');
    }
    await berth.put(`${space}/locks/a`, { owner: 'ann', mode: 'unlock', token: held.body.token });
    expect((await berth.delete(space)).status).toBe(204);
    expect((await berth.get(space)).status).toBe(404);
    await berth.put(space, {});
    const again = await berth.put<Granted>(`${space}/locks/a`, { owner: 'ann', mode: 'exclusive' });
    expect(again.body.token).toBeGreaterThan(held.body.token);
    expect(again.body.changed).toBe(false);
    expect((await berth.get<{ lockspaces: { name: string }[] }>('/lockspaces')).body.lockspaces).toEqual([
      expect.objectContaining({ name: 'going' }),
      expect.objectContaining({ name: 'handles' }),
    ]);
  });
});
