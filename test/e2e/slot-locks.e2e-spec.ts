import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Client, Reply } from '../support/http.js';
import { wrongSlots } from '../support/slots.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Lock {
  readonly key: string;
  readonly slot: number;
  readonly since: string;
  readonly expires_at?: string | null;
}

interface Locks {
  readonly slot_locks: readonly Lock[];
  readonly next?: string | null;
}

interface Refusal {
  readonly errors: readonly [{ readonly detail: string; readonly reason: object }];
}

const ISO_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let story: Story;
let berth: Client;
let sql: pg.Client;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
}, STORY_LIMIT_MS);

afterAll(async () => {
  expect(await wrongSlots(sql)).toEqual([]);
  await sql.end();
  await story.close();
}, STORY_LIMIT_MS);

const key = (): string => `key/${randomUUID()}`;
const acquire = (owner: string, slotLocks: unknown, lease?: number): Promise<Reply<Locks>> =>
  berth.post('/slot_locks', { owner, slot_locks: slotLocks, ...(lease !== undefined && { lease_seconds: lease }) });
const query = (parameters: Readonly<Record<string, string>>): string =>
  `/slot_locks?${new URLSearchParams(parameters).toString()}`;
const heldBy = async (owner: string): Promise<readonly Lock[]> =>
  (await berth.get<Locks>(query({ owner }))).body.slot_locks;
const reasonOf = (reply: Reply): unknown => (reply.body as Refusal).errors[0].reason;

describe('POST /slot_locks', () => {
  it('takes all, or none and tells who holds them', async () => {
    const [one, pool] = [key(), { key: key(), limit: 2 }];
    const [ann, bob] = [`ann ${randomUUID()}`, `bob ${randomUUID()}`];
    expect((await acquire(ann, [one, pool])).body).toEqual({
      owner: ann,
      slot_locks: [
        { key: one, slot: 0, limit: 1, since: ISO_TIME, expires_at: null },
        { ...pool, slot: 0, since: ISO_TIME, expires_at: null },
      ],
    });
    const refused = await acquire(bob, [pool, one]);
    expect({ status: refused.status, reason: reasonOf(refused) }).toEqual({
      status: 409,
      reason: {
        code: 'berth.slot_taken',
        slot_locks: [
          { key: one, limit: 1, held: 1, holders: [{ owner: ann, slot: 0, since: ISO_TIME, expires_at: null }] },
        ],
      },
    });
    expect(await heldBy(bob)).toEqual([]);
  });

  it('gives the same owner what it holds already, so that who got no answer may ask again', async () => {
    const [one, two] = [key(), key()];
    const first = await acquire('again', [one]);
    const second = await acquire('again', [one, two], 60);
    expect(second.status).toBe(200);
    const kept = second.body.slot_locks.find((lock) => lock.key === one);
    expect(kept).toEqual({ ...first.body.slot_locks[0], expires_at: ISO_TIME });
    expect((await acquire('again', [one])).body.slot_locks).toMatchObject([{ key: one, expires_at: null }]);
  });

  it('meets claims on the same keys', async () => {
    const one = key();
    expect((await acquire('standalone', [one])).status).toBe(200);
    const uuid = randomUUID();
    await berth.post('/resource_providers', { name: uuid, uuid });
    const inventories = { VCPU: { total: 8 } };
    await berth.put(`/resource_providers/${uuid}/inventories`, { inventories, resource_provider_generation: 0 });
    const body = {
      allocations: { [uuid]: { resources: { VCPU: 1 }, generation: 1 } },
      ...{ project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE', consumer_generation: null, slot_locks: [one] },
    };
    const consumer = randomUUID();
    const refused = await berth.put(`/allocations/${consumer}`, body);
    expect(reasonOf(refused)).toMatchObject({ slot_locks: [{ key: one, holders: [{ owner: 'standalone' }] }] });
    await berth.delete(query({ owner: 'standalone', key: one }));
    expect((await berth.put(`/allocations/${consumer}`, body)).status).toBe(204);
    expect(reasonOf(await acquire('standalone', [one]))).toMatchObject({ slot_locks: [{ holders: [{ consumer }] }] });
    // Taken from the claim by an admin: its holder's next write is told by the generation.
    const forced = await berth.delete(query({ key: one, force: 'true' }));
    expect(forced.body).toMatchObject({ released: [{ key: one, consumer }] });
    expect((await berth.get(`/allocations/${consumer}`)).body).toMatchObject({
      consumer_generation: 2,
      slot_locks: [],
    });
    expect((await acquire('standalone', [one])).status).toBe(200);
  });

  it.each([
    [{ owner: '', slot_locks: ['a'] }, "'' is too short", 'owner'],
    [{ slot_locks: ['a'] }, "'owner' is a required property", 'owner'],
    [{ owner: 'o' }, "'slot_locks' is a required property", 'slot_locks'],
    [{ owner: 'o', slot_locks: [] }, '[] is too short', 'slot_locks'],
    [{ owner: 'o', slot_locks: ['a'], lease_seconds: 0 }, '0 is less than the minimum of 1', 'lease_seconds'],
    [{ owner: 'o', slot_locks: ['a'], lease_seconds: '5' }, "'5' is not of type 'integer'", 'lease_seconds'],
    [{ owner: 'o', slot_locks: ['a'], wait: 5 }, "('wait' was unexpected)", 'wait'],
    [{ owner: 'o', slot_locks: ['a', 'a'] }, "slot_locks: 'a' is named twice", 'slot_locks'],
  ])('refuses %j', async (body, text, field) => {
    const reply = await berth.post('/slot_locks', body);
    expect({ status: reply.status, reason: reasonOf(reply) }).toMatchObject({
      status: 400,
      reason: { code: 'berth.body_invalid' },
    });
    expect((reply.body as Refusal).errors[0].detail).toContain(text);
    expect((reply.body as Refusal).errors[0].detail).toContain(field);
  });
});

describe('a lease', () => {
  it('over, leaves the slot to the next taker at once, and nobody sees it any more', async () => {
    const one = key();
    expect((await acquire('short', [one], 1)).status).toBe(200);
    expect((await acquire('next', [one])).status).toBe(409);
    await waitFor(async () => (await heldBy('short')).length === 0, { limitMs: 30_000, what: 'the end of the lease' });
    expect((await acquire('next', [one])).status).toBe(200);
    expect(await heldBy('next')).toMatchObject([{ key: one, slot: 0 }]);
    await berth.delete(query({ owner: 'next' }));
  });

  it('over, is swept where nobody comes to take it', async () => {
    const one = key();
    expect((await acquire('swept', [one], 1)).status).toBe(200);
    const rows = async (): Promise<number> =>
      (
        await sql.query('select 1 from slot_locks where key = $1 union all select 1 from slot_pools where key = $1', [
          one,
        ])
      ).rows.length;
    expect(await rows()).toBe(2);
    await waitFor(async () => (await rows()) === 0, { limitMs: 60_000, what: 'the sweep' });
  });

  it('over, is no longer kept by its own owner', async () => {
    const one = key();
    const first = await acquire('late', [one], 1);
    await waitFor(async () => (await heldBy('late')).length === 0, { limitMs: 30_000, what: 'the end of the lease' });
    const second = await acquire('late', [one], 60);
    expect(second.status).toBe(200);
    expect(second.body.slot_locks[0]?.since).not.toBe(first.body.slot_locks[0]?.since);
  });
});

describe('DELETE /slot_locks', () => {
  it('releases what the owner holds, says so, and leaves alone what others hold', async () => {
    const [one, two, three] = [key(), key(), key()];
    const [owner, other] = [randomUUID(), randomUUID()];
    await acquire(owner, [one, two]);
    await acquire(other, [three]);
    const some = await berth.delete(`${query({ owner, key: one })}&key=${encodeURIComponent(three)}`);
    expect(some).toMatchObject({ status: 200, body: { released: [{ key: one, slot: 0, owner }] } });
    expect(await heldBy(other)).toMatchObject([{ key: three }]);
    // Late, or twice: nothing of the next owner's goes.
    await acquire(other, [one]);
    expect((await berth.delete(query({ owner, key: one }))).body).toEqual({ released: [] });
    expect((await berth.delete(query({ owner }))).body).toMatchObject({ released: [{ key: two, owner }] });
    expect(await heldBy(other)).toHaveLength(2);
  });

  it('by force takes keys from whoever holds them, is for admins, and is logged', async () => {
    const one = key();
    await acquire('victim', [one]);
    const service = { 'x-roles': 'service' };
    const path = query({ key: one, force: 'true' });
    const refused = await berth.delete(path, undefined, service);
    expect(refused.status).toBe(403);
    expect((refused.body as Refusal).errors[0].detail).toContain('berth:slot_locks:force');
    expect((await berth.delete(query({ owner: 'nobody', key: one, force: 'false' }), undefined, service)).status).toBe(
      200,
    );
    expect(await heldBy('victim')).toHaveLength(1);
    expect((await berth.delete(path)).body).toMatchObject({ released: [{ key: one, owner: 'victim' }] });
    expect(await heldBy('victim')).toEqual([]);
    await waitFor(() => story.server.logs().includes('taken from owner \\"victim\\" by user admin, project admin'), {
      limitMs: 30_000,
      what: 'the log',
    });
  });

  it.each([
    ['', 'owner: missing'],
    ['?key=a', 'owner: missing'],
    ['?force=true', 'key: missing'],
    ['?force=yes&key=a', "'yes' is not one of"],
    ['?owner=', "'' is too short"],
    ['?owner=a%00', 'does not match'],
    ['?owner=a&keys=b', "('keys' was unexpected)"],
    [`?owner=a&key=${'k'.repeat(256)}&key=b`, 'is too long'],
  ])('refuses %s', async (parameters, text) => {
    const reply = await berth.delete(`/slot_locks${parameters}`);
    expect(reply.status).toBe(400);
    expect(reasonOf(reply)).toMatchObject({ code: 'berth.query_invalid' });
    expect((reply.body as Refusal).errors[0].detail).toContain(text);
  });
});

describe('GET /slot_locks', () => {
  it('lists by prefix and owner, page by page', async () => {
    const prefix = `list ${randomUUID()} %_\\ 😀`;
    const outside = prefix.replace('%', 'x');
    const keys = Array.from({ length: 7 }, (_, at) => `${prefix}${at}\u{10ffff}`);
    expect((await acquire('lister', [...keys.slice(0, 5), outside])).status).toBe(200);
    await acquire('other lister', keys.slice(5));
    const pages: Lock[][] = [];
    for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined;) {
      const more: Record<string, string> = cursor === '' ? {} : { cursor };
      const { status, body } = await berth.get<Locks>(query({ key_prefix: prefix, limit: '3', ...more }));
      expect(status).toBe(200);
      pages.push([...body.slot_locks]);
      cursor = body.next;
    }
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map((lock) => lock.key)).toEqual(keys);
    const mine = await berth.get<Locks>(query({ key_prefix: prefix, owner: 'lister' }));
    expect(mine.body.slot_locks).toHaveLength(5);
    expect(mine.body.next).toBeNull();
    expect(mine.body.slot_locks[0]).toEqual({
      ...{ key: keys[0], slot: 0, limit: 1, owner: 'lister', expires_at: null, since: ISO_TIME },
    });
    expect(await heldBy('lister')).toHaveLength(6);
  });

  it.each([
    ['limit=0', 'berth.query_invalid'],
    ['limit=1001', 'berth.query_invalid'],
    ['limit=x', 'berth.query_invalid'],
    ['prefix=x', 'berth.query_invalid'],
    ['cursor=x', 'berth.cursor_malformed'],
    ['cursor=WyJhIiwtMV0', 'berth.cursor_malformed'],
  ])('refuses %s', async (parameters, code) => {
    const reply = await berth.get(`/slot_locks?${parameters}`);
    expect({ status: reply.status, reason: reasonOf(reply) }).toMatchObject({ status: 400, reason: { code } });
  });

  it('is not there for stock clients', async () => {
    for (const reply of [
      await story.at(39).get('/slot_locks'),
      await story.at(39).post('/slot_locks', {}),
      await story.at(39).delete('/slot_locks'),
      await story.at(39).put('/slot_locks', {}),
    ]) {
      expect(reply.status).toBe(404);
    }
  });
});
