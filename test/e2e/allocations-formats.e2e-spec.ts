import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { makeProvider, ok, refusal, schemaText, usageOf } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;
let one: string;
let two: string;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  one = await makeProvider(http, { VCPU: 1000, DISK_GB: 1000 });
  two = await makeProvider(http, { DISK_GB: 1000 });
});

afterAll(() => story.close());

/** The parts of a body, by the version from which it may have them. */
const owner = { project_id: 'project', user_id: 'user' };
const unseen = { ...owner, consumer_generation: null };
const typed = { ...unseen, consumer_type: 'INSTANCE' };
const listed = (): object => ({
  allocations: [
    { resource_provider: { uuid: one }, resources: { VCPU: 2 } },
    { resource_provider: { uuid: two }, resources: { DISK_GB: 5 } },
  ],
});
const keyed = (): object => ({
  allocations: { [one]: { resources: { VCPU: 2 } }, [two]: { resources: { DISK_GB: 5 } } },
});
const cleared = { allocations: {} };
const mappings = { mappings: { '': [randomUUID()], _a: [randomUUID()] } };

type BodyOf = () => object;

describe('PUT /allocations/{consumer_uuid}', () => {
  it.each<[string, string, BodyOf]>([
    ['1.0', 'a list', listed],
    ['1.7', 'a list', listed],
    ['1.8', 'a list with owners', () => ({ ...listed(), ...owner })],
    ['1.11', 'a list with owners', () => ({ ...listed(), ...owner })],
    ['1.12', 'an object', () => ({ ...keyed(), ...owner })],
    ['1.27', 'an object', () => ({ ...keyed(), ...owner })],
    ['1.28', 'a consumer generation', () => ({ ...keyed(), ...unseen })],
    ['1.33', 'a consumer generation', () => ({ ...keyed(), ...unseen })],
    ['1.34', 'mappings', () => ({ ...keyed(), ...unseen, ...mappings })],
    ['1.37', 'no mappings', () => ({ ...keyed(), ...unseen })],
    ['1.38', 'a consumer type', () => ({ ...keyed(), ...typed, ...mappings })],
    ['1.39', 'a consumer type', () => ({ ...keyed(), ...typed })],
  ])('at %s takes %s', async (version, _what, body) => {
    const consumer = randomUUID();
    const reply = await http.with({ version }).put(`/allocations/${consumer}`, body());
    expect([reply.status, reply.body]).toEqual([204, undefined]);
    expect(reply.headers).not.toHaveProperty('content-type');
    expect(reply.headers).not.toHaveProperty('last-modified');
    const held = await ok(http.get<{ allocations: object; consumer_generation: number }>(`/allocations/${consumer}`));
    expect(held.allocations).toMatchObject({ [one]: { resources: { VCPU: 2 } }, [two]: { resources: { DISK_GB: 5 } } });
    expect(held.consumer_generation).toBe(1);
    await ok(http.delete(`/allocations/${consumer}`), 204);
  });

  it.each<[string, string, BodyOf, string | RegExp, string]>([
    ['1.0', 'an object', keyed, /is not of type 'array'/, 'type'],
    ['1.0', 'an empty list', () => ({ allocations: [] }), /^\[\] /, 'minItems'],
    [
      '1.7',
      'owners',
      () => ({ ...listed(), ...owner }),
      /'project_id', 'user_id' were unexpected/,
      'additionalProperties',
    ],
    ['1.8', 'no owners', listed, "'project_id' is a required property", 'required'],
    ['1.11', 'no user', () => ({ ...listed(), project_id: 'p' }), "'user_id' is a required property", 'required'],
    ['1.11', 'an object', () => ({ ...keyed(), ...owner }), /is not of type 'array'/, 'type'],
    ['1.12', 'a list', () => ({ ...listed(), ...owner }), /is not of type 'object'/, 'type'],
    ['1.12', 'no owners', keyed, "'project_id' is a required property", 'required'],
    ['1.12', 'nothing held', () => ({ ...cleared, ...owner }), /^\{\} /, 'minProperties'],
    ['1.27', 'nothing held', () => ({ ...cleared, ...owner }), /^\{\} /, 'minProperties'],
    [
      '1.27',
      'a consumer generation',
      () => ({ ...keyed(), ...unseen }),
      /'consumer_generation' was/,
      'additionalProperties',
    ],
    ['1.28', 'none', () => ({ ...keyed(), ...owner }), "'consumer_generation' is a required property", 'required'],
    ['1.33', 'mappings', () => ({ ...keyed(), ...unseen, ...mappings }), /'mappings' was/, 'additionalProperties'],
    ['1.37', 'a consumer type', () => ({ ...keyed(), ...typed }), /'consumer_type' was/, 'additionalProperties'],
    ['1.38', 'none', () => ({ ...keyed(), ...unseen }), "'consumer_type' is a required property", 'required'],
  ])('at %s refuses %s', async (version, _what, body, short, keyword) => {
    const consumer = randomUUID();
    const pattern = typeof short === 'string' ? short : new RegExp(short.source.replace('^', ''));
    expect(refusal(await http.with({ version }).put(`/allocations/${consumer}`, body()))).toMatchObject({
      status: 400,
      message: schemaText(pattern, keyword),
    });
    expect((await http.get(`/allocations/${consumer}`)).body).toEqual({ allocations: {} });
  });

  it.each<[string, BodyOf, string | RegExp, string]>([
    ['no resources', () => ({ allocations: { [one]: { resources: {} } } }), /\{\} /, 'minProperties'],
    [
      'no amount',
      () => ({ allocations: { [one]: { resources: { VCPU: 0 } } } }),
      '0 is less than the minimum of 1',
      'minimum',
    ],
    [
      'half a unit',
      () => ({ allocations: { [one]: { resources: { VCPU: 1.5 } } } }),
      "1.5 is not of type 'integer'",
      'type',
    ],
    ['yes', () => ({ allocations: { [one]: { resources: { VCPU: true } } } }), "True is not of type 'integer'", 'type'],
    [
      'a class in small letters',
      () => ({ allocations: { [one]: { resources: { vcpu: 1 } } } }),
      /'vcpu' does not match/,
      'additionalProperties',
    ],
    [
      'an alien provider',
      () => ({ allocations: { pony: { resources: { VCPU: 1 } } } }),
      /'pony' does not match/,
      'additionalProperties',
    ],
    [
      'something beside resources',
      () => ({ allocations: { [one]: { resources: { VCPU: 1 }, x: 1 } } }),
      /'x' was unexpected/,
      'additionalProperties',
    ],
    [
      'a generation in words',
      () => ({ allocations: { [one]: { resources: { VCPU: 1 }, generation: '1' } } }),
      "'1' is not of type 'integer'",
      'type',
    ],
    ['an empty project', () => ({ project_id: '' }), /'' /, 'minLength'],
    ['a long project', () => ({ project_id: 'p'.repeat(256) }), /p' is too long/, 'maxLength'],
    ['an empty user', () => ({ user_id: '' }), /'' /, 'minLength'],
    ['a user by number', () => ({ user_id: 5 }), "5 is not of type 'string'", 'type'],
    ['a long user', () => ({ user_id: 'u'.repeat(256) }), /u' is too long/, 'maxLength'],
    ['a generation by name', () => ({ consumer_generation: 'one' }), /'one' is not of type/, 'type'],
    ['the type unknown', () => ({ consumer_type: 'unknown' }), "'unknown' does not match '^[A-Z0-9_]+$'", 'pattern'],
    ['an empty type', () => ({ consumer_type: '' }), /'' /, '(minLength|pattern)'],
    ['a long type', () => ({ consumer_type: 'T'.repeat(256) }), /T' is too long/, 'maxLength'],
    ['empty mappings', () => ({ mappings: {} }), /\{\} /, 'minProperties'],
    ['a mapping to nobody', () => ({ mappings: { a: [] } }), /\[\] /, 'minItems'],
    ['a mapping to a pony', () => ({ mappings: { '': ['pony'], a: ['pony'] } }), "'pony' is not a 'uuid'", 'format'],
  ])('refuses %s', async (_what, part, short, keyword) => {
    const reply = await http.put(`/allocations/${randomUUID()}`, { ...keyed(), ...typed, ...part() });
    expect(refusal(reply)).toMatchObject({ status: 400, message: schemaText(short, keyword) });
  });

  it.each<[string, object, string | RegExp, string]>([
    ['no resources', { resource_provider: { uuid: randomUUID() } }, "'resources' is a required property", 'required'],
    ['no provider', { resources: { VCPU: 1 } }, "'resource_provider' is a required property", 'required'],
    ['a pony', { resource_provider: { uuid: 'pony' }, resources: { VCPU: 1 } }, "'pony' is not a 'uuid'", 'format'],
    ['no uuid', { resource_provider: {}, resources: { VCPU: 1 } }, "'uuid' is a required property", 'required'],
  ])('refuses a list entry with %s', async (_what, entry, short, keyword) => {
    const reply = await story.at(0).put(`/allocations/${randomUUID()}`, { allocations: [entry] });
    expect(refusal(reply)).toEqual({ status: 400, message: schemaText(short, keyword) });
  });

  it('looks at mappings whose key has a letter or digit, and at no others', async () => {
    const body = { ...keyed(), ...typed, mappings: { '': 'anything', '€': 5 } };
    expect((await http.put(`/allocations/${randomUUID()}`, body)).status).toBe(204);
  });

  it('lets the later entry of a list replace the earlier one of the same provider', async () => {
    const consumer = randomUUID();
    const entry = (resources: object): object => ({ resource_provider: { uuid: one }, resources });
    const body = { allocations: [entry({ VCPU: 1, DISK_GB: 7 }), entry({ VCPU: 3 })] };
    await ok(story.at(0).put(`/allocations/${consumer}`, body), 204);
    expect(await ok(story.at(0).get(`/allocations/${consumer}`))).toMatchObject({
      allocations: { [one]: { resources: { VCPU: 3 } } },
    });
  });

  it('takes what GET shows, generations of providers included, and 10.0 for 10', async () => {
    const consumer = randomUUID();
    await ok(http.put(`/allocations/${consumer}`, { ...keyed(), ...typed }), 204);
    const shown = await ok(http.get<object>(`/allocations/${consumer}`));
    expect((await http.put(`/allocations/${consumer}`, shown)).status).toBe(204);
    const text = JSON.stringify({ ...keyed(), ...owner }).replace('"VCPU":2', '"VCPU":10.0');
    expect((await story.at(12).put(`/allocations/${consumer}`, text)).status).toBe(204);
    const held = await http.get<{ allocations: object }>(`/allocations/${consumer}`);
    expect(held.body.allocations).toMatchObject({ [one]: { resources: { VCPU: 10 } } });
  });

  it('knows a consumer by its uuid in any spelling, and wants one before it reads the body', async () => {
    const consumer = randomUUID();
    const spelled = `{${consumer.toUpperCase().replaceAll('-', '')}}`;
    await ok(http.put(`/allocations/${encodeURIComponent(spelled)}`, { ...keyed(), ...typed }), 204);
    expect(await ok(http.get(`/allocations/${consumer}`))).toMatchObject({ consumer_generation: 1 });
    expect(await ok(http.get(`/allocations/${consumer.toUpperCase()}`))).toEqual({ allocations: {} });
    expect(refusal(await http.put('/allocations/pony', { wrong: true }))).toMatchObject({
      status: 400,
      message: 'Malformed consumer_uuid: pony',
    });
  });

  it.each(['project_id', 'user_id'])('refuses a NUL in %s, and writes nothing', async (field) => {
    const consumer = randomUUID();
    const reply = await http.put(`/allocations/${consumer}`, { ...keyed(), ...typed, [field]: 'a\u0000b' });
    expect(reply.status).toBe(400);
    expect(await ok(http.get(`/allocations/${consumer}`))).toEqual({ allocations: {} });
  });
});

describe('POST /allocations', () => {
  const both = (body: object): object => ({ [randomUUID()]: body, [randomUUID()]: body });

  it('is not there at 1.12', async () => {
    expect(refusal(await story.at(12).post('/allocations', both(keyed())))).toEqual({ status: 404, message: '' });
  });

  it.each<[string, string, BodyOf]>([
    ['1.13', 'owners', () => ({ ...keyed(), ...owner })],
    ['1.13', 'nothing held', () => ({ ...cleared, ...owner })],
    ['1.27', 'owners', () => ({ ...keyed(), ...owner })],
    ['1.28', 'a consumer generation', () => ({ ...keyed(), ...unseen })],
    ['1.34', 'mappings', () => ({ ...keyed(), ...unseen, ...mappings })],
    ['1.38', 'a consumer type', () => ({ ...keyed(), ...typed })],
  ])('at %s takes %s, of several consumers', async (version, _what, value) => {
    const body = both(value());
    const before = (await usageOf(http, one)).VCPU ?? 0;
    const reply = await http.with({ version }).post('/allocations', body);
    expect([reply.status, reply.body]).toEqual([204, undefined]);
    const held =
      'VCPU' in ((value() as { allocations: Record<string, { resources: object }> }).allocations[one]?.resources ?? {});
    expect((await usageOf(http, one)).VCPU).toBe(before + (held ? 4 : 0));
  });

  it.each<[string, string, BodyOf, string | RegExp, string]>([
    ['1.13', 'nobody', () => ({}), /\{\} /, 'minProperties'],
    [
      '1.13',
      'a consumer generation',
      () => both({ ...keyed(), ...unseen }),
      /'consumer_generation' was/,
      'additionalProperties',
    ],
    ['1.28', 'none', () => both({ ...keyed(), ...owner }), "'consumer_generation' is a required property", 'required'],
    ['1.33', 'mappings', () => both({ ...keyed(), ...unseen, ...mappings }), /'mappings' was/, 'additionalProperties'],
    ['1.37', 'a consumer type', () => both({ ...keyed(), ...typed }), /'consumer_type' was/, 'additionalProperties'],
    ['1.38', 'none', () => both({ ...keyed(), ...unseen }), "'consumer_type' is a required property", 'required'],
    [
      '1.39',
      'a consumer called pony',
      () => ({ pony: { ...keyed(), ...typed } }),
      /'pony' does not match/,
      'additionalProperties',
    ],
  ])('at %s refuses %s', async (version, _what, body, short, keyword) => {
    expect(refusal(await http.with({ version }).post('/allocations', body()))).toMatchObject({
      status: 400,
      message: schemaText(short, keyword),
    });
  });

  it('uses the consumer as it is spelled', async () => {
    const upper = randomUUID().replace(/^./, 'f').toUpperCase();
    await ok(http.post('/allocations', { [upper]: { ...keyed(), ...typed } }), 204);
    expect(await ok(http.get(`/allocations/${upper}`))).toMatchObject({ consumer_generation: 1 });
    expect(await ok(http.get(`/allocations/${upper.toLowerCase()}`))).toEqual({ allocations: {} });
  });
});
