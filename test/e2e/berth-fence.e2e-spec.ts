import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client, Headers, Reply } from '../support/http.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Fence {
  readonly lockspace: string;
  readonly name: string;
  readonly token: number;
}

interface Refusal {
  readonly errors: readonly [{ readonly reason: Readonly<Record<string, unknown>> }];
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters?: readonly { readonly name: string }[] }>>>
  >;
}

/** A write that would succeed. */
interface Write {
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Headers;
}

const SPACE = 'fences';
const VCPU = { total: 16 };
const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };
const AT_1 = { 'if-match': '"1"' };

let story: Story;
let berth: Client;
let names = 0;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  expect((await berth.put(`/lockspaces/${SPACE}`, {})).status).toBeLessThan(300);
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const reasonOf = (reply: Reply): unknown => (reply.body as Refusal).errors[0].reason;
const custom = (): string => `CUSTOM_FENCE_${(names += 1)}`;
const put = (name: string, body: object): Promise<Reply<{ token: number }>> =>
  berth.put(`/lockspaces/${SPACE}/locks/${name}`, { owner: 'scheduler', ...body });

/** An exclusive hold of a lock of its own. */
async function hold(): Promise<Fence> {
  const name = `lock-${(names += 1)}`;
  const reply = await put(name, { mode: 'exclusive', lease_ms: 60_000 });
  expect(reply.status).toBe(200);
  return { lockspace: SPACE, name, token: reply.body.token };
}

async function release({ name, token }: Fence): Promise<void> {
  expect((await put(name, { mode: 'unlock', token })).status).toBe(200);
}

async function provider(): Promise<string> {
  const uuid = randomUUID();
  expect((await berth.post('/resource_providers', { name: uuid, uuid })).status).toBe(200);
  const body = { inventories: { VCPU }, resource_provider_generation: 0 };
  expect((await berth.put(`/resource_providers/${uuid}/inventories`, body)).status).toBe(200);
  return uuid;
}

async function consumerOf(uuid: string): Promise<string> {
  const consumer = randomUUID();
  const allocations = { [uuid]: { resources: { VCPU: 1 }, generation: 1 } };
  expect(
    (await berth.put(`/allocations/${consumer}`, { ...OWNER, allocations, consumer_generation: null })).status,
  ).toBe(204);
  return consumer;
}

const at = async (part: string, body?: Write['body'], headers?: Headers): Promise<Write> => ({
  path: `/resource_providers/${await provider()}${part}`,
  ...(body !== undefined && { body }),
  ...(headers !== undefined && { headers }),
});

const claimed = (uuid: string, generation: number): Record<string, unknown> => ({
  ...OWNER,
  allocations: { [uuid]: { resources: { VCPU: 1 }, generation } },
  consumer_generation: null,
});

async function reshape(): Promise<Write> {
  const uuid = await provider();
  const inventories = { [uuid]: { inventories: { VCPU }, resource_provider_generation: 1 } };
  return {
    path: '/reshaper',
    body: { inventories, allocations: { [randomUUID()]: claimed(uuid, 1) } },
    headers: { 'x-roles': 'service' },
  };
}

async function named(collection: string): Promise<Write> {
  const path = `/${collection}/${custom()}`;
  expect((await berth.put(path)).status).toBeLessThan(300);
  return { path };
}

/** One sound write for every operation that the document says can be fenced. */
const WRITES: Readonly<Record<string, () => Promise<Write>>> = {
  'POST /resource_providers': async () => ({ path: '/resource_providers', body: { name: randomUUID() } }),
  'PUT /resource_providers/{uuid}': () => at('', { name: randomUUID(), resource_provider_generation: 1 }),
  'DELETE /resource_providers/{uuid}': () => at('', undefined, AT_1),
  'POST /resource_providers/{uuid}/inventories': () =>
    at('/inventories', { resource_class: 'MEMORY_MB', total: 1, resource_provider_generation: 1 }),
  'PUT /resource_providers/{uuid}/inventories': () =>
    at('/inventories', { inventories: {}, resource_provider_generation: 1 }),
  'DELETE /resource_providers/{uuid}/inventories': () => at('/inventories', undefined, AT_1),
  'PUT /resource_providers/{uuid}/inventories/{resource_class}': () =>
    at('/inventories/VCPU', { total: 9, resource_provider_generation: 1 }),
  'DELETE /resource_providers/{uuid}/inventories/{resource_class}': () => at('/inventories/VCPU', undefined, AT_1),
  'PUT /resource_providers/{uuid}/traits': () =>
    at('/traits', { traits: ['HW_CPU_X86_AVX2'], resource_provider_generation: 1 }),
  'DELETE /resource_providers/{uuid}/traits': () => at('/traits', undefined, AT_1),
  'PUT /resource_providers/{uuid}/aggregates': () =>
    at('/aggregates', { aggregates: [randomUUID()], resource_provider_generation: 1 }),
  'PUT /allocations/{consumer_uuid}': async () => ({
    path: `/allocations/${randomUUID()}`,
    body: claimed(await provider(), 1),
  }),
  'POST /allocations': async () => ({
    path: '/allocations',
    body: { [randomUUID()]: claimed(await provider(), 1) },
  }),
  'DELETE /allocations/{consumer_uuid}': async () => ({
    path: `/allocations/${await consumerOf(await provider())}`,
    headers: AT_1,
  }),
  'POST /reshaper': reshape,
  'POST /resource_classes': async () => ({ path: '/resource_classes', body: { name: custom() } }),
  'PUT /resource_classes/{name}': async () => ({ path: `/resource_classes/${custom()}` }),
  'DELETE /resource_classes/{name}': () => named('resource_classes'),
  'PUT /traits/{name}': async () => ({ path: `/traits/${custom()}` }),
  'DELETE /traits/{name}': () => named('traits'),
  'POST /claims': async () => ({
    path: '/claims',
    body: {
      query: { resources: 'VCPU:1', in_tree: await provider() },
      consumers: [{ consumer_uuid: randomUUID(), consumer_generation: null, ...OWNER }],
    },
  }),
  'PUT /provider_trees/{uuid}': async () => {
    const uuid = randomUUID();
    return {
      path: `/provider_trees/${uuid}`,
      body: { providers: [{ uuid, name: uuid, parent_provider_uuid: null, generation: null }] },
    };
  },
};

const send = (method: string, { path, body, headers }: Write): Promise<Reply> =>
  (method === 'POST' ? berth.post : method === 'PUT' ? berth.put : berth.delete)(path, body, headers);

const asHeader = (fence: Fence): Headers => ({ 'berth-fence': JSON.stringify(fence) });

describe('every write of the Placement API', () => {
  it('is among those tried here', async () => {
    const { body } = await berth.get<Document>('/docs-json');
    const fenced = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === 'Berth-Fence'))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(fenced.sort()).toEqual(Object.keys(WRITES).sort());
  });

  it.each(Object.entries(WRITES))(
    '%s happens under a hold that lasts, and not under one that has ended',
    async (operation, make) => {
      const [method = ''] = operation.split(' ');
      const [ended, lasting] = [await hold(), await hold()];
      await release(ended);
      const write = await make();
      const inBody = { ...write, body: { ...write.body, fence: ended } };
      const inHeader = { ...write, headers: { ...write.headers, ...asHeader(ended) } };
      const stale = { code: 'berth.fence_stale', ...ended };
      for (const attempt of [inHeader, ...(write.body === undefined ? [] : [inBody])]) {
        const reply = await send(method, attempt);
        expect({ status: reply.status, reason: reasonOf(reply) }).toEqual({ status: 409, reason: stale });
      }
      // Had one of them written, the generation or the name would be another now.
      const sound = { ...write, headers: { ...write.headers, ...asHeader(lasting) } };
      expect((await send(method, sound)).status).toBeLessThan(300);
    },
  );
});

describe('a fence', () => {
  it('concerns none but the one who named it, however many share the transaction', async () => {
    const [ended, lasting] = [await hold(), await hold()];
    await release(ended);
    const uuid = await provider();
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, n) => {
        const fence = [ended, lasting, undefined][n % 3];
        const entry = { resources: { VCPU: 1 } };
        const body = { ...OWNER, consumer_generation: null };
        const path = `/allocations/${randomUUID()}`;
        return fence === undefined
          ? story.at(39).put(path, { ...body, allocations: { [uuid]: entry } })
          : berth.put(path, { ...body, allocations: { [uuid]: { ...entry, generation: 1 } }, fence });
      }),
    );
    // The generation that they name is that of one of them at most; a fence is told of first.
    expect(replies.filter((_, n) => n % 3 === 0).map(({ status }) => status)).toEqual(Array(10).fill(409));
    for (const reply of replies.filter((_, n) => n % 3 === 0)) {
      expect(reasonOf(reply)).toMatchObject({ code: 'berth.fence_stale' });
    }
    expect(replies.filter((_, n) => n % 3 === 2).map(({ status }) => status)).toEqual(Array(10).fill(204));
  });

  it('is ended by a lease that is over', async () => {
    const name = `lock-${(names += 1)}`;
    const { body } = await put(name, { mode: 'exclusive', lease_ms: 100 });
    const fence = { lockspace: SPACE, name, token: body.token };
    await new Promise((resolve) => setTimeout(resolve, 150));
    const reply = await berth.post('/resource_providers', { name: randomUUID(), fence });
    expect({ status: reply.status, reason: reasonOf(reply) }).toEqual({
      status: 409,
      reason: { code: 'berth.fence_stale', ...fence },
    });
  });

  it.each([
    ['a fence without token', { lockspace: SPACE, name: 'a' }, {}],
    ['a token that is no number', { lockspace: SPACE, name: 'a', token: '1' }, {}],
    ['a fence with more in it', { lockspace: SPACE, name: 'a', token: 1, mode: 'shared' }, {}],
    ['no object', 'a', {}],
    ['two that differ', { lockspace: SPACE, name: 'a', token: 1 }, asHeader({ lockspace: SPACE, name: 'a', token: 2 })],
    ['a header that is no JSON', undefined, { 'berth-fence': 'a;token=1' }],
  ])('must not be %s', async (_text, fence, headers) => {
    const reply = await berth.post('/resource_providers', { name: randomUUID(), fence }, headers);
    expect({ status: reply.status, reason: reasonOf(reply) }).toEqual({
      status: 400,
      reason: { code: 'berth.fence_malformed' },
    });
  });

  it('is refused where nothing would look at it', async () => {
    const fence = { lockspace: SPACE, name: 'a', token: 1 };
    expect((await berth.get('/resource_providers', asHeader(fence))).status).toBe(400);
    expect((await berth.post('/slot_locks', { owner: 'me', slot_locks: ['k'], fence })).status).toBe(400);
    expect((await berth.post('/slot_locks', { owner: 'me', slot_locks: ['k'] }, asHeader(fence))).status).toBe(400);
  });

  it('is unknown to stock clients', async () => {
    const stock = story.at(39);
    const fence = { lockspace: SPACE, name: 'a', token: 1 };
    expect((await stock.post('/resource_providers', { name: randomUUID(), fence })).status).toBe(400);
    expect((await stock.post('/resource_providers', { name: randomUUID() }, asHeader(fence))).status).toBe(200);
  });
});
