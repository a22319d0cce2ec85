import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

const PROVIDER = '33333333-3333-4333-8333-333333333333';
const EMPTY = '33333333-3333-4333-8333-444444444444';
const CONSUMER = '33333333-3333-4333-8333-cccccccccccc';
const P = `/resource_providers/${PROVIDER}`;

const RFC_1123 = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

let story: Story;
/** When the world of this story was finished: in whole seconds of the server's clock, as ms. */
let builtMs = 0;

const dateOf = ({ headers }: Reply): number => Date.parse(headers.date ?? '');

beforeAll(async () => {
  story = await openStory();
  const at = story.at(39);
  await at.post('/resource_providers', { uuid: PROVIDER, name: 'cached' });
  await at.post('/resource_providers', { uuid: EMPTY, name: 'empty' });
  await at.put('/resource_classes/CUSTOM_CACHED');
  await at.put('/traits/CUSTOM_CACHED');
  const inventories = { VCPU: { total: 8 } };
  await at.put(`${P}/inventories`, { resource_provider_generation: 0, inventories });
  await at.put(`${P}/traits`, { resource_provider_generation: 1, traits: ['CUSTOM_CACHED'] });
  const last = await at.put(`/allocations/${CONSUMER}`, {
    allocations: { [PROVIDER]: { resources: { VCPU: 1 } } },
    project_id: 'p',
    user_id: 'u',
    consumer_generation: null,
    consumer_type: 'INSTANCE',
  });
  expect(last.status).toBe(204);
  builtMs = dateOf(last);
  // Headers count seconds: from here on what says "now" can be told from what says when it was made.
  await waitFor(async () => dateOf(await at.get('/')) > builtMs + 1000, { what: 'the clock to go on' });
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

/** A server may be kept from its work between two looks at the clock. */
const MINUTE_MS = 60_000;

/** `made`: when the world was built. `omit`: no such header. */
type Changed = 'now' | 'made' | 'omit';

function expectCached(reply: Reply, changed: Changed): void {
  expect(reply.headers['cache-control']).toBe('no-cache');
  const header = reply.headers['last-modified'];
  if (changed === 'omit') {
    expect(header).toBeUndefined();
    return;
  }
  expect(header).toMatch(RFC_1123);
  const shown = Date.parse(header ?? '');
  if (changed === 'made') {
    expect(shown).toBeLessThanOrEqual(builtMs);
    return;
  }
  expect(shown).toBeGreaterThan(builtMs);
  expect(Math.abs(shown - dateOf(reply))).toBeLessThan(MINUTE_MS);
}

function expectUncached(reply: Reply): void {
  expect([reply.headers['cache-control'], reply.headers['last-modified']]).toEqual([undefined, undefined]);
}

describe('cache headers of reads (spec http.md §7)', () => {
  it.each([
    ['/', 'now'],
    ['/resource_providers', 'made'],
    ['/resource_providers?name=nobody', 'now'],
    [P, 'made'],
    [`${P}/inventories`, 'made'],
    [`${P}/inventories/VCPU`, 'made'],
    [`/resource_providers/${EMPTY}/inventories`, 'omit'],
    [`${P}/aggregates`, 'now'],
    [`${P}/usages`, 'now'],
    [`${P}/traits`, 'made'],
    [`/resource_providers/${EMPTY}/traits`, 'now'],
    [`${P}/allocations`, 'made'],
    [`/resource_providers/${EMPTY}/allocations`, 'now'],
    ['/traits', 'made'],
    ['/traits?name=in:CUSTOM_NOBODY', 'now'],
    ['/traits/CUSTOM_CACHED', 'made'],
    ['/resource_classes/CUSTOM_CACHED', 'made'],
    [`/allocations/${CONSUMER}`, 'made'],
    [`/allocations/${EMPTY}`, 'now'],
    ['/allocation_candidates?resources=VCPU:1', 'now'],
    ['/usages?project_id=p', 'now'],
  ] as [string, Changed][])('GET %s: %s, and nothing before 1.15', async (path, changed) => {
    const before = await story.at(14).get(path);
    expect(before.status).toBeLessThan(300);
    expectUncached(before);
    for (const minor of [15, 39]) expectCached(await story.at(minor).get(path), changed);
  });

  it('GET /resource_classes has both', async () => {
    const reply = await story.at(15).get('/resource_classes');
    expect(reply.headers['cache-control']).toBe('no-cache');
    expect(reply.headers['last-modified']).toMatch(RFC_1123);
    expectUncached(await story.at(14).get('/resource_classes'));
  });
});

describe('cache headers of writes (spec http.md §7)', () => {
  it('POST of a provider has them from 1.20', async () => {
    const at19 = await story.at(19).post('/resource_providers', { name: 'at 19' });
    expect(at19.status).toBe(201);
    expectUncached(at19);
    const at20 = await story.at(20).post('/resource_providers', { name: 'at 20' });
    expect(at20.status).toBe(200);
    expectCached(at20, 'now');
  });

  it('PUT of a provider has them from 1.15', async () => {
    expectUncached(await story.at(14).put(P, { name: 'cached 14' }));
    const at15 = await story.at(15).put(P, { name: 'cached 15' });
    expect(at15.headers['cache-control']).toBe('no-cache');
    expect(at15.headers['last-modified']).toMatch(RFC_1123);
  });

  it('inventories have them, without a date where none are left', async () => {
    const one = { total: 9 };
    const path = `/resource_providers/${EMPTY}/inventories`;
    expectUncached(await story.at(14).post(path, { resource_class: 'DISK_GB', ...one }));
    expectCached(await story.at(15).post(path, { resource_class: 'MEMORY_MB', ...one }), 'now');
    expectUncached(await story.at(14).put(`${path}/DISK_GB`, { resource_provider_generation: 2, ...one }));
    expectCached(await story.at(15).put(`${path}/DISK_GB`, { resource_provider_generation: 3, ...one }), 'now');
    const all = (resource_provider_generation: number, inventories: object) =>
      story.at(15).put(path, { resource_provider_generation, inventories });
    expectCached(await all(4, { VCPU: one }), 'now');
    expectCached(await all(5, {}), 'omit');
  });

  it('aggregates and traits of a provider have them', async () => {
    const body = { resource_provider_generation: 6 };
    const aggregates = await story.at(19).put(`/resource_providers/${EMPTY}/aggregates`, { ...body, aggregates: [] });
    expect(aggregates.status).toBe(200);
    expectCached(aggregates, 'now');
    const traits = { resource_provider_generation: 7, traits: ['CUSTOM_CACHED'] };
    const put = await story.at(15).put(`/resource_providers/${EMPTY}/traits`, traits);
    expect(put.status).toBe(200);
    expectCached(put, 'made');
    expectUncached(
      await story.at(14).put(`/resource_providers/${EMPTY}/traits`, { ...traits, resource_provider_generation: 8 }),
    );
  });

  it('PUT of a trait has them, with its creation', async () => {
    expectCached(await story.at(15).put('/traits/CUSTOM_CACHED'), 'made');
    expectCached(await story.at(15).put('/traits/CUSTOM_NEW'), 'now');
    expectUncached(await story.at(14).put('/traits/CUSTOM_NEW'));
  });

  it('a generation that is raised changes the provider', async () => {
    const reply = await story.at(39).get(`/resource_providers/${EMPTY}`);
    expect(Date.parse(reply.headers['last-modified'] ?? '')).toBeGreaterThan(builtMs);
  });

  it.each([
    ['put', '/resource_classes/CUSTOM_FRESH', undefined, 201],
    ['post', '/resource_classes', { name: 'CUSTOM_FRESHER' }, 201],
    ['delete', '/resource_classes/CUSTOM_FRESH', undefined, 204],
    ['delete', '/traits/CUSTOM_NEW', undefined, 204],
    ['delete', `/resource_providers/${EMPTY}/inventories`, undefined, 204],
    ['delete', `/resource_providers/${EMPTY}/traits`, undefined, 204],
    ['delete', `/resource_providers/${EMPTY}`, undefined, 204],
    ['delete', `/allocations/${CONSUMER}`, undefined, 204],
    ['post', '/allocations', {}, 400],
    ['get', `/resource_providers/${EMPTY}`, undefined, 404],
  ] as const)('%s %s has none', async (method, path, body, status) => {
    const at = story.at(39);
    const reply = await (method === 'get' ? at.get(path) : at[method](path, body));
    expect(reply.status).toBe(status);
    expectUncached(reply);
  });

  it('PUT and POST of allocations have none', async () => {
    const body = {
      allocations: { [PROVIDER]: { resources: { VCPU: 1 } } },
      project_id: 'p',
      user_id: 'u',
      consumer_generation: null,
      consumer_type: 'INSTANCE',
    };
    const put = await story.at(39).put(`/allocations/${CONSUMER}`, body);
    const post = await story.at(39).post('/allocations', { [EMPTY]: body });
    expect([put.status, post.status]).toEqual([204, 204]);
    expectUncached(put);
    expectUncached(post);
  });
});
