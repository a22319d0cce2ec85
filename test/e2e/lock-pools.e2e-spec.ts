import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Permit {
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  readonly since: string;
  readonly expires_at: string;
}

interface Pool {
  readonly name: string;
  readonly capacity: number;
  readonly active: number;
  readonly waiting: number;
  readonly keys: readonly { readonly key: string; readonly permit: object | null; readonly waiting: number }[];
}

interface Refusal {
  readonly errors: readonly [{ readonly reason: { readonly code: string } & Readonly<Record<string, unknown>> }];
}

let story: Story;
let pool: string;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

beforeEach(async () => {
  pool = `/lock_pools/${randomUUID()}`;
  expect((await story.berth.put(pool, {})).status).toBe(200);
});

const ask = (key: string, owner: string, more: object = {}, at = pool): Promise<Reply<Permit>> =>
  story.berth.post<Permit>(`${at}/permits`, { key, owner, ...more });

const release = async ({ token, owner }: Permit): Promise<unknown> =>
  (await story.berth.delete(`${pool}/permits/${token}?owner=${owner}`)).body;

const shown = async (): Promise<Pool> => (await story.berth.get<Pool>(pool)).body;

const reasonOf = ({ body }: Reply): Refusal['errors'][0]['reason'] => (body as Refusal).errors[0].reason;

const waitingFor = (count: number): Promise<boolean> =>
  waitFor(async () => (await shown()).waiting === count, { what: `${count} to wait` });

describe('a lock pool', () => {
  it('is made, shown, listed, changed and removed', async () => {
    const name = `p${randomUUID()}`;
    const path = `/lock_pools/${name}`;
    const nothing = { name, active: 0, waiting: 0 };
    expect(await story.berth.put(path, {})).toMatchObject({ status: 200, body: { ...nothing, capacity: 5 } });
    expect((await story.berth.put(path, { capacity: 2 })).body).toEqual({ ...nothing, capacity: 2 });
    expect((await story.berth.get(path)).body).toEqual({ ...nothing, capacity: 2, keys: [] });
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page: { body: { lock_pools: { name: string }[]; next: string | null } } = await story.berth.get(
        `/lock_pools?limit=1${next === '' ? '' : `&cursor=${next}`}`,
      );
      seen.push(...page.body.lock_pools.map((one) => one.name));
      next = page.body.next;
    }
    expect(seen).toContain(name);
    expect(seen).toEqual([...new Set(seen)].sort());
    expect((await story.berth.delete(path)).status).toBe(204);
    const gone = await story.berth.get(path);
    expect([gone.status, reasonOf(gone)]).toEqual([404, { code: 'berth.lock_pool_not_found', lock_pool: name }]);
  });

  it('exists only under the contract', async () => {
    expect((await story.at(39).put(pool, {})).status).toBe(404);
    expect((await story.at(39).get('/lock_pools')).status).toBe(404);
  });

  it('refuses what it does not know', async () => {
    const bad: [string, object][] = [
      [pool, { capacity: 0 }],
      [pool, { capacity: 1.5 }],
      [pool, { size: 5 }],
      [`/lock_pools/${'x'.repeat(256)}`, {}],
      [`/lock_pools/${encodeURIComponent('a\0b')}`, {}],
    ];
    for (const [path, body] of bad) expect((await story.berth.put(path, body)).status).toBe(400);
    for (const body of [
      { key: 'a' },
      { key: '', owner: 'o' },
      { key: 'a', owner: 'o', wait_seconds: 61 },
      { key: 'a', owner: 'o', lease_seconds: 0 },
      { key: 'a\0', owner: 'o' },
    ]) {
      expect((await story.berth.post(`${pool}/permits`, body)).status).toBe(400);
    }
    expect((await story.berth.get('/lock_pools?cursor=nonsense')).status).toBe(400);
    expect((await story.berth.delete(`${pool}/permits/1`)).status).toBe(400);
    expect(await shown()).toMatchObject({ active: 0, waiting: 0 });
  });
});

describe('a permit', () => {
  it('is given, renewed, shown and released, truthfully', async () => {
    const { status, body: permit } = await ask('volume', 'me', { lease_seconds: 30 });
    expect(status).toBe(200);
    expect(permit).toEqual({
      ...{ key: 'volume', owner: 'me', token: expect.any(Number) },
      since: expect.any(String),
      expires_at: new Date(Date.parse(permit.since) + 30_000).toISOString(),
    });
    const { key, ...holder } = permit;
    const { owner, token, since, expires_at } = holder;
    expect((await shown()).keys).toEqual([{ key, permit: { owner, token, since, expires_at }, waiting: 0 }]);
    const path = `${pool}/permits/${token}`;
    const renewed = await story.berth.put<Permit>(path, { owner, lease_seconds: 300 });
    expect(renewed.body).toMatchObject({ key, owner, token, since });
    expect(Date.parse(renewed.body.expires_at)).toBeGreaterThan(Date.parse(permit.since) + 290_000);
    for (const refused of [
      await story.berth.put(path, { owner: 'you' }),
      await story.berth.put(`${pool}/permits/nonsense`, { owner }),
    ]) {
      expect([refused.status, reasonOf(refused).code]).toEqual([404, 'berth.permit_not_found']);
    }
    expect((await story.berth.delete(`${path}?owner=you`)).body).toEqual({ released: false });
    const inUse = await story.berth.delete(pool);
    expect([inUse.status, reasonOf(inUse)]).toMatchObject([409, { code: 'berth.lock_pool_in_use', active: 1 }]);
    expect(await release(permit)).toEqual({ released: true });
    expect(await release(permit)).toEqual({ released: false });
    const next = (await ask('volume', 'me')).body;
    expect(next.token).toBeGreaterThan(token);
    expect(await release(permit)).toEqual({ released: false });
    expect((await shown()).active).toBe(1);
    expect(await release(next)).toEqual({ released: true });
  });

  it('that cannot be had says who has it, and leaves nothing behind', async () => {
    const { body: holder } = await ask('a', 'me');
    const refused = await ask('a', 'you');
    expect(refused.status).toBe(409);
    expect(reasonOf(refused)).toEqual({
      ...{
        code: 'berth.lock_pool_busy',
        lock_pool: (await shown()).name,
        key: 'a',
        capacity: 5,
        active: 1,
        waiting: 0,
      },
      holder: { owner: 'me', since: holder.since, expires_at: holder.expires_at },
    });
    const waited = await ask('a', 'you', { wait_seconds: 1 });
    expect([waited.status, reasonOf(waited).code]).toEqual([409, 'berth.lock_pool_busy']);
    expect(await shown()).toMatchObject({ active: 1, waiting: 0 });
    await release(holder);
  });

  it('of a pool that is not there is none', async () => {
    const refused = await ask('a', 'me', {}, '/lock_pools/none');
    expect([refused.status, reasonOf(refused).code]).toEqual([404, 'berth.lock_pool_not_found']);
  });

  it('goes to the next when its lease is over, and a late release frees nobody', async () => {
    const { body: dead } = await ask('a', 'dead', { lease_seconds: 1 });
    const { status, body: next } = await ask('a', 'next', { wait_seconds: 20 });
    expect(status).toBe(200);
    expect(Date.parse(next.since)).toBeGreaterThanOrEqual(Date.parse(dead.expires_at));
    expect(await release(dead)).toEqual({ released: false });
    const late = await story.berth.put(`${pool}/permits/${dead.token}`, { owner: 'dead' });
    expect([late.status, reasonOf(late).code]).toEqual([404, 'berth.permit_not_found']);
    expect(await release(next)).toEqual({ released: true });
  });
});

describe('who waits', () => {
  it('for A, twenty of them, never delay B, and come in their order', async () => {
    const { body: holder } = await ask('A', 'first');
    const order: string[] = [];
    const waits: Promise<unknown>[] = [];
    for (let index = 1; index <= 20; index += 1) {
      const wait = async (): Promise<void> => {
        const { status, body } = await ask('A', `waiter${index}`, { wait_seconds: 60 });
        expect(status).toBe(200);
        order.push(body.owner);
        expect(await release(body)).toEqual({ released: true });
      };
      waits.push(wait());
      await waitingFor(index);
    }
    const { status, body: other } = await ask('B', 'other');
    expect(status).toBe(200);
    expect(await shown()).toMatchObject({
      ...{ active: 2, waiting: 20 },
      keys: [
        { key: 'A', permit: { owner: 'first' }, waiting: 20 },
        { key: 'B', permit: { owner: 'other' }, waiting: 0 },
      ],
    });
    await release(holder);
    await Promise.all(waits);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => `waiter${index + 1}`));
    await release(other);
    expect(await shown()).toMatchObject({ active: 0, waiting: 0, keys: [] });
  });

  it('for room comes in when a key goes, or when the pool grows', async () => {
    const held = await Promise.all([...'abcde'].map(async (key) => (await ask(key, 'me')).body));
    const waits = [...'fgh'].map((key) => ask(key, 'you', { wait_seconds: 60 }));
    await waitingFor(3);
    expect((await ask('i', 'you')).status).toBe(409);
    await release(held[0] as Permit);
    await waitingFor(2);
    await story.berth.put(pool, { capacity: 7 });
    const admitted = await Promise.all(waits);
    expect(admitted.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await shown()).toMatchObject({ capacity: 7, active: 7, waiting: 0 });
    await Promise.all([...held.slice(1), ...admitted.map(({ body }) => body)].map(release));
  });

  it('and goes away is forgotten at once', async () => {
    const { body: holder } = await ask('a', 'me');
    const gone = new AbortController();
    const wait = fetch(`${story.url}${pool}/permits`, {
      method: 'POST',
      signal: gone.signal,
      headers: { ...BERTH, 'x-auth-token': 'admin', 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'a', owner: 'you', wait_seconds: 60 }),
    }).catch((error: Error) => error.name);
    await waitingFor(1);
    gone.abort();
    expect(await wait).toBe('AbortError');
    await waitingFor(0);
    expect(await release(holder)).toEqual({ released: true });
    expect((await shown()).active).toBe(0);
  });

  it('waits beyond the short lease that it is kept alive by', async () => {
    const { body: holder } = await ask('a', 'me', { lease_seconds: 60 });
    const wait = ask('a', 'you', { wait_seconds: 60 });
    await waitingFor(1);
    // Longer than it is kept for by one sign of life: only time can show that there are more.
    await sleep(18_000);
    await release(holder);
    const { status, body } = await wait;
    expect(status).toBe(200);
    await release(body);
  });
});

describe('a server that stops', () => {
  it('tells who waits, and leaves nothing of them', async () => {
    const other = await openStory();
    await other.berth.put('/lock_pools/p', {});
    await other.berth.post('/lock_pools/p/permits', { key: 'a', owner: 'me' });
    const wait = other.berth.post('/lock_pools/p/permits', { key: 'a', owner: 'you', wait_seconds: 60 });
    await waitFor(async () => (await other.berth.get<Pool>('/lock_pools/p')).body.waiting === 1, {
      what: 'it to wait',
    });
    const ended = other.server.stop();
    expect((await wait).status).toBe(503);
    expect(await ended).toBe(0);
    await other.database.drop();
  });
});
