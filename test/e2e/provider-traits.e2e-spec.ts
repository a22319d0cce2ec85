import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { fault, generationOf, makeProvider, RACE_CODE, refusal, schemaFault } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

interface Shown {
  readonly traits: string[];
  readonly resource_provider_generation: number;
}

const STALE = "Resource provider's generation already changed. Please update the generation and try again.";
const AVX = 'HW_CPU_X86_AVX';

let story: Story;
let http: Client;
let provider: string;
let path: string;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  provider = await makeProvider(http);
  path = `/resource_providers/${provider}/traits`;
  for (const name of ['CUSTOM_A', 'CUSTOM_B']) await http.put(`/traits/${name}`);
});

afterAll(() => story.close());

async function put(generation: number, traits: readonly string[]): Promise<Shown> {
  const reply = await http.put<Shown>(path, { traits, resource_provider_generation: generation });
  expect(reply.status).toBe(200);
  return { ...reply.body, traits: reply.body.traits.sort() };
}

describe('the traits of a provider', () => {
  it.each(['get', 'put', 'delete'] as const)('are not there at 1.5: %s, whatever its content type', async (method) => {
    const old = story.at(5);
    const reply =
      method === 'get' ? await old.get(path) : await old[method](path, 'x', { 'content-type': 'text/plain' });
    expect(refusal(reply)).toEqual({ status: 404, message: '' });
  });

  it('are none at first', async () => {
    expect((await story.at(6).get(path)).body).toEqual({ traits: [], resource_provider_generation: 0 });
  });

  it('raise the generation when they change, and only then', async () => {
    expect(await put(0, ['CUSTOM_A', AVX])).toEqual({ traits: ['CUSTOM_A', AVX], resource_provider_generation: 1 });
    expect(await put(1, [AVX, 'CUSTOM_A'])).toEqual({ traits: ['CUSTOM_A', AVX], resource_provider_generation: 1 });
    expect(await put(1, [AVX, 'CUSTOM_A', AVX])).toEqual({
      traits: ['CUSTOM_A', AVX],
      resource_provider_generation: 1,
    });
    expect(await put(1, ['CUSTOM_B', AVX])).toEqual({ traits: ['CUSTOM_B', AVX], resource_provider_generation: 2 });
    expect(await put(2, [AVX])).toEqual({ traits: [AVX], resource_provider_generation: 3 });
    expect((await http.get(path)).body).toEqual({ traits: [AVX], resource_provider_generation: 3 });
    expect(await generationOf(http, provider)).toBe(3);
  });

  it.each([0, 2, 4, -1])('refuse generation %p', async (generation) => {
    const reply = await http.put(path, { traits: ['CUSTOM_A'], resource_provider_generation: generation });
    expect(refusal(reply)).toEqual(fault(409, STALE, RACE_CODE));
    expect((await http.get(path)).body).toEqual({ traits: [AVX], resource_provider_generation: 3 });
  });

  it('must be known, and all that are not are named', async () => {
    const traits = ['CUSTOM_X', AVX, 'CUSTOM_Y'];
    const { message, ...rest } = refusal(await http.put(path, { traits, resource_provider_generation: 3 }));
    expect(rest).toEqual({ status: 400, code: 'placement.undefined_code' });
    expect(['No such trait CUSTOM_X, CUSTOM_Y', 'No such trait CUSTOM_Y, CUSTOM_X']).toContain(message);
    expect((await http.get(path)).body).toEqual({ traits: [AVX], resource_provider_generation: 3 });
  });

  it('compare the generation before they look for names', async () => {
    const reply = await http.put(path, { traits: ['CUSTOM_X'], resource_provider_generation: 2 });
    expect(refusal(reply)).toEqual(fault(409, STALE, RACE_CODE));
  });

  it('refuse a name that cannot be stored', async () => {
    const reply = await http.put(path, { traits: ['CUSTOM_\u0000'], resource_provider_generation: 3 });
    expect(reply.status).toBe(400);
    expect((await http.get<Shown>(path)).body.resource_provider_generation).toBe(3);
  });

  it.each([
    ['no generation', { traits: [] }, "'resource_provider_generation' is a required property", 'required'],
    ['no traits', { resource_provider_generation: 3 }, "'traits' is a required property", 'required'],
    [
      'a generation in words',
      { traits: [], resource_provider_generation: '3' },
      "'3' is not of type 'integer'",
      'type',
    ],
    ['a map', { traits: {}, resource_provider_generation: 3 }, "{} is not of type 'array'", 'type'],
    ['a number', { traits: [1], resource_provider_generation: 3 }, "1 is not of type 'string'", 'type'],
    ['an empty name', { traits: [''], resource_provider_generation: 3 }, /'' /, 'minLength'],
    ['a long name', { traits: ['A'.repeat(256)], resource_provider_generation: 3 }, /A' is too long/, 'maxLength'],
    [
      'more than that',
      { traits: [], resource_provider_generation: 3, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
      'additionalProperties',
    ],
  ])('refuse a body with %s, before the provider is looked up', async (_what, body, short, keyword) => {
    expect(refusal(await http.put(path, body))).toEqual(schemaFault(short, keyword));
    expect(refusal(await http.put(`/resource_providers/${randomUUID()}/traits`, body))).toEqual(
      schemaFault(short, keyword),
    );
  });

  it('want JSON', async () => {
    expect(refusal(await http.put(path))).toEqual(
      fault(415, 'The media type None is not supported, use application/json'),
    );
  });

  it('belong to a provider that is there', async () => {
    const unknown = randomUUID();
    const missing = `No resource provider with uuid ${unknown} found`;
    const there = `/resource_providers/${unknown}/traits`;
    expect(refusal(await http.get(there))).toEqual(fault(404, `${missing}: ${missing}`));
    const body = { traits: [], resource_provider_generation: 0 };
    expect(refusal(await http.put(there, body))).toMatchObject({
      status: 404,
      message: expect.stringContaining(missing),
    });
    expect(refusal(await http.delete(there))).toEqual(fault(404, missing));
  });

  it('have cache headers from 1.15 on', async () => {
    const [before, since] = [await story.at(14).get(path), await story.at(15).get(path)];
    expect(before.headers).not.toHaveProperty('cache-control');
    expect(since.headers['cache-control']).toBe('no-cache');
    expect(since.headers['last-modified']).toMatch(/ GMT$/);
  });

  it('are removed all at once, and raise the generation if there were any', async () => {
    const first = await http.delete(path);
    expect([first.status, first.body]).toEqual([204, undefined]);
    expect((await http.get(path)).body).toEqual({ traits: [], resource_provider_generation: 4 });
    expect((await http.delete(path)).status).toBe(204);
    expect((await http.get(path)).body).toEqual({ traits: [], resource_provider_generation: 4 });
  });

  it('keep the generation when an empty set replaces an empty one', async () => {
    expect(await put(4, [])).toEqual({ traits: [], resource_provider_generation: 4 });
  });

  it('go with their provider, and the trait is free again', async () => {
    await put(4, ['CUSTOM_A']);
    expect((await http.delete('/traits/CUSTOM_A')).status).toBe(409);
    expect((await http.delete(`/resource_providers/${provider}`)).status).toBe(204);
    expect((await http.delete('/traits/CUSTOM_A')).status).toBe(204);
  });
});
