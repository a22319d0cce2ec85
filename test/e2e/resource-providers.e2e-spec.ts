import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { detailIn, expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const FIRST = 'aaaaaaaa-0000-4000-8000-000000000001';
const SECOND = 'aaaaaaaa-0000-4000-8000-000000000002';
const NOBODY = 'aaaaaaaa-0000-4000-8000-00000000dead';
const DUPLICATE = 'placement.duplicate_name';
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Provider {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly links: readonly { readonly rel: string; readonly href: string }[];
}

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const path = (uuid: string): string => `/resource_providers/${uuid}`;

const uncreated = (name: string, uuid: string, reason: string): string =>
  `Unable to create resource provider "${name}", ${uuid}: Object action create failed because: ${reason}`;

describe('creating (spec resource_providers.md §2)', () => {
  it('answers 201 and nothing but where it is', async () => {
    const reply = await story.at(0).post('/resource_providers', { name: 'first', uuid: FIRST });
    expect(reply.status).toBe(201);
    expect(reply.body).toBeUndefined();
    expect(reply.headers.location).toBe(`${story.url}${path(FIRST)}`);
    expect(reply.headers).not.toHaveProperty('content-type');
  });

  it.each([
    [19, 201],
    [20, 200],
  ])('at 1.%d answers %d', async (minor, status) => {
    const reply = await story.at(minor).post<Provider>('/resource_providers', { name: `at ${minor}` });
    expect(reply.status).toBe(status);
    const uuid = String(reply.headers.location).slice(`${story.url}/resource_providers/`.length);
    expect(uuid).toMatch(UUID_V4);
    if (status === 201) expect(reply.body).toBeUndefined();
    else expect(reply.body).toEqual((await story.at(minor).get(path(uuid))).body);
  });

  it('names it by the host that the client used', async () => {
    const headers = { host: 'placement.example.com:1234' };
    const reply = await story.at(0).post('/resource_providers', { name: 'hosted' }, headers);
    expect(reply.headers.location).toMatch(
      /^http:\/\/placement\.example\.com:1234\/resource_providers\/[0-9a-f-]{36}$/,
    );
  });

  it.each([
    ['upper case', 'BBBBBBBB-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001'],
    ['no dashes', 'bbbbbbbb000040008000000000000002', 'bbbbbbbb-0000-4000-8000-000000000002'],
    ['braces', '{bbbbbbbb-0000-4000-8000-000000000003}', 'bbbbbbbb-0000-4000-8000-000000000003'],
    ['a urn', 'urn:uuid:bbbbbbbb-0000-4000-8000-000000000004', 'bbbbbbbb-0000-4000-8000-000000000004'],
    ['dashes elsewhere', 'bbbb-bbbb0000-40008000-000000000005', 'bbbbbbbb-0000-4000-8000-000000000005'],
  ])('takes a uuid with %s', async (name, given, stored) => {
    const reply = await story.at(39).post('/resource_providers', { name, uuid: given });
    expect(reply.body).toMatchObject({ uuid: stored, name, root_provider_uuid: stored });
    expect((await story.at(39).get(path(stored))).status).toBe(200);
  });

  it.each([
    [{ name: 'x', uuid: 'no uuid' }, "'no uuid' is not a 'uuid'", "'format' in schema['properties']['uuid']"],
    [{ name: 'x', uuid: FIRST.slice(1) }, `'${FIRST.slice(1)}' is not a 'uuid'`, "'format'"],
    [{ name: 'x', uuid: null }, "None is not of type 'string'", "'type' in schema['properties']['uuid']"],
    [{ uuid: FIRST }, "'name' is a required property", "'required' in schema"],
    [{ name: true }, "True is not of type 'string'", "'type' in schema['properties']['name']"],
    [{ name: 'x'.repeat(201) }, `'${'x'.repeat(201)}' is too long`, "'maxLength' in schema['properties']['name']"],
    [
      { name: 'x', generation: 0 },
      "Additional properties are not allowed ('generation' was unexpected)",
      "'additional",
    ],
    [{ name: 'x', root_provider_uuid: FIRST }, "Additional properties are not allowed ('root_provider_uuid'", "'addit"],
  ])('refuses %j', async (body, short, failed) => {
    const reply = await story.at(39).post('/resource_providers', body);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain(`JSON does not validate: ${short}`);
    expect(detailIn(reply)).toContain(`Failed validating ${failed}`);
  });

  it('knows no parents before 1.14', async () => {
    const reply = await story.at(13).post('/resource_providers', { name: 'x', parent_provider_uuid: null });
    expect(detailIn(reply)).toContain("Additional properties are not allowed ('parent_provider_uuid' was unexpected)");
  });

  it('a name may have 200 characters, of any script', async () => {
    const name = 'ä'.repeat(199) + '😀';
    const reply = await story.at(39).post<Provider>('/resource_providers', { name });
    expect(reply.body.name).toBe(name);
    const found = await story
      .at(39)
      .get<{ resource_providers: Provider[] }>(`/resource_providers?name=${encodeURIComponent(name)}`);
    expect(found.body.resource_providers.map(({ uuid }) => uuid)).toEqual([reply.body.uuid]);
  });

  it('a name may not be empty', async () => {
    expectError(await story.at(39).post('/resource_providers', { name: '', uuid: NOBODY }), {
      status: 400,
      message: uncreated('', NOBODY, 'name is required'),
      code: UNDEFINED_CODE,
    });
  });

  it('a name with a NUL is the client’s mistake', async () => {
    expect((await story.at(39).post('/resource_providers', { name: 'a\u0000b' })).status).toBe(400);
  });

  it.each([
    ['the uuid', { name: 'other', uuid: FIRST }, `uuid: ${FIRST}`],
    ['the uuid, spelled otherwise', { name: 'other', uuid: FIRST.toUpperCase() }, `uuid: ${FIRST}`],
    ['the name', { name: 'first', uuid: SECOND }, 'name: first'],
  ])('%s may not be taken', async (_, body, what) => {
    const message = `Conflicting resource provider ${what} already exists.`;
    expectError(await story.at(39).post('/resource_providers', body), { status: 409, message, code: DUPLICATE });
    expectError(await story.at(22).post('/resource_providers', body), { status: 409, message });
  });

  it('when both are taken, either or both are named', async () => {
    const reply = await story.at(39).post('/resource_providers', { name: 'first', uuid: FIRST });
    expect(reply.status).toBe(409);
    expect(detailIn(reply)).toMatch(
      new RegExp(`Conflicting resource provider ((name: first|uuid: ${FIRST})(, )?){1,2} already exists\\.`),
    );
  });

  it('names differ by case', async () => {
    const reply = await story.at(0).post('/resource_providers', { name: 'FIRST', uuid: SECOND });
    expect(reply.status).toBe(201);
  });
});

describe('showing (spec resource_providers.md §1, §3; http.md §12)', () => {
  const link = (rel: string) => ({ rel, href: rel === 'self' ? path(FIRST) : `${path(FIRST)}/${rel}` });
  const upTo5 = ['self', 'inventories', 'usages', 'aggregates'];

  it.each([
    [0, ['self', 'inventories', 'usages']],
    [1, upTo5],
    [5, upTo5],
    [6, [...upTo5, 'traits']],
    [10, [...upTo5, 'traits']],
    [11, [...upTo5, 'traits', 'allocations']],
    [13, [...upTo5, 'traits', 'allocations']],
  ])('at 1.%d has four members and the links %j', async (minor, rels) => {
    const { status, body } = await story.at(minor).get(path(FIRST));
    expect(status).toBe(200);
    expect(body).toEqual({ uuid: FIRST, name: 'first', generation: 0, links: rels.map(link) });
  });

  it.each([14, 39])('at 1.%d also has its parent and its root', async (minor) => {
    const { body } = await story.at(minor).get(path(FIRST));
    expect(body).toEqual({
      uuid: FIRST,
      name: 'first',
      generation: 0,
      links: [...upTo5, 'traits', 'allocations'].map(link),
      parent_provider_uuid: null,
      root_provider_uuid: FIRST,
    });
    expect(Object.keys(body as object)).toEqual([
      'uuid',
      'name',
      'generation',
      'links',
      'parent_provider_uuid',
      'root_provider_uuid',
    ]);
  });

  it('an unknown one is 404', async () => {
    expectError(await story.at(39).get(path(NOBODY)), {
      status: 404,
      message: `No resource provider with uuid ${NOBODY} found`,
      code: UNDEFINED_CODE,
    });
  });
});

describe('renaming (spec resource_providers.md §4)', () => {
  it('answers with the provider and where it is not', async () => {
    const reply = await story.at(0).put(path(FIRST), { name: 'renamed' });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ uuid: FIRST, name: 'renamed', generation: 0 });
    expect(Object.keys(reply.body as object)).toHaveLength(4);
    expect(reply.headers).not.toHaveProperty('location');
    expect((await story.at(14).get(path(FIRST))).body).toMatchObject({ name: 'renamed', generation: 0 });
  });

  it('to the same name is fine', async () => {
    expect((await story.at(0).put(path(FIRST), { name: 'renamed' })).status).toBe(200);
  });

  it('to a name that is taken is not', async () => {
    expectError(await story.at(39).put(path(FIRST), { name: 'FIRST' }), {
      status: 409,
      message: 'Conflicting resource provider FIRST already exists.',
      code: DUPLICATE,
    });
  });

  it('to the empty name is fine, once', async () => {
    expect((await story.at(39).put(path(FIRST), { name: '' })).body).toMatchObject({ name: '' });
    expectError(await story.at(39).put(path(SECOND), { name: '' }), {
      status: 409,
      message: 'Conflicting resource provider  already exists.',
      code: DUPLICATE,
    });
    expect((await story.at(39).put(path(FIRST), { name: 'first' })).status).toBe(200);
  });

  it.each([
    [39, {}, "'name' is a required property"],
    [39, { name: 'x', uuid: FIRST }, "Additional properties are not allowed ('uuid' was unexpected)"],
    [39, { name: 'x', root_provider_uuid: FIRST }, "Additional properties are not allowed ('root_provider_uuid' was"],
    [13, { name: 'x', parent_provider_uuid: SECOND }, "Additional properties are not allowed ('parent_provider_uuid'"],
    [39, { name: 'x', parent_provider_uuid: 5 }, '5 is not valid under any of the given schemas'],
    [39, { name: 'x', parent_provider_uuid: 'y' }, "'y' is not a 'uuid'"],
    [39, { name: 'x'.repeat(201) }, `'${'x'.repeat(201)}' is too long`],
  ])('at 1.%d refuses %j', async (minor, body, short) => {
    const reply = await story.at(minor).put(path(FIRST), body);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain(`JSON does not validate: ${short}`);
  });

  it('an unknown one is 404, whatever the body', async () => {
    for (const body of [{ name: 'x' }, {}, '{']) {
      expectError(await story.at(39).put(path(NOBODY), body), {
        status: 404,
        message: `No resource provider with uuid ${NOBODY} found`,
        code: UNDEFINED_CODE,
      });
    }
  });
});

describe('deleting (spec resource_providers.md §5)', () => {
  const consumer = 'cccccccc-0000-4000-8000-000000000001';

  it('an unknown one is 404', async () => {
    expectError(await story.at(39).delete(path(NOBODY)), {
      status: 404,
      message: `No resource provider with uuid ${NOBODY} found for delete`,
      code: UNDEFINED_CODE,
    });
  });

  it('is refused while it has allocations', async () => {
    const at = story.at(39);
    await at.post(`${path(FIRST)}/inventories`, { resource_class: 'VCPU', total: 4 });
    const put = await at.put(`/allocations/${consumer}`, {
      allocations: { [FIRST]: { resources: { VCPU: 1 } } },
      project_id: 'p',
      user_id: 'u',
      consumer_generation: null,
      consumer_type: 'INSTANCE',
    });
    expect(put.status).toBe(204);
    const message = `Unable to delete resource provider ${FIRST}: Resource provider has allocations.`;
    expectError(await at.delete(path(FIRST)), { status: 409, message, code: 'placement.resource_provider.inuse' });
    expectError(await story.at(22).delete(path(FIRST)), { status: 409, message });
  });

  it('takes inventories, traits and aggregates along', async () => {
    const at = story.at(39);
    await at.delete(`/allocations/${consumer}`);
    await at.put('/traits/CUSTOM_LEFT');
    await at.put(`${path(FIRST)}/traits`, { traits: ['CUSTOM_LEFT'], resource_provider_generation: 2 });
    await at.put(`${path(FIRST)}/aggregates`, { aggregates: [NOBODY], resource_provider_generation: 3 });
    expect((await at.get(path(FIRST))).body).toMatchObject({ generation: 4 });
    const reply = await at.delete(path(FIRST));
    expect(reply.status).toBe(204);
    expect(reply.body).toBeUndefined();
    expect((await at.get(path(FIRST))).status).toBe(404);
    expect((await at.get('/traits/CUSTOM_LEFT')).status).toBe(204);
    expect((await at.delete('/traits/CUSTOM_LEFT')).status).toBe(204);
  });

  it('twice is 404', async () => {
    expect((await story.at(39).delete(path(FIRST))).status).toBe(404);
  });

  it('its name and uuid can be had again, with nothing of the old one', async () => {
    const reply = await story.at(39).post('/resource_providers', { name: 'first', uuid: FIRST });
    expect(reply.body).toMatchObject({ uuid: FIRST, name: 'first', generation: 0 });
    const inventories = await story.at(39).get(`${path(FIRST)}/inventories`);
    expect(inventories.body).toEqual({ resource_provider_generation: 0, inventories: {} });
    expect((await story.at(39).get(`${path(FIRST)}/aggregates`)).body).toMatchObject({ aggregates: [] });
  });
});
