import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Client, Reply } from '../support/http.js';
import { wrongSlots } from '../support/slots.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Shown {
  readonly consumer_generation?: number;
  readonly slot_locks?: readonly { readonly key: string; readonly slot: number; readonly limit: number }[];
}

interface Refusal {
  readonly errors: readonly [{ readonly detail: string; readonly reason: { readonly slot_locks: readonly object[] } }];
}

const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };
const ISO_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let story: Story;
let berth: Client;
let provider: string;
let sql: pg.Client;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
  provider = await createProvider(1000);
}, STORY_LIMIT_MS);

afterAll(async () => {
  expect(await wrongSlots(sql)).toEqual([]);
  await sql.end();
  await story.close();
}, STORY_LIMIT_MS);

async function createProvider(total: number): Promise<string> {
  const uuid = randomUUID();
  await berth.post('/resource_providers', { name: uuid, uuid });
  const body = { inventories: { VCPU: { total } }, resource_provider_generation: 0 };
  expect((await berth.put(`/resource_providers/${uuid}/inventories`, body)).status).toBe(200);
  return uuid;
}

async function entry(generation: number | null, slotLocks: unknown, amount = 1): Promise<object> {
  const { body } = await berth.get<{ generation: number }>(`/resource_providers/${provider}`);
  return {
    ...OWNER,
    consumer_generation: generation,
    allocations: amount === 0 ? {} : { [provider]: { resources: { VCPU: amount }, generation: body.generation } },
    ...(slotLocks !== undefined && { slot_locks: slotLocks }),
  };
}

async function put(consumer: string, slotLocks: unknown, generation: number | null = null): Promise<Reply> {
  return await berth.put(`/allocations/${consumer}`, await entry(generation, slotLocks));
}

async function claim(slotLocks: unknown): Promise<string> {
  const consumer = randomUUID();
  expect(await put(consumer, slotLocks)).toMatchObject({ status: 204 });
  return consumer;
}

async function slotsOf(consumer: string): Promise<readonly object[]> {
  const { body } = await berth.get<Shown>(`/allocations/${consumer}`);
  return (body.slot_locks ?? []).map(({ key, slot, limit }) => ({ key, slot, limit }));
}

const reasonOf = (reply: Reply): unknown => (reply.body as Refusal).errors[0].reason;
const key = (): string => `key ${randomUUID()}`;

describe('a claim with slot locks', () => {
  it('shows what it holds, and who comes second is told by whom and since when', async () => {
    // Shown in the order of their keys, which are random.
    const [one = '', pool = ''] = [key(), key()].sort();
    const first = await claim([one, { key: pool, limit: 2 }]);
    const { body } = await berth.get<Shown>(`/allocations/${first}`);
    const since = ISO_TIME;
    expect(body.slot_locks).toEqual([
      { key: one, slot: 0, limit: 1, since },
      { key: pool, slot: 0, limit: 2, since },
    ]);
    const second = randomUUID();
    const refused = await put(second, [one, { key: pool, limit: 2 }]);
    expect(refused.status).toBe(409);
    expect(reasonOf(refused)).toEqual({
      code: 'berth.slot_taken',
      slot_locks: [{ key: one, limit: 1, held: 1, holders: [{ consumer: first, slot: 0, since }] }],
    });
    expect((refused.body as Refusal).errors[0].detail).toContain(`'${one}' by consumer ${first} since `);
    // Neither the slot that was free nor the allocation.
    expect((await berth.get<Shown>(`/allocations/${second}`)).body).toEqual({ allocations: {} });
    expect((await berth.get(`/slot_locks?key_prefix=${encodeURIComponent(pool)}`)).body).toMatchObject({
      slot_locks: [{ consumer: first, slot: 0 }],
    });
  });

  it('of a key with a limit gets the next number, and the one that came back first', async () => {
    const licence = { key: key(), limit: 3 };
    const [a, b, c] = [await claim([licence]), await claim([licence]), await claim([licence])];
    expect([...(await slotsOf(a)), ...(await slotsOf(b)), ...(await slotsOf(c))]).toEqual(
      [0, 1, 2].map((slot) => ({ ...licence, slot })),
    );
    const refused = await put(randomUUID(), [licence]);
    expect(reasonOf(refused)).toMatchObject({
      slot_locks: [{ ...licence, held: 3, holders: [{ consumer: a }, { consumer: b }, { consumer: c }] }],
    });
    expect((await berth.delete(`/allocations/${b}`, undefined, { 'if-match': '"1"' })).status).toBe(204);
    expect(await slotsOf(await claim([licence]))).toEqual([{ ...licence, slot: 1 }]);
  });

  it('tells every key that is taken', async () => {
    const keys = [key(), key(), key()];
    const holder = await claim(keys);
    const refused = await put(randomUUID(), [...keys, key()]);
    const holders = [{ consumer: holder, slot: 0, since: ISO_TIME }];
    expect(reasonOf(refused)).toMatchObject({ slot_locks: keys.map((one) => ({ key: one, holders })) });
  });
});

describe('slots of a consumer', () => {
  it('are replaced with its allocations: kept where named again, released where not', async () => {
    const [kept, left, taken] = [{ key: key(), limit: 5 }, key(), key()];
    const other = await claim([kept]);
    const consumer = await claim([kept, left]);
    await berth.delete(`/allocations/${other}`, undefined, { 'if-match': '"1"' });
    expect((await put(consumer, [kept, taken], 1)).status).toBe(204);
    expect(await slotsOf(consumer)).toEqual(
      expect.arrayContaining([
        { ...kept, slot: 1 },
        { key: taken, slot: 0, limit: 1 },
      ]),
    );
    expect(await slotsOf(await claim([left]))).toHaveLength(1);
    expect((await put(consumer, undefined, 2)).status).toBe(204);
    expect(await slotsOf(consumer)).toEqual([]);
  });

  it('can be written back as they are shown', async () => {
    const consumer = await claim([key(), { key: key(), limit: 4 }]);
    const { body } = await berth.get<Shown & object>(`/allocations/${consumer}`);
    expect((await berth.put(`/allocations/${consumer}`, body)).status).toBe(204);
    expect((await berth.get<Shown>(`/allocations/${consumer}`)).body.slot_locks).toEqual(body.slot_locks);
  });

  it.each([
    ['DELETE', (consumer: string) => story.at(39).delete(`/allocations/${consumer}`)],
    ['PUT {}', async (consumer: string) => berth.put(`/allocations/${consumer}`, await entry(1, undefined, 0))],
    ['PUT {} of a stock client', (consumer: string) => stockPut(consumer, {})],
    [
      'PUT of a stock client, which replaces the set',
      (consumer: string) => stockPut(consumer, { [provider]: { resources: { VCPU: 2 } } }),
    ],
    ['POST {}', async (consumer: string) => berth.post('/allocations', { [consumer]: await entry(1, undefined, 0) })],
  ])('go with the allocations: %s', async (_name, release) => {
    const one = key();
    expect((await release(await claim([one]))).status).toBe(204);
    expect(await slotsOf(await claim([one]))).toEqual([{ key: one, slot: 0, limit: 1 }]);
  });

  it('stay when the write that would release them is refused', async () => {
    const one = key();
    const consumer = await claim([one]);
    expect((await put(consumer, [], 7)).status).toBe(409);
    const tooMuch = await berth.put(`/allocations/${consumer}`, await entry(1, [], 100_000));
    expect(tooMuch.status).toBe(409);
    expect(await slotsOf(consumer)).toEqual([{ key: one, slot: 0, limit: 1 }]);
  });

  function stockPut(consumer: string, allocations: object): Promise<Reply> {
    return story.at(39).put(`/allocations/${consumer}`, { ...OWNER, consumer_generation: 1, allocations });
  }
});

describe('several consumers at once', () => {
  it('get all slots or none', async () => {
    const [one, two] = [key(), key()];
    const [a, b] = [randomUUID(), randomUUID()];
    expect(
      (await berth.post('/allocations', { [a]: await entry(null, [one]), [b]: await entry(null, [two, one]) })).status,
    ).toBe(409);
    expect([await slotsOf(a), await slotsOf(b)]).toEqual([[], []]);
    expect(
      (await berth.post('/allocations', { [a]: await entry(null, [one]), [b]: await entry(null, [two]) })).status,
    ).toBe(204);
    expect([await slotsOf(a), await slotsOf(b)]).toMatchObject([[{ key: one }], [{ key: two }]]);
  });

  it('may hand a slot on', async () => {
    const one = key();
    const [a, b] = [await claim([one]), randomUUID()];
    const move = { [b]: await entry(null, [one]), [a]: await entry(1, undefined, 0) };
    expect((await berth.post('/allocations', move)).status).toBe(204);
    expect(await slotsOf(b)).toEqual([{ key: one, slot: 0, limit: 1 }]);
  });

  it('get and lose them through the reshaper', async () => {
    const [one, two] = [key(), key()];
    const consumer = await claim([one]);
    const { body } = await berth.get<{ generation: number }>(`/resource_providers/${provider}`);
    const reply = await berth.post(
      '/reshaper',
      {
        inventories: {
          [provider]: { resource_provider_generation: body.generation, inventories: { VCPU: { total: 1000 } } },
        },
        allocations: { [consumer]: await entry(1, [two]) },
      },
      { 'x-roles': 'service' },
    );
    expect(reply.status).toBe(204);
    expect(await slotsOf(consumer)).toEqual([{ key: two, slot: 0, limit: 1 }]);
  });
});

describe('POST /claims', () => {
  it('finds room and takes slots, all or nothing', async () => {
    const one = key();
    const consumer = (uuid: string): object => ({
      ...{ consumer_uuid: uuid, consumer_generation: null, project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' },
      slot_locks: [one],
    });
    const [a, b] = [randomUUID(), randomUUID()];
    const query = { resources: 'VCPU:1' };
    const both = await berth.post('/claims', { query, consumers: [consumer(a), consumer(b)] });
    expect({ status: both.status, reason: reasonOf(both) }).toMatchObject({
      status: 409,
      reason: { code: 'berth.slot_taken', slot_locks: [{ key: one, limit: 1 }] },
    });
    expect((await berth.post('/claims', { query, consumers: [consumer(a)] })).status).toBe(200);
    expect(await slotsOf(a)).toEqual([{ key: one, slot: 0, limit: 1 }]);
  });
});

describe('what a request may say', () => {
  it.each([
    ['not a list', 'x', "'x' is not of type 'array'"],
    ['an empty key', [''], "'' is too short"],
    ['too long a key', ['x'.repeat(256)], 'is too long'],
    ['NUL in a key', ['a\0'], 'does not match'],
    ['half a character', ['a\ud800'], 'does not match'],
    ['no key', [{ limit: 1 }], "'key' is a required property"],
    ['a limit of 0', [{ key: 'k', limit: 0 }], '0 is less than the minimum of 1'],
    ['too high a limit', [{ key: 'k', limit: 1_000_001 }], '1000001 is greater than the maximum of 1000000'],
    ['half a limit', [{ key: 'k', limit: 1.5 }], "1.5 is not of type 'integer'"],
    ['another member', [{ key: 'k', wait: true }], "('wait' was unexpected)"],
    ['a number', [5], 'is not valid under any of the given schemas'],
    ['too many keys', Array.from({ length: 101 }, (_, at) => `k${at}`), 'is too long'],
    ['a key twice', ['k', { key: 'k', limit: 2 }], "slot_locks: 'k' is named twice"],
  ])('%s is refused', async (_name, slotLocks, text) => {
    const reply = await put(randomUUID(), slotLocks);
    expect(reply.status).toBe(400);
    expect(reasonOf(reply)).toMatchObject({ code: 'berth.body_invalid' });
    const { detail } = (reply.body as Refusal).errors[0];
    expect(detail).toContain(text);
    expect(detail).toContain('slot_locks');
  });

  it('slots without allocations are refused', async () => {
    const reply = await berth.put(`/allocations/${randomUUID()}`, await entry(null, ['k'], 0));
    expect(reply.status).toBe(400);
    expect(reasonOf(reply)).toMatchObject({ code: 'berth.body_invalid', field: 'slot_locks' });
  });

  it('the longest key and limit are taken', async () => {
    const longest = { key: '😀'.repeat(255), limit: 1_000_000 };
    expect(await slotsOf(await claim([longest]))).toEqual([{ ...longest, slot: 0 }]);
  });

  it('stock versions know nothing of it', async () => {
    const body = { ...OWNER, consumer_generation: null, allocations: {}, slot_locks: [] };
    const text = "Additional properties are not allowed ('slot_locks' was unexpected)";
    const replies = [
      await story.at(39).put(`/allocations/${randomUUID()}`, body),
      await story.at(39).post('/allocations', { [randomUUID()]: body }),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(400);
      expect((reply.body as Refusal).errors[0].detail).toContain(text);
    }
    const holder = await claim([key()]);
    const shown = await story.at(39).get<object>(`/allocations/${holder}`);
    expect(Object.keys(shown.body).sort()).toEqual([
      'allocations',
      'consumer_generation',
      'consumer_type',
      'project_id',
      'user_id',
    ]);
  });
});
