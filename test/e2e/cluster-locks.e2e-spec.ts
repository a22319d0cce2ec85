import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Granted {
  readonly name: string;
  readonly owner: string;
  readonly mode: string;
  readonly token: number;
  readonly changed: boolean;
  readonly lease_ms: number;
  readonly uses: number;
}

interface Refusal {
  readonly errors: readonly [{ readonly status: number; readonly detail: string; readonly reason: Reason }];
}

interface Reason {
  readonly code: string;
  readonly [fact: string]: unknown;
}

const ISO_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let story: Story;
let berth: Client;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  expect((await berth.put('/lockspaces/story', {})).status).toBe(201);
}, STORY_LIMIT_MS);

afterAll(async () => {
  await story.close();
}, STORY_LIMIT_MS);

const fresh = (): string => `lock ${randomUUID()}`;
const path = (name: string): string => `/lockspaces/story/locks/${encodeURIComponent(name)}`;
const put = (name: string, body: object): Promise<Reply<Granted>> => berth.put(path(name), body);
const unlock = (name: string, owner: string, token?: number): Promise<Reply> =>
  berth.put(path(name), { owner, mode: 'unlock', ...(token !== undefined && { token }) });
const reasonOf = (reply: Reply): Reason => (reply.body as Refusal).errors[0].reason;
const inLine = async (name: string): Promise<number> =>
  (await berth.get<{ line: unknown[] }>(path(name))).body.line.length;

describe('one owner after another', () => {
  it('is granted, told to others, and released', async () => {
    const name = fresh();
    const held = await put(name, { owner: 'ann', mode: 'exclusive', lease_ms: 20_000 });
    expect({ status: held.status, body: held.body }).toEqual({
      status: 200,
      body: {
        ...{ lockspace: 'story', name, owner: 'ann', mode: 'exclusive', token: expect.any(Number), changed: false },
        ...{ cached: false, uses: 1, revoked: false, since: ISO_TIME, expires_at: ISO_TIME, lease_ms: 20_000 },
      },
    });
    const refused = await put(name, { owner: 'bob', mode: 'shared' });
    expect({ status: refused.status, reason: reasonOf(refused) }).toEqual({
      status: 409,
      reason: {
        code: 'berth.lock_held',
        locks: [
          {
            ...{ lockspace: 'story', name, mode: 'shared', waiting: 0 },
            holders: [{ owner: 'ann', mode: 'exclusive', since: ISO_TIME, expires_at: ISO_TIME }],
          },
        ],
      },
    });
    const nothing = { lockspace: 'story', name, mode: 'unlock', hold: null, left: 'nothing' };
    expect((await unlock(name, 'bob')).body).toEqual({ ...nothing, released: false });
    expect((await unlock(name, 'ann', held.body.token)).body).toEqual({ ...nothing, released: true });
    const next = await put(name, { owner: 'bob', mode: 'shared' });
    expect(next.body.token).toBeGreaterThan(held.body.token);
    expect(next.body.changed).toBe(true);
  });

  it('does not free the next with the token of the one before', async () => {
    const name = fresh();
    const first = await put(name, { owner: 'ann', mode: 'exclusive' });
    await unlock(name, 'ann', first.body.token);
    const second = await put(name, { owner: 'ann', mode: 'exclusive' });
    expect((await unlock(name, 'ann', first.body.token)).body).toMatchObject({ released: false, left: 'other_hold' });
    expect((await unlock(name, 'ann', second.body.token)).body).toMatchObject({ released: true });
  });

  it('tells who asks twice what it has', async () => {
    const name = fresh();
    const { body } = await put(name, { owner: 'ann', mode: 'exclusive' });
    const again = await put(name, { owner: 'ann', mode: 'exclusive' });
    expect({ status: again.status, reason: reasonOf(again) }).toMatchObject({
      status: 409,
      reason: { code: 'berth.lock_already_held', token: body.token, mode: 'exclusive' },
    });
  });

  it('has names of any characters', async () => {
    const name = 'pci/0000:81 ü%2F?#';
    expect((await put(name, { owner: 'a/b', mode: 'shared' })).body).toMatchObject({ name, owner: 'a/b' });
    const { body } = await berth.get<{ locks: { name: string }[] }>('/lockspaces/story/locks?prefix=pci%2F');
    expect(body.locks.map((lock) => lock.name)).toEqual([name]);
  });
});

describe('waiting', () => {
  it('is served in order, shared ones together', async () => {
    const name = fresh();
    const first = await put(name, { owner: 'first', mode: 'exclusive' });
    const order: string[] = [];
    const waits: Promise<Reply<Granted>>[] = [];
    for (const [owner, mode] of [
      ['s1', 'shared'],
      ['s2', 'shared'],
      ['x1', 'exclusive'],
      ['s3', 'shared'],
    ] as const) {
      const asked = put(name, { owner, mode, wait_ms: 20_000 });
      waits.push(asked.then((reply) => (order.push(owner), reply)));
      await waitFor(async () => (await inLine(name)) === waits.length, { what: `${owner} in line` });
    }
    await unlock(name, 'first', first.body.token);
    const [s1, s2] = await Promise.all(waits.slice(0, 2));
    expect(order.sort()).toEqual(['s1', 's2']);
    expect(await inLine(name)).toBe(2);
    await unlock(name, 's1', s1?.body.token);
    expect(await inLine(name)).toBe(2);
    await unlock(name, 's2', s2?.body.token);
    const x1 = await waits[2];
    expect(x1?.body).toMatchObject({ owner: 'x1', mode: 'exclusive', changed: true });
    expect(await inLine(name)).toBe(1);
    await unlock(name, 'x1', x1?.body.token);
    expect((await waits[3])?.body.token).toBeGreaterThan(x1?.body.token ?? Infinity);
  });

  it('ends in time, and with who stood in the way', async () => {
    const name = fresh();
    await put(name, { owner: 'ann', mode: 'exclusive' });
    const refused = await put(name, { owner: 'bob', mode: 'exclusive', wait_ms: 100 });
    expect(reasonOf(refused)).toMatchObject({ code: 'berth.lock_held', locks: [{ holders: [{ owner: 'ann' }] }] });
    expect(await inLine(name)).toBe(0);
  });

  it('ends with the lease of who holds it', async () => {
    const name = fresh();
    const lost = await put(name, { owner: 'ann', mode: 'exclusive', lease_ms: 300 });
    const next = await put(name, { owner: 'bob', mode: 'exclusive', wait_ms: 10_000 });
    expect(next.body).toMatchObject({ owner: 'bob', changed: true });
    expect((await unlock(name, 'ann', lost.body.token)).body).toMatchObject({ released: false });
  });

  it('goes on by itself when it is asynchronous', async () => {
    const name = fresh();
    const first = await put(name, { owner: 'ann', mode: 'exclusive' });
    const queued = await berth.put<{ request: number }>(path(name), { owner: 'bob', mode: 'exclusive', async: true });
    expect({ status: queued.status, body: queued.body }).toEqual({
      status: 202,
      body: { request: expect.any(Number), status: 'waiting' },
    });
    const request = `/lockspaces/story/requests/${queued.body.request}`;
    expect((await berth.get(request)).body).toMatchObject({
      status: 'waiting',
      locks: [{ owner: 'bob', async: true }],
    });
    await unlock(name, 'ann', first.body.token);
    expect((await berth.get(request)).body).toMatchObject({ status: 'granted', locks: [{ name, owner: 'bob' }] });
    const given = await berth.put<{ request: number }>(path(name), { owner: 'cid', mode: 'exclusive', async: true });
    const other = `/lockspaces/story/requests/${given.body.request}`;
    expect((await berth.delete(other)).body).toMatchObject({ status: 'cancelled' });
    expect((await berth.get(other)).status).toBe(404);
  });
});
