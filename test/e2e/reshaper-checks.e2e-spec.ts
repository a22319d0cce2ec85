import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { claim, claimBody, fault, makeProvider, ok, RACE_CODE, refusal, schemaFault } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;
let service: Client;

/** A provider at generation 2 with a consumer at generation 1 that holds VCPU 4 of 10 and DISK_GB 1 of 10; another at 1. */
let provider: string;
let other: string;
let consumer: string;
let before: unknown;
const nobody = randomUUID();

beforeAll(async () => {
  story = await openStory({ BERTH_POLICY: 'legacy' });
  http = story.at(39);
  service = http.with({ version: '1.39', headers: { 'x-roles': 'service' } });
});

afterAll(() => story.close());

beforeEach(async () => {
  provider = await makeProvider(http, { DISK_GB: 10, VCPU: 10 });
  other = await makeProvider(http, { MEMORY_MB: 10 });
  consumer = await claim(http, { [provider]: { VCPU: 4, DISK_GB: 1 } });
  before = await state();
});

async function state(): Promise<unknown> {
  return await Promise.all(
    [
      ...[provider, other].flatMap((uuid) =>
        ['inventories', 'allocations'].map((part) => `/resource_providers/${uuid}/${part}`),
      ),
      `/allocations/${consumer}`,
    ].map(async (path) => await ok(http.get(path))),
  );
}

function shape(generation: number, totals: Readonly<Record<string, number>> = {}): object {
  const inventories = Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, { total }]));
  return { resource_provider_generation: generation, inventories };
}

function reshape(inventories: object, allocations: object = {}): Promise<Reply> {
  return service.post('/reshaper', { inventories, allocations });
}

const missing = (): object =>
  fault(
    400,
    `Resource provider ${nobody} in inventories not found: No resource provider with uuid ${nobody} found`,
    'placement.resource_provider.not_found',
  );
const stale = (uuid: string, actual: number, given: number): object =>
  fault(
    409,
    `resource provider generation conflict for provider ${uuid}: actual: ${actual}, given: ${given}`,
    RACE_CODE,
  );
const inUse = (classes: string, uuid: string): object =>
  fault(
    409,
    `update conflict: Inventory for '${classes}' on resource provider '${uuid}' in use.`,
    'placement.inventory.inuse',
  );
const refused = (reason: string): object => fault(409, `Unable to allocate inventory: ${reason}`);

describe('the first failure answers, and nothing has changed', () => {
  const cases: readonly (readonly [
    what: string,
    inventories: () => object,
    allocations: () => object,
    found: () => object,
  ])[] = [
    [
      'an unknown provider, first in the body',
      () => ({ [nobody]: shape(0), [provider]: shape(9) }),
      () => ({}),
      missing,
    ],
    [
      'a generation, first in the body',
      () => ({ [provider]: shape(9), [nobody]: shape(0) }),
      () => ({}),
      () => stale(provider, 2, 9),
    ],
    [
      'a generation of the second provider, before consumers',
      () => ({ [provider]: shape(2, { CUSTOM_NOBODY: 1 }), [other]: shape(0) }),
      () => ({ [consumer]: claimBody({ [nobody]: { VCPU: 1 } }, 7) }),
      () => stale(other, 1, 0),
    ],
    [
      'a consumer generation, before providers of allocations',
      () => ({ [provider]: shape(2, { CUSTOM_NOBODY: 1 }) }),
      () => ({ [consumer]: claimBody({ [nobody]: { VCPU: 1 } }, 7) }),
      () => fault(409, 'consumer generation conflict - expected 1 but got 7', RACE_CODE),
    ],
    [
      'a new consumer with a generation',
      () => ({ [provider]: shape(2, { VCPU: 10, DISK_GB: 10 }) }),
      () => ({ [nobody]: claimBody({}, 0) }),
      () => fault(409, 'consumer generation conflict - expected null but got 0', RACE_CODE),
    ],
    [
      'a provider of allocations, before classes',
      () => ({ [provider]: shape(2, { CUSTOM_NOBODY: 1 }) }),
      () => ({ [consumer]: claimBody({ [nobody]: { VCPU: 1 } }, 1) }),
      () => fault(400, `Allocation for resource provider '${nobody}' that does not exist.`),
    ],
    [
      'a class in inventories',
      () => ({ [provider]: shape(2, { CUSTOM_NOBODY: 1 }) }),
      () => ({ [consumer]: claimBody({}, 1) }),
      () => fault(400, 'malformed reshaper data: No such resource class CUSTOM_NOBODY.'),
    ],
    [
      'a class in allocations',
      () => ({ [provider]: shape(2, { VCPU: 10 }) }),
      () => ({ [consumer]: claimBody({ [provider]: { CUSTOM_NOBODY: 1 } }, 1) }),
      () => fault(400, 'malformed reshaper data: No such resource class CUSTOM_NOBODY.'),
    ],
    [
      'classes that are still allocated',
      () => ({ [provider]: shape(2) }),
      () => ({}),
      () => inUse('VCPU, DISK_GB', provider),
    ],
    [
      'a class that stays allocated, though another takes its place',
      () => ({ [provider]: shape(2, { DISK_GB: 10, MEMORY_MB: 10 }) }),
      () => ({ [consumer]: claimBody({ [provider]: { VCPU: 1, MEMORY_MB: 1 } }, 1) }),
      () => inUse('VCPU', provider),
    ],
    [
      'an allocation that does not fit the new inventory',
      () => ({ [provider]: shape(2, { VCPU: 3, DISK_GB: 10 }) }),
      () => ({ [nobody]: claimBody({ [provider]: { DISK_GB: 10 } }) }),
      () =>
        refused(
          `Unable to create allocation for 'DISK_GB' on resource provider '${provider}'. ` +
            'The requested amount would exceed the capacity.',
        ),
    ],
    [
      'an allocation of what is not there',
      () => ({ [other]: shape(1, { MEMORY_MB: 10 }) }),
      () => ({ [nobody]: claimBody({ [other]: { VCPU: 1 } }) }),
      () => refused(`Inventory for 'VCPU' on resource provider '${other}' invalid.`),
    ],
    [
      'the second of two consumers',
      () => ({ [other]: shape(1, { MEMORY_MB: 10 }) }),
      () => ({ [consumer]: claimBody({}, 1), [nobody]: claimBody({ [other]: { MEMORY_MB: 11 } }) }),
      () =>
        refused(
          `Unable to create allocation for 'MEMORY_MB' on resource provider '${other}'. ` +
            'The requested amount would exceed the capacity.',
        ),
    ],
  ];

  it.each(cases)('%s', async (_what, inventories, allocations, found) => {
    expect(refusal(await reshape(inventories(), allocations()))).toEqual(found());
    expect(await state()).toEqual(before);
    // A consumer that was new is new again.
    await claim(http, { [other]: { MEMORY_MB: 1 } }, null, nobody);
    await ok(http.delete(`/allocations/${nobody}`), 204);
  });
});

describe('the body', () => {
  const good = (): object => ({ [provider]: shape(2, { VCPU: 10, DISK_GB: 10 }) });

  it.each<[string, object, string | RegExp, string]>([
    ['no inventories', { allocations: {} }, "'inventories' is a required property", 'required'],
    ['no allocations', { inventories: { [nobody]: shape(0) } }, "'allocations' is a required property", 'required'],
    ['nobody to reshape', { inventories: {}, allocations: {} }, /\{\} /, 'minProperties'],
    ['a pony', { inventories: { pony: shape(0) }, allocations: {} }, /'pony' does not match/, 'additionalProperties'],
    [
      'more than that',
      { inventories: { [nobody]: shape(0) }, allocations: {}, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
      'additionalProperties',
    ],
    [
      'no provider generation',
      { inventories: { [nobody]: { inventories: {} } }, allocations: {} },
      "'resource_provider_generation' is a required property",
      'required',
    ],
    [
      'an inventory without a total',
      { inventories: { [nobody]: { resource_provider_generation: 0, inventories: { VCPU: {} } } }, allocations: {} },
      "'total' is a required property",
      'required',
    ],
    [
      'a consumer that is a pony',
      { inventories: { [nobody]: shape(0) }, allocations: { pony: claimBody({}) } },
      /'pony' does not match/,
      'additionalProperties',
    ],
  ])('is refused with %s, before providers are looked up', async (_what, body, short, keyword) => {
    expect(refusal(await service.post('/reshaper', body))).toEqual(schemaFault(short, keyword));
  });

  const owner = { allocations: {}, project_id: 'p', user_id: 'u' };
  const unseen = { ...owner, consumer_generation: null };
  const mappings = { mappings: { a: [nobody] } };
  it.each<[string, string, object, string | RegExp, string]>([
    ['1.30', 'no consumer generation', owner, "'consumer_generation' is a required property", 'required'],
    ['1.33', 'mappings', { ...unseen, ...mappings }, /'mappings' was unexpected/, 'additionalProperties'],
    ['1.37', 'a type', { ...unseen, consumer_type: 'A' }, /'consumer_type' was unexpected/, 'additionalProperties'],
    ['1.38', 'no type', unseen, "'consumer_type' is a required property", 'required'],
  ])('at %s is refused for a consumer with %s', async (version, _what, value, short, keyword) => {
    const body = { inventories: good(), allocations: { [nobody]: value } };
    expect(refusal(await service.with({ version, headers: { 'x-roles': 'service' } }).post('/reshaper', body))).toEqual(
      schemaFault(short, keyword),
    );
  });

  it.each<[string, string, object]>([
    ['1.30', 'a consumer generation', unseen],
    ['1.34', 'mappings', { ...unseen, ...mappings }],
    ['1.38', 'a type', { ...unseen, ...mappings, consumer_type: 'A' }],
  ])('at %s may have %s, and the admin may send it under the legacy policy', async (version, _what, value) => {
    const reply = await http
      .with({ version })
      .post('/reshaper', { inventories: good(), allocations: { [nobody]: value } });
    expect(reply.status).toBe(204);
  });
});
