import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { detailIn, expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const PROVIDER = '88888888-0000-4000-8000-000000000001';
const BASE = `/resource_providers/${PROVIDER}`;
const ALL = `${BASE}/inventories`;
const CONSUMER = '88888888-0000-4000-8000-00000000000c';

const CONFLICT = 'placement.concurrent_update';

let story: Story;

beforeAll(async () => {
  story = await openStory();
  await story.at(0).post('/resource_providers', { uuid: PROVIDER, name: 'ruled' });
  await story.at(39).put('/resource_classes/CUSTOM_FIRST');
  await story.at(39).put('/resource_classes/CUSTOM_AFTER');
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

async function generation(): Promise<number> {
  return (await story.at(39).get<{ generation: number }>(BASE)).body.generation;
}

/** The three ways to write a record; each needs what the ones before it left: PUT of one an inventory, POST none. */
type Way = 'POST' | 'PUT of all' | 'PUT of one';

const WAYS: readonly Way[] = ['POST', 'PUT of all', 'PUT of one'];

async function write(way: Way, record: object, minor = 39): Promise<Reply> {
  const at = story.at(minor);
  const admin = story.at(39);
  await admin.delete(ALL);
  if (way === 'POST') return at.post(ALL, { resource_class: 'VCPU', ...record });
  if (way === 'PUT of one') await admin.post(ALL, { resource_class: 'VCPU', total: 1 });
  const resource_provider_generation = await generation();
  if (way === 'PUT of one') return at.put(`${ALL}/VCPU`, { resource_provider_generation, ...record });
  return at.put(ALL, { resource_provider_generation, inventories: { VCPU: record } });
}

describe.each(WAYS)('%s holds the fields to their limits (spec inventories.md §1)', (way) => {
  const most = 2147483647;

  it.each([
    [{}, "'total' is a required property", 'required'],
    [{ total: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ total: most + 1 }, '2147483648 is greater than the maximum of 2147483647', 'maximum'],
    [{ total: '8' }, "'8' is not of type 'integer'", 'type'],
    [{ total: 8.5 }, "8.5 is not of type 'integer'", 'type'],
    [{ total: true }, "True is not of type 'integer'", 'type'],
    [{ total: 8, reserved: -1 }, '-1 is less than the minimum of 0', 'minimum'],
    [{ total: 8, reserved: most + 1 }, '2147483648 is greater than the maximum of 2147483647', 'maximum'],
    [{ total: 8, min_unit: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ total: 8, max_unit: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ total: 8, step_size: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ total: 8, step_size: most + 1 }, '2147483648 is greater than the maximum of 2147483647', 'maximum'],
    [{ total: 8, allocation_ratio: '1' }, "'1' is not of type 'number'", 'type'],
    [{ total: 8, allocation_ratio: 3.5e38 }, '3.5e+38 is greater than the maximum of 3.40282e+38', 'maximum'],
    [{ total: 8, used: 1 }, "Additional properties are not allowed ('used' was unexpected)", 'additionalProperties'],
  ])('%j is refused', async (record, short, keyword) => {
    const reply = await write(way, record);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain(`JSON does not validate: ${short}`);
    expect(detailIn(reply)).toContain(`Failed validating '${keyword}'`);
  });

  it.each([
    [{ total: most, reserved: 0, min_unit: most, max_unit: most, step_size: most }],
    [{ total: 8.0, min_unit: 5, max_unit: 2 }],
    [{ total: 8, allocation_ratio: 3.40282e38 }],
  ])('%j is taken', async (record) => {
    const reply = await write(way, record);
    expect(reply.status).toBe(way === 'POST' ? 201 : 200);
  });
});

describe.each(WAYS)('%s and capacity (spec inventories.md §1)', (way) => {
  const verb = way === 'POST' ? 'create' : 'update';
  const invalid =
    `Unable to ${verb} inventory for resource provider ${PROVIDER}: ` +
    `Invalid inventory for 'VCPU' on resource provider '${PROVIDER}'. The reserved value is `;

  it.each([
    ['reserved equals total', { total: 4, reserved: 4 }, 400, 200],
    ['reserved exceeds total', { total: 4, reserved: 5 }, 400, 400],
    ['less than one unit is left', { total: 1, allocation_ratio: 0.5 }, 400, 200],
    ['just one unit is left', { total: 2, allocation_ratio: 0.5 }, 200, 200],
    ['the ratio is zero', { total: 4, allocation_ratio: 0 }, 400, 200],
    ['the ratio is negative', { total: 4, allocation_ratio: -1 }, 400, 400],
    ['what is missing is less than a unit', { total: 4, reserved: 5, allocation_ratio: 0.5 }, 400, 200],
    ['both are negative', { total: 4, reserved: 6, allocation_ratio: -1 }, 200, 200],
  ])('%s', async (_, record, at25, at26) => {
    const success = way === 'POST' ? 201 : 200;
    for (const [minor, status, relation] of [
      [0, at25, 'greater than or equal to total.'],
      [25, at25, 'greater than or equal to total.'],
      [26, at26, 'greater than total.'],
      [39, at26, 'greater than total.'],
    ] as const) {
      const reply = await write(way, record, minor);
      if (status === 200) {
        expect({ minor, status: reply.status }).toEqual({ minor, status: success });
        continue;
      }
      expectError(reply, {
        status: 400,
        message: invalid + relation,
        ...(minor >= 23 && { code: UNDEFINED_CODE }),
      });
    }
  });
});

describe('the bodies around the records', () => {
  it.each([
    [{ inventories: {} }, "'resource_provider_generation' is a required property"],
    [{ resource_provider_generation: 0 }, "'inventories' is a required property"],
    [{ resource_provider_generation: '0', inventories: {} }, "'0' is not of type 'integer'"],
    [{ resource_provider_generation: null, inventories: {} }, "None is not of type 'integer'"],
    [{ resource_provider_generation: 0, inventories: [] }, "[] is not of type 'object'"],
    [{ resource_provider_generation: 0, inventories: { VCPU: 5 } }, "5 is not of type 'object'"],
    [{ resource_provider_generation: 0, inventories: {}, x: 1 }, "Additional properties are not allowed ('x' was"],
  ])('PUT of all refuses %j', async (body, short) => {
    expect(detailIn(await story.at(39).put(ALL, body))).toContain(`JSON does not validate: ${short}`);
  });

  it.each([
    [{ total: 1 }, "'resource_provider_generation' is a required property"],
    [{ total: 1, resource_provider_generation: 0, resource_class: 'VCPU' }, 'Additional properties are not allowed ('],
  ])('PUT of one refuses %j', async (body, short) => {
    expect(detailIn(await story.at(39).put(`${ALL}/VCPU`, body))).toContain(`JSON does not validate: ${short}`);
  });

  it.each([
    [{ total: 1 }, "'resource_class' is a required property"],
    [{ total: 1, resource_class: 'vcpu' }, "'vcpu' does not match '^[A-Z0-9_]+$'"],
    [{ total: 1, resource_class: '' }, "'' does not match '^[A-Z0-9_]+$'"],
    [{ total: 1, resource_class: 'VCPU\n' }, "'VCPU\\n' does not match '^[A-Z0-9_]+$'"],
    [{ total: 1, resource_class: 'VCPU', resource_provider_generation: null }, "None is not of type 'integer'"],
  ])('POST refuses %j', async (body, short) => {
    expect(detailIn(await story.at(39).post(ALL, body))).toContain(`JSON does not validate: ${short}`);
  });
});

describe('the order of the checks', () => {
  const over = { total: 1, reserved: 2 };

  it('PUT of all: body, generation, capacity, class', async () => {
    const now = await generation();
    const put = (resource_provider_generation: number, inventories: object) =>
      story.at(39).put(ALL, { resource_provider_generation, inventories });
    expect(detailIn(await put(now + 1, { VCPU: {} }))).toContain('JSON does not validate');
    expect((await put(now + 1, { VCPU: over })).status).toBe(409);
    expect(detailIn(await put(now, { CUSTOM_NOPE: { total: 1 }, VCPU: over }))).toContain('The reserved value is');
    expect(detailIn(await put(now, { CUSTOM_NOPE: over }))).toContain('The reserved value is');
    expect(detailIn(await put(now, { CUSTOM_NOPE: { total: 1 } }))).toContain('No such resource class CUSTOM_NOPE.');
    expect(await generation()).toBe(now);
  });

  it('PUT of one: body, generation, capacity, class, inventory', async () => {
    await story.at(39).delete(ALL);
    const now = await generation();
    const put = (name: string, resource_provider_generation: number, record: object) =>
      story.at(39).put(`${ALL}/${name}`, { resource_provider_generation, ...record });
    expect(detailIn(await put('CUSTOM_NOPE', now + 1, {}))).toContain('JSON does not validate');
    expect((await put('CUSTOM_NOPE', now + 1, over)).status).toBe(409);
    expect(detailIn(await put('CUSTOM_NOPE', now, over))).toContain('The reserved value is');
    expect((await put('CUSTOM_NOPE', now, { total: 1 })).status).toBe(404);
    expect((await put('VCPU', now, { total: 1 })).status).toBe(400);
    expect(await generation()).toBe(now);
  });

  it('POST: body, capacity, class', async () => {
    const post = (record: object) => story.at(39).post(ALL, { resource_class: 'CUSTOM_NOPE', ...record });
    expect(detailIn(await post({}))).toContain('JSON does not validate');
    expect(detailIn(await post(over))).toContain('The reserved value is');
    expect(detailIn(await post({ total: 1 }))).toContain('No such resource class');
  });

  it('POST of a class that is there: capacity first', async () => {
    await story.at(39).post(ALL, { resource_class: 'VCPU', total: 1 });
    const reply = await story.at(39).post(ALL, { resource_class: 'VCPU', ...over });
    expect(reply.status).toBe(400);
  });
});

describe('inventories in use (spec inventories.md §5, §6, §9)', () => {
  const record = { total: 10 };

  beforeAll(async () => {
    const at = story.at(39);
    const classes = ['CUSTOM_AFTER', 'CUSTOM_FIRST', 'DISK_GB', 'VCPU', 'MEMORY_MB'];
    await at.put(ALL, {
      resource_provider_generation: await generation(),
      inventories: Object.fromEntries(classes.map((name) => [name, record])),
    });
    const resources = { DISK_GB: 3, VCPU: 2, CUSTOM_AFTER: 1, CUSTOM_FIRST: 1 };
    const claimed = await at.put(`/allocations/${CONSUMER}`, {
      allocations: { [PROVIDER]: { resources } },
      project_id: 'p',
      user_id: 'u',
      consumer_generation: null,
      consumer_type: 'INSTANCE',
    });
    expect(claimed.status).toBe(204);
  });

  const inUse = (names: string): string => `Inventory for '${names}' on resource provider '${PROVIDER}' in use.`;

  async function replaceBy(names: readonly string[]): Promise<Reply> {
    return story.at(39).put(ALL, {
      resource_provider_generation: await generation(),
      inventories: Object.fromEntries(names.map((name) => [name, record])),
    });
  }

  it.each([
    [['MEMORY_MB'], 'VCPU, DISK_GB, CUSTOM_FIRST, CUSTOM_AFTER'],
    [['CUSTOM_FIRST', 'CUSTOM_AFTER'], 'VCPU, DISK_GB'],
    [['VCPU', 'CUSTOM_FIRST', 'CUSTOM_AFTER', 'MEMORY_MB'], 'DISK_GB'],
  ])('PUT of all with %j is refused for %s', async (names, missed) => {
    const before = await generation();
    const code = 'placement.inventory.inuse';
    expectError(await replaceBy(names), { status: 409, message: `update conflict: ${inUse(missed)}`, code });
    expect(await generation()).toBe(before);
  });

  it('DELETE of all is refused, and says it without ado', async () => {
    const message = inUse('VCPU, DISK_GB, CUSTOM_FIRST, CUSTOM_AFTER');
    expectError(await story.at(39).delete(ALL), { status: 409, message, code: 'placement.inventory.inuse' });
    expectError(await story.at(22).delete(ALL), { status: 409, message });
  });

  it('DELETE of one is refused with another code', async () => {
    const message = `Unable to delete inventory of class VCPU: ${inUse('VCPU')}`;
    expectError(await story.at(39).delete(`${ALL}/VCPU`), { status: 409, message, code: CONFLICT });
    expectError(await story.at(22).delete(`${ALL}/VCPU`), { status: 409, message });
  });

  it('what nobody uses may go', async () => {
    const before = await generation();
    expect((await replaceBy(['DISK_GB', 'VCPU', 'CUSTOM_FIRST', 'CUSTOM_AFTER'])).status).toBe(200);
    expect(await generation()).toBe(before + 1);
  });

  it('less than what is used may be left', async () => {
    const resource_provider_generation = await generation();
    const reply = await story.at(39).put(`${ALL}/DISK_GB`, { resource_provider_generation, total: 1 });
    expect(reply.status).toBe(200);
    const usages = await story.at(39).get(`${BASE}/usages`);
    expect(usages.body).toEqual({
      resource_provider_generation: resource_provider_generation + 1,
      usages: { VCPU: 2, DISK_GB: 3, CUSTOM_FIRST: 1, CUSTOM_AFTER: 1 },
    });
  });

  it('when nobody uses them any more, all may go', async () => {
    await story.at(39).delete(`/allocations/${CONSUMER}`);
    expect((await story.at(39).delete(`${ALL}/VCPU`)).status).toBe(204);
    expect((await story.at(39).delete(ALL)).status).toBe(204);
  });
});
