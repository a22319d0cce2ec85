import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { fault, generationOf, makeProvider, RACE_CODE, refusal, schemaFault, schemaText } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

interface Shown {
  readonly aggregates: string[];
  readonly resource_provider_generation?: number;
}

const [A, B] = [randomUUID(), randomUUID()];
const STALE = "Resource provider's generation already changed. Please update the generation and try again.";

let story: Story;
let http: Client;
let provider: string;
let path: string;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  provider = await makeProvider(http);
  path = `/resource_providers/${provider}/aggregates`;
});

afterAll(() => story.close());

describe('before aggregates existed, at 1.0', () => {
  it('is not there, but the content type is looked at first', async () => {
    expect(refusal(await story.at(0).get(path))).toEqual({ status: 404, message: '' });
    expect(refusal(await story.at(0).put(path, [A]))).toEqual({ status: 404, message: '' });
    const wrongType = await story.at(0).put(path, 'x', { 'content-type': 'text/plain' });
    expect(refusal(wrongType)).toEqual({
      status: 415,
      message: 'The media type text/plain is not supported, use application/json',
    });
  });
});

describe('a bare list, 1.1 to 1.18', () => {
  it.each(['1.1', '1.18'])(
    'is empty at first, replaced whole, and never moves the generation, at %s',
    async (version) => {
      const old = http.with({ version });
      expect((await old.put<Shown>(path, [])).body).toEqual({ aggregates: [] });
      expect((await old.get(path)).body).toEqual({ aggregates: [] });
      const put = await old.put<Shown>(path, [B, A]);
      expect([put.status, put.body]).toEqual([200, { aggregates: [B, A] }]);
      expect((await old.put<Shown>(path, [A])).body).toEqual({ aggregates: [A] });
      expect((await old.get(path)).body).toEqual({ aggregates: [A] });
      expect(await generationOf(http, provider)).toBe(0);
    },
  );

  it.each([
    ['a 1.19 body', { aggregates: [A], resource_provider_generation: 0 }, /is not of type 'array'/, 'type'],
    ['a duplicate', [A, A], /has non-unique elements/, 'uniqueItems'],
    ['no uuid', ['pony'], "'pony' is not a 'uuid'", 'format'],
    ['a number', [5], "5 is not of type 'string'", 'type'],
  ])('refuses %s', async (_what, body, short, keyword) => {
    expect(refusal(await story.at(18).put(path, body))).toEqual({
      status: 400,
      message: schemaText(short, keyword),
    });
    expect((await http.get<Shown>(path)).body.aggregates).toEqual([A]);
  });

  it('has cache headers from 1.15 on', async () => {
    expect((await story.at(14).get(path)).headers).not.toHaveProperty('last-modified');
    for (const reply of [await story.at(15).get(path), await story.at(15).put(path, [A])]) {
      expect(reply.headers['cache-control']).toBe('no-cache');
      expect(Date.now() - Date.parse(reply.headers['last-modified'] ?? '')).toBeLessThan(60_000);
    }
  });
});

describe('with a generation, from 1.19 on', () => {
  it('shows the generation and raises it by every PUT, also by one that changes nothing', async () => {
    const at19 = story.at(19);
    expect((await at19.get(path)).body).toEqual({ aggregates: [A], resource_provider_generation: 0 });
    const bodies: unknown[] = [];
    for (const aggregates of [[B, A], [B, A], []]) {
      const generation = await generationOf(http, provider);
      bodies.push((await at19.put(path, { aggregates, resource_provider_generation: generation })).body);
    }
    expect(bodies).toEqual([
      { aggregates: [B, A], resource_provider_generation: 1 },
      { aggregates: [B, A], resource_provider_generation: 2 },
      { aggregates: [], resource_provider_generation: 3 },
    ]);
    expect((await at19.get(path)).body).toEqual({ aggregates: [], resource_provider_generation: 3 });
  });

  it.each([2, 4, -1, 10 ** 12])('refuses generation %p and writes nothing', async (generation) => {
    const reply = await http.put(path, { aggregates: [A], resource_provider_generation: generation });
    expect(refusal(reply)).toEqual(fault(409, STALE, RACE_CODE));
    expect((await http.get(path)).body).toEqual({ aggregates: [], resource_provider_generation: 3 });
  });

  it('has no code in a refusal before 1.23', async () => {
    const reply = await story.at(22).put(path, { aggregates: [A], resource_provider_generation: 77 });
    expect(refusal(reply)).toEqual({ status: 409, message: STALE });
  });

  it.each([
    ['a bare list', [A], /is not of type 'object'/, 'type'],
    ['no generation', { aggregates: [A] }, "'resource_provider_generation' is a required property", 'required'],
    ['no aggregates', { resource_provider_generation: 3 }, "'aggregates' is a required property", 'required'],
    [
      'a generation in words',
      { aggregates: [], resource_provider_generation: '3' },
      "'3' is not of type 'integer'",
      'type',
    ],
    [
      'more than that',
      { aggregates: [], resource_provider_generation: 3, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
      'additionalProperties',
    ],
    ['a duplicate', { aggregates: [A, A], resource_provider_generation: 3 }, /has non-unique elements/, 'uniqueItems'],
  ])('refuses a body with %s', async (_what, body, short, keyword) => {
    expect(refusal(await http.put(path, body))).toEqual(schemaFault(short, keyword));
  });

  it('looks the provider up before it reads the body', async () => {
    const unknown = randomUUID();
    const missing = fault(404, `No resource provider with uuid ${unknown} found`);
    expect(refusal(await http.get(`/resource_providers/${unknown}/aggregates`))).toEqual(missing);
    expect(refusal(await http.put(`/resource_providers/${unknown}/aggregates`, { wrong: true }))).toEqual(missing);
  });
});

describe('the spelling of an aggregate', () => {
  it('is kept as sent, and told apart', async () => {
    const lower = 'f918801a-5e54-4bee-9095-09a9d0c786b8';
    const spellings = [lower.toUpperCase(), lower, lower.replaceAll('-', ''), `{${lower.replaceAll('-', '')}}`];
    const generation = await generationOf(http, provider);
    const put = await http.put<Shown>(path, { aggregates: spellings, resource_provider_generation: generation });
    expect(put.body.aggregates).toEqual(spellings);
    expect((await http.get<Shown>(path)).body.aggregates.sort()).toEqual([...spellings].sort());
  });

  it('is compared verbatim by member_of', async () => {
    const lower = randomUUID().replace(/^./, 'f');
    const body = {
      aggregates: [lower.toUpperCase()],
      resource_provider_generation: await generationOf(http, provider),
    };
    expect((await http.put(path, body)).status).toBe(200);
    const members = async (aggregate: string): Promise<string[]> => {
      const reply = await http.get<{ resource_providers: { uuid: string }[] }>(
        `/resource_providers?member_of=${aggregate}`,
      );
      return reply.body.resource_providers.map(({ uuid }) => uuid);
    };
    expect(await members(lower.toUpperCase())).toEqual([provider]);
    expect(await members(lower)).toEqual([]);
  });

  it.each([`urn:uuid:${A}`, `{${A}}`])('must fit into 36 characters: %s does not', async (long) => {
    const before = (await http.get<Shown>(path)).body;
    const generation = before.resource_provider_generation;
    const reply = await http.put(path, { aggregates: [long], resource_provider_generation: generation });
    expect(refusal(reply)).toMatchObject({ status: 400, code: 'placement.undefined_code' });
    expect(refusal(await story.at(18).put(path, [long]))).toMatchObject({ status: 400 });
    expect((await http.get(path)).body).toEqual(before);
  });
});

describe('an aggregate', () => {
  it('is shared by whoever names it', async () => {
    const shared = randomUUID();
    const members = [await makeProvider(http), await makeProvider(http)];
    for (const uuid of members) {
      const body = { aggregates: [shared], resource_provider_generation: 0 };
      expect((await http.put(`/resource_providers/${uuid}/aggregates`, body)).status).toBe(200);
    }
    const { body } = await http.get<{ resource_providers: { uuid: string }[] }>(
      `/resource_providers?member_of=${shared}`,
    );
    expect(body.resource_providers.map(({ uuid }) => uuid).sort()).toEqual([...members].sort());
  });
});
