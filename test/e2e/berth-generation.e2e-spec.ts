import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Refusal {
  readonly errors: readonly [{ readonly code: string; readonly reason: Record<string, unknown> }];
}

interface Operation {
  readonly 'x-berth-generation'?: string;
  readonly 'x-berth-contract'?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/**
 * Mutating routes of the Placement API that need no generation: what they make has none yet, or never has one (names), and
 * so nobody can overwrite what another wrote.
 */
const WITHOUT_GENERATION = [
  'POST /resource_providers',
  'POST /resource_classes',
  'PUT /resource_classes/{name}',
  'DELETE /resource_classes/{name}',
  'PUT /traits/{name}',
  'DELETE /traits/{name}',
];

const VCPU = { total: 16 };
const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };

let story: Story;
let berth: Client;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const reasonOf = (reply: Reply): Record<string, unknown> => (reply.body as Refusal).errors[0].reason;
const refusalOf = (reply: Reply): unknown => ({ status: reply.status, reason: reasonOf(reply) });
const stateOf = async (uuid: string): Promise<unknown> =>
  Promise.all(
    ['', '/inventories', '/traits', '/aggregates', '/usages', '/allocations'].map(async (part) => {
      const { body } = await berth.get(`/resource_providers/${uuid}${part}`);
      return body;
    }),
  );

async function provider(): Promise<{ uuid: string; path: string }> {
  const uuid = randomUUID();
  expect((await berth.post('/resource_providers', { name: uuid, uuid })).status).toBe(200);
  const path = `/resource_providers/${uuid}`;
  const body = { inventories: { VCPU }, resource_provider_generation: 0 };
  expect((await berth.put(`${path}/inventories`, body)).status).toBe(200);
  return { uuid, path };
}

describe('the header', () => {
  it('is answered with both versions, and only to those who ask', async () => {
    const asked = await berth.get('/resource_providers');
    expect(asked.headers['openstack-api-version']).toBe('placement 1.39, berth 1.0');
    const stock = await story.at(39).get('/resource_providers');
    expect(stock.headers['openstack-api-version']).toBe('placement 1.39');
    expect(stock.headers.etag).toBeUndefined();
  });

  it('names a version that there is', async () => {
    const reply = await berth.get('/resource_providers', { 'openstack-api-version': 'berth 7.0' });
    expect(refusalOf(reply)).toEqual({ status: 406, reason: { code: 'berth.version_unsupported' } });
  });
});

describe('every mutating route of the document', () => {
  let operations: readonly (readonly [method: string, path: string, generation: string | undefined])[];

  beforeAll(async () => {
    const { body } = await berth.get<Document>('/docs-json');
    operations = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method, operation]) => method !== 'get' && operation['x-berth-contract'] === undefined)
        .map(([method, operation]) => [method.toUpperCase(), path, operation['x-berth-generation']] as const),
    );
  });

  it('wants a generation, or stands among those that have none', () => {
    const without = operations.filter(([, , generation]) => generation === undefined);
    expect(without.map(([method, path]) => `${method} ${path}`).sort()).toEqual([...WITHOUT_GENERATION].sort());
    expect(operations.length).toBeGreaterThan(WITHOUT_GENERATION.length + 10);
  });

  it('changes nothing without one', async () => {
    const { uuid } = await provider();
    const consumer = randomUUID();
    const held = { ...OWNER, allocations: { [uuid]: { resources: { VCPU: 1 } } } };
    const claimed = { allocations: { [uuid]: { resources: { VCPU: 1 }, generation: 1 } } };
    await berth.put(`/allocations/${consumer}`, { ...OWNER, ...claimed, consumer_generation: null });
    const before = await stateOf(uuid);
    const bodies: Readonly<Record<string, unknown>> = {
      'POST /resource_providers/{uuid}/inventories': { resource_class: 'MEMORY_MB', total: 1 },
      'PUT /resource_providers/{uuid}/inventories': { inventories: { VCPU: { total: 99 } } },
      'PUT /resource_providers/{uuid}/inventories/{resource_class}': { total: 99 },
      'PUT /resource_providers/{uuid}/traits': { traits: ['HW_CPU_X86_AVX2'] },
      'PUT /resource_providers/{uuid}/aggregates': { aggregates: [randomUUID()] },
      'PUT /resource_providers/{uuid}': { name: 'renamed' },
      'PUT /allocations/{consumer_uuid}': held,
      'POST /allocations': { [consumer]: held },
      'POST /reshaper': {
        inventories: { [uuid]: { inventories: { VCPU }, resource_provider_generation: 2 } },
        allocations: { [consumer]: held },
      },
    };
    let tried = 0;
    for (const [method, path, generation] of operations) {
      if (generation === undefined) continue;
      const body = bodies[`${method} ${path}`];
      if (method !== 'DELETE') expect({ method, path, body }).toMatchObject({ body: expect.anything() });
      const url = path.replace('{uuid}', uuid).replace('{consumer_uuid}', consumer).replace('{resource_class}', 'VCPU');
      const send = { POST: berth.post, PUT: berth.put, DELETE: berth.delete }[method];
      const headers = method === 'POST' && path === '/reshaper' ? { 'x-roles': 'service' } : {};
      const reply = await (send ?? berth.patch)(url, body, headers);
      expect({ method, path, status: reply.status, reason: reasonOf(reply) }).toEqual({
        method,
        path,
        status: 428,
        reason: { code: 'berth.generation_required', missing: expect.arrayContaining([expect.anything()]) },
      });
      expect((reply.body as Refusal).errors[0].code).toBe('berth.generation_required');
      tried += 1;
    }
    expect(tried).toBe(operations.length - WITHOUT_GENERATION.length);
    expect(await stateOf(uuid)).toEqual(before);
  });
});

describe('where the generation comes from', () => {
  it.each([
    ['the body', { resource_provider_generation: 1 }, '', {}],
    ['If-Match', {}, '', { 'if-match': '"1"' }],
    ['the query', {}, '?resource_provider_generation=1', {}],
    ['all of them', { resource_provider_generation: 1 }, '?resource_provider_generation=1', { 'if-match': '"1"' }],
  ])('may be %s', async (_name, more, query, headers) => {
    const { path } = await provider();
    const body = { inventories: { VCPU: { total: 8 } }, ...more };
    const reply = await berth.put(`${path}/inventories${query}`, body, headers);
    expect(reply).toMatchObject({ status: 200, body: { resource_provider_generation: 2 } });
  });

  it('must not contradict itself', async () => {
    const { path } = await provider();
    const body = { inventories: {}, resource_provider_generation: 1 };
    const reply = await berth.put(`${path}/inventories`, body, { 'if-match': '"0"' });
    expect(refusalOf(reply)).toEqual({
      status: 400,
      reason: { code: 'berth.generation_contradictory', field: 'resource_provider_generation', given: [1, 0] },
    });
  });

  it.each([
    [{}, { 'if-match': '1' }, ''],
    [{}, { 'if-match': '*' }, ''],
    [{}, { 'if-match': '"1", "2"' }, ''],
    [{}, {}, '?resource_provider_generation=one'],
    [{ resource_provider_generation: '1' }, {}, ''],
    [{ resource_provider_generation: -1 }, {}, ''],
  ])('has to be a number: %j %j %s', async (more, headers, query) => {
    const { path } = await provider();
    const reply = await berth.put(`${path}/inventories${query}`, { inventories: {}, ...more }, headers);
    expect(refusalOf(reply)).toEqual({
      status: 400,
      reason: { code: 'berth.generation_malformed', field: 'resource_provider_generation' },
    });
  });

  it.each([
    ['a list', '['.repeat(100_000), ']'.repeat(100_000)],
    ['an object', '{"a":'.repeat(100_000), `1${'}'.repeat(100_000)}`],
  ])('has to be a number, and not %s of any depth', async (_, opening, closing) => {
    const { path } = await provider();
    const body = `{"inventories": {}, "resource_provider_generation": ${opening}${closing}}`;
    expect(refusalOf(await berth.put(`${path}/inventories`, body))).toEqual({
      status: 400,
      reason: { code: 'berth.generation_malformed', field: 'resource_provider_generation' },
    });
  });
});

describe('a stale generation', () => {
  it('is refused with the one that is current, and writes nothing', async () => {
    const { uuid, path } = await provider();
    const before = await stateOf(uuid);
    const stale = { 'if-match': '"0"' };
    const replies = [
      await berth.put(path, { name: 'renamed' }, stale),
      await berth.put(path, { name: 'moved', parent_provider_uuid: null }, stale),
      await berth.post(`${path}/inventories`, { resource_class: 'MEMORY_MB', total: 1 }, stale),
      await berth.put(`${path}/inventories`, { inventories: {} }, stale),
      await berth.put(`${path}/inventories/VCPU`, { total: 1 }, stale),
      await berth.delete(`${path}/inventories/VCPU`, undefined, stale),
      await berth.delete(`${path}/inventories`, undefined, stale),
      await berth.put(`${path}/traits`, { traits: ['HW_CPU_X86_AVX2'] }, stale),
      await berth.delete(`${path}/traits`, undefined, stale),
      await berth.put(`${path}/aggregates`, { aggregates: [randomUUID()] }, stale),
      await berth.delete(path, undefined, stale),
    ];
    for (const reply of replies) {
      expect(refusalOf(reply)).toEqual({
        status: 409,
        reason: {
          code: 'berth.provider_generation_stale',
          resource_provider: uuid,
          current_generation: 1,
          given_generation: 0,
        },
      });
    }
    expect(await stateOf(uuid)).toEqual(before);
  });

  it('also meets the second of two admins who rename', async () => {
    const { path } = await provider();
    const first = await berth.put(path, { name: `${path} a` }, { 'if-match': '"1"' });
    expect(first).toMatchObject({ status: 200, body: { generation: 2 } });
    const second = await berth.put(path, { name: `${path} b` }, { 'if-match': '"1"' });
    expect(second.status).toBe(409);
    const third = await berth.put(path, { name: `${path} b` }, { 'if-match': '"2"' });
    expect(third).toMatchObject({ status: 200, body: { generation: 3, name: `${path} b` } });
    expect((await berth.delete(path, undefined, { 'if-match': '"2"' })).status).toBe(409);
    expect((await berth.delete(`${path}?resource_provider_generation=3`)).status).toBe(204);
  });
});

describe('claims', () => {
  it('name the generation of each provider and of the consumer', async () => {
    const { uuid } = await provider();
    const consumer = randomUUID();
    const wanted = (generation: number, consumerGeneration: number | null): object => ({
      ...OWNER,
      consumer_generation: consumerGeneration,
      allocations: { [uuid]: { resources: { VCPU: 1 }, generation } },
    });
    const early = await berth.put(`/allocations/${consumer}`, wanted(0, null));
    expect(refusalOf(early)).toEqual({
      status: 409,
      reason: {
        code: 'berth.provider_generation_stale',
        resource_provider: uuid,
        current_generation: 1,
        given_generation: 0,
      },
    });
    expect((await berth.put(`/allocations/${consumer}`, wanted(1, null))).status).toBe(204);
    const again = await berth.put(`/allocations/${consumer}`, wanted(2, null));
    expect(refusalOf(again)).toEqual({
      status: 409,
      reason: {
        code: 'berth.consumer_generation_stale',
        consumer,
        current_generation: 1,
        given_generation: null,
      },
    });
    const stale = await berth.delete(`/allocations/${consumer}?consumer_generation=7`);
    expect(reasonOf(stale)).toMatchObject({ code: 'berth.consumer_generation_stale', current_generation: 1 });
    expect((await berth.delete(`/allocations/${consumer}`, undefined, { 'if-match': '"1"' })).status).toBe(204);
  });

  it('say how much there is instead', async () => {
    const { uuid } = await provider();
    const reply = await berth.put(`/allocations/${randomUUID()}`, {
      ...OWNER,
      consumer_generation: null,
      allocations: { [uuid]: { resources: { VCPU: 17 }, generation: 1 } },
    });
    expect(refusalOf(reply)).toEqual({
      status: 409,
      reason: {
        code: 'berth.capacity_exceeded',
        resource_class: 'VCPU',
        resource_provider: uuid,
        requested: 17,
        available: 16,
      },
    });
  });
});

describe('BERTH_REQUIRE_GENERATION', () => {
  let strict: Story;

  beforeAll(async () => {
    strict = await openStory({ BERTH_REQUIRE_GENERATION: 'true' });
  }, STORY_LIMIT_MS);

  afterAll(() => strict.close(), STORY_LIMIT_MS);

  it('demands it of every client, in its own form of errors', async () => {
    const stock = strict.at(36);
    const uuid = randomUUID();
    await stock.post('/resource_providers', { name: 'h', uuid });
    const reply = await stock.delete(`/resource_providers/${uuid}`);
    expect(reply).toMatchObject({ status: 428, body: { errors: [{ code: 'berth.generation_required' }] } });
    expect(reasonOf(reply)).toBeUndefined();
    // A version whose body has no place for it takes it from beside the body.
    const bare = await strict.at(1).put(`/resource_providers/${uuid}/aggregates`, [], { 'if-match': '"0"' });
    expect(bare.status).toBe(200);
    expect((await stock.delete(`/resource_providers/${uuid}?resource_provider_generation=1`)).status).toBe(204);
  });
});
