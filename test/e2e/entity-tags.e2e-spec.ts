import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client, Headers, Reply } from '../support/http.js';
import { startServer } from '../support/server.js';
import { makeProvider, ok } from './allocations-story.js';
import { rawRequest, type RawReply } from './http-raw.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Document {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly 'x-berth-entity-tag'?: string } }>>;
}

/** Where the generation of an answer stands, by whose it is. */
const GENERATIONS: Readonly<Record<string, readonly string[]>> = {
  provider: ['generation', 'resource_provider_generation'],
  consumer: ['consumer_generation'],
};

const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };

let story: Story;
let berth: Client;
let provider: string;
let consumer: string;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  provider = await makeProvider(berth, { VCPU: 1000 });
  consumer = randomUUID();
  await claim(consumer);
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const part = (name: string): string => `/resource_providers/${provider}${name}`;

async function claim(uuid: string): Promise<void> {
  const allocations = { [provider]: { resources: { VCPU: 1 } } };
  await ok(story.at(39).put(`/allocations/${uuid}`, { ...OWNER, allocations, consumer_generation: null }), 204);
}

async function tagOf(path: string, headers: Headers = {}): Promise<string> {
  const reply = await berth.get(path, headers);
  expect({ path, status: reply.status, etag: reply.headers.etag }).toMatchObject({ status: 200, etag: /./ });
  return reply.headers.etag ?? '';
}

/** What a 304 says: nothing of the answer but what a cache that has it needs to go on. */
function expectKnown(reply: Reply, tag: string, vary = 'openstack-api-version'): void {
  expect(reply).toMatchObject({
    status: 304,
    body: undefined,
    headers: { etag: tag, vary, 'cache-control': 'no-cache', 'openstack-api-version': 'placement 1.39, berth 1.0' },
  });
  for (const name of ['content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'last-modified']) {
    expect(reply.headers).not.toHaveProperty(name);
  }
}

describe('every read of a provider, of a part of it and of a consumer', () => {
  let operations: readonly (readonly [path: string, of: string | undefined])[];

  beforeAll(async () => {
    const { paths } = await ok(berth.get<Document>('/docs-json'));
    operations = Object.entries(paths)
      .filter(([path, { get }]) => get !== undefined && /^\/(resource_providers|allocations)\/\{/.test(path))
      .map(([path, { get }]) => [path, get?.['x-berth-entity-tag']]);
  });

  const urlOf = (path: string): string =>
    path.replace('{uuid}', provider).replace('{consumer_uuid}', consumer).replace('{resource_class}', 'VCPU');

  it('is documented with its tag', () => {
    expect(operations.length).toBe(8);
    const whose = operations.map(([path]) => [path, path.startsWith('/allocations') ? 'consumer' : 'provider']);
    expect(operations).toEqual(whose);
  });

  it('has one that begins with the generation it shows, and is not sent again to who names it', async () => {
    for (const [path, of = ''] of operations) {
      const url = urlOf(path);
      const first = await berth.get<Record<string, unknown>>(url);
      const shown = Object.entries(first.body).find(([name]) => GENERATIONS[of]?.includes(name));
      expect({ path, shown }).toMatchObject({ shown: [expect.any(String), expect.any(Number)] });
      expect(first.headers.etag).toMatch(new RegExp(`^"${String(shown?.[1])}\\.\\d+"$`));
      expectKnown(await berth.get(url, { 'if-none-match': first.headers.etag }), first.headers.etag ?? '');
      const again = await berth.get(url, { 'if-none-match': '"0.0"' });
      expect([again.status, again.body, again.headers.etag]).toEqual([200, first.body, first.headers.etag]);
    }
  });

  it('is what it always was for stock clients', async () => {
    for (const [path] of operations) {
      const url = urlOf(path);
      const tag = await tagOf(url);
      for (const minor of [39, 15, 9]) {
        const plain = await story.at(minor).get(url);
        expect(plain.headers.etag).toBeUndefined();
        for (const condition of ['*', tag]) {
          const reply = await story.at(minor).get(url, { 'if-none-match': condition });
          expect([reply.status, reply.body]).toEqual([plain.status, plain.body]);
        }
      }
    }
  });
});

describe('If-None-Match', () => {
  it.each([
    ['a list', (tag: string) => `"1.2", ${tag}`, 304],
    ['a weak tag', (tag: string) => `W/${tag}`, 304],
    ['anything', () => '*', 304],
    ['other tags', () => '"1.2", W/"1"', 200],
    ['the generation alone', (tag: string) => tag.replace(/\.\d+/, ''), 200],
    ['no tag at all', () => 'yesterday', 200],
  ])('with %s', async (_, condition, status) => {
    const tag = await tagOf(part('/inventories'));
    const reply = await berth.get(part('/inventories'), { 'if-none-match': condition(tag) });
    expect([reply.status, reply.headers.etag]).toEqual([status, tag]);
  });

  it('says nothing where there is nothing to have', async () => {
    const anything = { 'if-none-match': '*' };
    expect((await berth.get(`/resource_providers/${randomUUID()}/inventories`, anything)).status).toBe(404);
    const nobody = await berth.get(`/allocations/${randomUUID()}`, anything);
    expect([nobody.status, nobody.body, nobody.headers.etag]).toEqual([200, { allocations: {} }, undefined]);
  });

  it('says nothing to lists and other answers without a tag', async () => {
    for (const path of ['/resource_providers', '/traits', '/usages?project_id=p', '/resource_classes/VCPU']) {
      const reply = await berth.get(path, { 'if-none-match': '*' });
      expect([reply.status, reply.headers.etag]).toEqual([200, undefined]);
    }
  });
});

describe('a tag', () => {
  it('is a generation to If-Match, whatever part of the provider it is of', async () => {
    const tag = await tagOf(part('/usages'));
    const put = (traits: readonly string[]) => berth.put(part('/traits'), { traits }, { 'if-match': tag });
    expect((await put(['HW_CPU_X86_AVX'])).status).toBe(200);
    expect((await put(['HW_CPU_X86_AVX2'])).status).toBe(409);
  });

  it('is that of a consumer, too', async () => {
    const uuid = randomUUID();
    await claim(uuid);
    const tag = await tagOf(`/allocations/${uuid}`);
    expect((await berth.delete(`/allocations/${uuid}`, undefined, { 'if-match': tag })).status).toBe(204);
  });

  it('is another for each coding', async () => {
    for (let count = 0; count < 20; count += 1) await claim(randomUUID());
    const path = part('/allocations');
    const plain = await tagOf(path);
    for (const coding of ['gzip', 'br']) {
      const coded = `${plain.slice(0, -1)}-${coding}"`;
      const first = await readCoded(path, coding);
      expect(first.headers).toMatchObject({ etag: coded, 'content-encoding': coding });
      const { vary } = first.headers;
      expect(vary).toBe('openstack-api-version,Accept-Encoding');
      const known = await berth.get(path, { 'accept-encoding': coding, 'if-none-match': `${plain}, ${coded}` });
      expectKnown(known, coded, vary);
      // Those are other bytes: who has them has not what is asked for here.
      expect((await berth.get(path, { 'if-none-match': coded })).status).toBe(200);
      expect((await readCoded(path, coding, { tag: plain })).status).toBe(200);
    }
  });

  it('says no coding where the service is told not to compress', async () => {
    const server = await startServer({ databaseUrl: story.database.url, env: { BERTH_COMPRESSION: 'off' } });
    const { headers } = await readCoded(part('/allocations'), 'gzip', { url: server.url });
    await server.stop();
    expect([headers.etag, headers['content-encoding']]).toEqual([await tagOf(part('/allocations')), undefined]);
  });

  it('names a generation in any coding', async () => {
    const { etag } = (await readCoded(part('/allocations'), 'br')).headers;
    expect(etag).toMatch(/-br"$/);
    const removed = await berth.delete(part('/traits'), undefined, { 'if-match': etag });
    expect(removed.status).toBe(204);
    const path = `/allocations/${randomUUID()}`;
    expect((await berth.delete(path, undefined, { 'if-match': '"1.2-zip"' })).status).toBe(400);
  });
});

/** Reads in a coding, whose bytes say nothing here. */
function readCoded(path: string, coding: string, { tag = '', url = story.url } = {}): Promise<RawReply> {
  const headers = { 'x-auth-token': 'admin', ...BERTH, 'accept-encoding': coding };
  const condition: Record<string, string> = tag === '' ? {} : { 'if-none-match': tag };
  return rawRequest(url, { method: 'GET', path, headers: { ...headers, ...condition } });
}
