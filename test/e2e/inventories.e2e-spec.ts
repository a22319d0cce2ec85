import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest } from './http-raw.js';
import { expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const PROVIDER = '99999999-0000-4000-8000-000000000001';
const NOBODY = '99999999-0000-4000-8000-00000000dead';
const BASE = `/resource_providers/${PROVIDER}`;
const ALL = `${BASE}/inventories`;

const DEFAULTS = { reserved: 0, min_unit: 1, max_unit: 2147483647, step_size: 1, allocation_ratio: 1 };

const FULL = { total: 96, reserved: 2, min_unit: 2, max_unit: 32, step_size: 2, allocation_ratio: 4.5 };

const CONFLICT = 'placement.concurrent_update';

let story: Story;

beforeAll(async () => {
  story = await openStory();
  await story.at(0).post('/resource_providers', { uuid: PROVIDER, name: 'inventoried' });
  await story.at(39).put('/resource_classes/CUSTOM_GOLD');
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

async function generation(): Promise<number> {
  return (await story.at(39).get<{ generation: number }>(BASE)).body.generation;
}

const unknown = `No resource provider with uuid ${NOBODY} found`;

describe('an empty provider (spec inventories.md §3)', () => {
  it('has no inventories', async () => {
    const { status, body } = await story.at(0).get(ALL);
    expect(status).toBe(200);
    expect(body).toEqual({ resource_provider_generation: 0, inventories: {} });
  });

  it.each(['VCPU', 'CUSTOM_GOLD', 'CUSTOM_NOPE', 'nonsense'])('has none of class %s', async (name) => {
    expectError(await story.at(39).get(`${ALL}/${name}`), {
      status: 404,
      message: `No inventory of class ${name} for ${PROVIDER}`,
      code: UNDEFINED_CODE,
    });
  });

  it.each(['inventories', 'inventories/VCPU'])('that does not exist has no %s', async (part) => {
    expectError(await story.at(39).get(`/resource_providers/${NOBODY}/${part}`), {
      status: 404,
      message: `${unknown} : ${unknown}`,
      code: UNDEFINED_CODE,
    });
  });
});

describe('POST (spec inventories.md §4)', () => {
  it('fills in what is not told, and raises the generation', async () => {
    const reply = await story.at(0).post(ALL, { resource_class: 'VCPU', total: 8 });
    expect(reply.status).toBe(201);
    expect(reply.headers.location).toBe(`${story.url}${ALL}/VCPU`);
    expect(reply.body).toEqual({ total: 8, ...DEFAULTS, resource_provider_generation: 1 });
    expect(await generation()).toBe(1);
  });

  it('takes every field, and a generation that nobody reads', async () => {
    const body = { resource_class: 'CUSTOM_GOLD', ...FULL, resource_provider_generation: 77 };
    const reply = await story.at(39).post(ALL, body);
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({ ...FULL, resource_provider_generation: 2 });
  });

  it('is refused for a class that is there', async () => {
    const reply = await story.at(39).post(ALL, { resource_class: 'VCPU', total: 9 });
    expect(reply.status).toBe(409);
    const [error] = (reply.body as { errors: [{ code: string; detail: string }] }).errors;
    expect(error.code).toBe(CONFLICT);
    expect(error.detail).toMatch(/\n\n Update conflict: ./);
    expect(await generation()).toBe(2);
  });

  it('is refused for a class that nobody knows', async () => {
    expectError(await story.at(39).post(ALL, { resource_class: 'CUSTOM_NOPE', total: 9 }), {
      status: 400,
      message: `Unable to create inventory for resource provider ${PROVIDER}: No such resource class CUSTOM_NOPE.`,
      code: UNDEFINED_CODE,
    });
    expect(await generation()).toBe(2);
  });

  it('is 404 on an unknown provider', async () => {
    expectError(await story.at(39).post(`/resource_providers/${NOBODY}/inventories`, { total: 0 }), {
      status: 404,
      message: unknown,
      code: UNDEFINED_CODE,
    });
  });
});

describe('reading (spec inventories.md §2, §7)', () => {
  it('shows all, and one', async () => {
    const all = await story.at(0).get(ALL);
    expect(all.body).toEqual({
      resource_provider_generation: 2,
      inventories: { VCPU: { total: 8, ...DEFAULTS }, CUSTOM_GOLD: FULL },
    });
    const one = await story.at(0).get(`${ALL}/CUSTOM_GOLD`);
    expect(one.body).toEqual({ ...FULL, resource_provider_generation: 2 });
  });
});

describe('PUT of all (spec inventories.md §5)', () => {
  const put = (resource_provider_generation: number, inventories: object) =>
    story.at(39).put(ALL, { resource_provider_generation, inventories });

  it('replaces whole records: what is not told goes back to its default', async () => {
    const reply = await put(2, { CUSTOM_GOLD: { total: 5 }, DISK_GB: { ...FULL, resource_provider_generation: 9 } });
    expect(reply.status).toBe(200);
    const body = {
      resource_provider_generation: 3,
      inventories: { CUSTOM_GOLD: { total: 5, ...DEFAULTS }, DISK_GB: FULL },
    };
    expect(reply.body).toEqual(body);
    expect((await story.at(39).get(ALL)).body).toEqual(body);
    expect((await story.at(39).get(`${ALL}/VCPU`)).status).toBe(404);
  });

  it('raises the generation though nothing changes', async () => {
    expect((await put(3, { CUSTOM_GOLD: { total: 5 }, DISK_GB: FULL })).body).toMatchObject({
      resource_provider_generation: 4,
    });
  });

  it.each([3, 5, -1, 99])('is refused with the generation %d, and changes nothing', async (stale) => {
    expectError(await put(stale, {}), {
      status: 409,
      message: 'resource provider generation conflict',
      code: CONFLICT,
    });
    expect((await story.at(39).get(ALL)).body).toMatchObject({
      resource_provider_generation: 4,
      inventories: { CUSTOM_GOLD: {}, DISK_GB: {} },
    });
  });

  it.each(['CUSTOM_NOPE', 'house', 'vcpu', ''])('is refused for the class "%s"', async (name) => {
    expectError(await put(4, { VCPU: { total: 1 }, [name]: { total: 1 } }), {
      status: 400,
      message: `Unknown resource class in inventory for resource provider ${PROVIDER}: No such resource class ${name}.`,
      code: UNDEFINED_CODE,
    });
    expect(await generation()).toBe(4);
  });

  it('a malformed value of a class that cannot be is 400', async () => {
    expect((await put(4, { house: 'red' })).status).toBe(400);
    expect((await put(4, { house: null })).status).toBe(400);
  });

  it('with nothing in it empties the provider', async () => {
    expect((await put(4, {})).body).toEqual({ resource_provider_generation: 5, inventories: {} });
  });
});

describe('PUT of one (spec inventories.md §8)', () => {
  const put = (name: string, resource_provider_generation: number, record: object) =>
    story.at(39).put(`${ALL}/${name}`, { resource_provider_generation, ...record });

  it('does not make one', async () => {
    expectError(await put('VCPU', 5, { total: 1 }), {
      status: 400,
      message:
        `No inventory record with resource class for resource provider ${PROVIDER}: ` +
        'No inventory of class VCPU found.',
      code: UNDEFINED_CODE,
    });
    expect(await generation()).toBe(5);
  });

  it('knows what is no class', async () => {
    expectError(await put('CUSTOM_NOPE', 5, { total: 1 }), {
      status: 404,
      message: 'No such resource class CUSTOM_NOPE.',
      code: UNDEFINED_CODE,
    });
  });

  it('replaces the whole record', async () => {
    await story.at(39).post(ALL, { resource_class: 'VCPU', ...FULL });
    const reply = await put('VCPU', 6, { total: 7 });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ total: 7, ...DEFAULTS, resource_provider_generation: 7 });
    expect((await story.at(0).get(`${ALL}/VCPU`)).body).toEqual(reply.body);
  });

  it('raises the generation though nothing changes', async () => {
    expect((await put('VCPU', 7, { total: 7 })).body).toMatchObject({ resource_provider_generation: 8 });
  });

  it('is refused with another generation', async () => {
    for (const stale of [7, 9]) {
      const message = 'resource provider generation conflict';
      expectError(await put('VCPU', stale, { total: 1 }), { status: 409, message, code: CONFLICT });
    }
  });
});

describe('DELETE (spec inventories.md §6, §9)', () => {
  it('of one raises the generation', async () => {
    const reply = await story.at(0).delete(`${ALL}/VCPU`);
    expect(reply.status).toBe(204);
    expect(await generation()).toBe(9);
    expect((await story.at(0).get(`${ALL}/VCPU`)).status).toBe(404);
  });

  it.each([
    ['VCPU', 'No inventory of class VCPU found for delete'],
    ['CUSTOM_NOPE', 'No such resource class CUSTOM_NOPE.'],
  ])('of one that is not there: %s', async (name, reason) => {
    expectError(await story.at(39).delete(`${ALL}/${name}`), {
      status: 404,
      message: `No inventory of class ${name} found for delete: ${reason}`,
      code: UNDEFINED_CODE,
    });
    expect(await generation()).toBe(9);
  });

  it('of all is there from 1.5, and raises the generation though there are none', async () => {
    expect((await story.at(4).delete(ALL)).status).toBe(405);
    expect((await story.at(5).delete(ALL)).status).toBe(204);
    expect(await generation()).toBe(10);
    await story.at(39).post(ALL, { resource_class: 'VCPU', total: 1 });
    expect((await story.at(39).delete(ALL)).status).toBe(204);
    expect((await story.at(39).get(ALL)).body).toEqual({ resource_provider_generation: 12, inventories: {} });
  });

  it.each(['inventories', 'inventories/VCPU'])('on an unknown provider: %s', async (part) => {
    expectError(await story.at(39).delete(`/resource_providers/${NOBODY}/${part}`), {
      status: 404,
      message: unknown,
      code: UNDEFINED_CODE,
    });
  });
});

describe('allocation_ratio (spec inventories.md §1)', () => {
  it.each([
    [1, '1.0'],
    [16, '16.0'],
    [1.5, '1.5'],
    [0.0625, '0.0625'],
    [0, '0.0'],
    [-0, '0.0'],
    [1e6, '1000000.0'],
  ])('%d is shown as %s', async (ratio, shown) => {
    const at = story.at(39);
    const body = {
      resource_provider_generation: await generation(),
      inventories: { VCPU: { total: 4, allocation_ratio: ratio } },
    };
    expect((await at.put(ALL, body)).status).toBe(200);
    const headers = { 'x-auth-token': 'admin' };
    for (const path of [ALL, `${ALL}/VCPU`]) {
      const { text } = await rawRequest(story.url, { method: 'GET', path, headers });
      expect(/"allocation_ratio":([^,}]*)/.exec(text)?.[1]).toBe(shown);
    }
  });

  it.each([0.1, 1.1, 3.40282e38, 1e-7])('%d comes back as it went', async (ratio) => {
    const body = { resource_provider_generation: await generation(), total: 4, allocation_ratio: ratio };
    expect((await story.at(39).put(`${ALL}/VCPU`, body)).status).toBe(200);
    expect((await story.at(39).get(`${ALL}/VCPU`)).body).toMatchObject({ allocation_ratio: ratio });
  });
});
