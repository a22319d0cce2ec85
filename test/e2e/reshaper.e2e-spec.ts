import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import {
  claim,
  claimBody,
  consumerGeneration,
  fault,
  generationOf,
  makeProvider,
  ok,
  refusal,
  setInventories,
  usageOf,
} from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;
/** Only services may reshape. */
let service: Client;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  service = http.with({ version: '1.39', headers: { 'x-roles': 'service' } });
});

afterAll(() => story.close());

/** The part of one provider: the generation that was seen, and what it shall have, of these totals. */
function shape(generation: number, totals: Readonly<Record<string, number>> = {}): object {
  const inventories = Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, { total }]));
  return { resource_provider_generation: generation, inventories };
}

async function reshape(inventories: object, allocations: object = {}): Promise<void> {
  const reply = await service.post('/reshaper', { inventories, allocations });
  expect([reply.status, reply.body]).toEqual([204, undefined]);
}

async function totals(provider: string): Promise<Readonly<Record<string, number>>> {
  const { inventories } = await ok(
    http.get<{ inventories: Readonly<Record<string, { total: number }>> }>(
      `/resource_providers/${provider}/inventories`,
    ),
  );
  return Object.fromEntries(Object.entries(inventories).map(([name, { total }]) => [name, total]));
}

describe('POST /reshaper', () => {
  it('is not there at 1.29, is the only method, and wants JSON', async () => {
    expect(refusal(await story.at(29).post('/reshaper', {}))).toEqual(fault(404, ''));
    for (const method of ['get', 'put', 'delete'] as const) {
      const reply = await service[method]('/reshaper');
      expect(refusal(reply)).toEqual(fault(405, 'The method specified is not allowed for this resource.'));
      expect(reply.headers.allow).toBe('POST');
    }
    expect(refusal(await service.post('/reshaper', 'x', { 'content-type': 'text/plain' }))).toEqual(
      fault(415, 'The media type text/plain is not supported, use application/json'),
    );
  });

  it('is for services alone, and that is asked before the body is read', async () => {
    expect(refusal(await http.post('/reshaper', { wrong: true }))).toEqual(
      fault(403, 'Policy does not allow placement:reshaper:reshape to be performed.'),
    );
  });
});

describe('inventory with allocations on it', () => {
  let parent: string;
  let child: string;
  let cpuConsumer: string;
  let diskConsumer: string;

  beforeAll(async () => {
    parent = await makeProvider(http, { VCPU: 1 });
    await setInventories(http, parent, { VCPU: 10 });
    await setInventories(http, parent, { VCPU: 10, DISK_GB: 100 });
    child = randomUUID();
    await ok(http.post('/resource_providers', { name: 'child', uuid: child, parent_provider_uuid: parent }));
    cpuConsumer = await claim(http, { [parent]: { VCPU: 8 } });
    diskConsumer = await claim(http, { [parent]: { DISK_GB: 20 } });
    expect([await generationOf(http, parent), await generationOf(http, child)]).toEqual([5, 0]);
  });

  it('moves from the parent to the child', async () => {
    await reshape(
      { [parent]: shape(5, { DISK_GB: 100 }), [child]: shape(0, { VCPU: 10 }) },
      {
        [cpuConsumer]: claimBody({ [child]: { VCPU: 8 } }, 1),
        [diskConsumer]: claimBody({ [parent]: { DISK_GB: 20 } }, 1),
      },
    );
    expect([await generationOf(http, parent), await generationOf(http, child)]).toEqual([8, 3]);
    expect([await totals(parent), await totals(child)]).toEqual([{ DISK_GB: 100 }, { VCPU: 10 }]);
    expect([await usageOf(http, parent), await usageOf(http, child)]).toEqual([{ DISK_GB: 20 }, { VCPU: 8 }]);
    expect(await consumerGeneration(http, cpuConsumer)).toBe(2);
    expect(await consumerGeneration(http, diskConsumer)).toBe(2);
  });

  it('moves back, and a consumer that holds nothing is gone', async () => {
    await reshape(
      { [parent]: shape(8, { DISK_GB: 100, VCPU: 10 }), [child]: shape(3) },
      { [cpuConsumer]: claimBody({}, 2), [diskConsumer]: claimBody({ [parent]: { DISK_GB: 20 } }, 2) },
    );
    expect([await generationOf(http, parent), await generationOf(http, child)]).toEqual([11, 5]);
    expect([await totals(parent), await totals(child)]).toEqual([{ DISK_GB: 100, VCPU: 10 }, {}]);
    expect([await usageOf(http, parent), await usageOf(http, child)]).toEqual([{ DISK_GB: 20, VCPU: 0 }, {}]);
    expect(await consumerGeneration(http, cpuConsumer)).toBeUndefined();
    await claim(http, { [parent]: { VCPU: 1 } }, null, cpuConsumer);
  });
});

describe('the generation of a provider grows', () => {
  const demands = {
    kept: (provider: string): object => claimBody({ [provider]: { VCPU: 2 } }, 1),
    cleared: (): object => claimBody({}, 1),
    moved: (_provider: string, other: string): object => claimBody({ [other]: { VCPU: 1 } }, 1),
  };

  it.each<[string, number, Record<string, number> | undefined, keyof typeof demands | undefined]>([
    ['non-empty, used', 3, { VCPU: 20 }, 'kept'],
    ['non-empty, its consumer cleared', 3, { VCPU: 20 }, 'cleared'],
    ['non-empty, not named by a consumer', 2, { VCPU: 20 }, undefined],
    ['non-empty, its consumer gone elsewhere', 2, { VCPU: 20 }, 'moved'],
    ['emptied, its consumer cleared', 2, {}, 'cleared'],
    ['emptied, its consumer gone elsewhere', 1, {}, 'moved'],
    ['only in allocations', 1, undefined, 'kept'],
  ])('%s: by %i', async (_role, growth, inventories, demand) => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const other = await makeProvider(http, { VCPU: 10 });
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    await reshape(
      { [other]: shape(1, { VCPU: 10 }), ...(inventories && { [provider]: shape(2, inventories) }) },
      demand === undefined ? {} : { [consumer]: demands[demand](provider, other) },
    );
    expect(await generationOf(http, provider)).toBe(2 + growth);
    expect(await generationOf(http, other)).toBe(demand === 'moved' ? 4 : 3);
    expect(await totals(provider)).toEqual(inventories ?? { VCPU: 10 });
    expect(await consumerGeneration(http, consumer)).toBe(
      { kept: 2, moved: 2, cleared: undefined, '': 1 }[demand ?? ''],
    );
  });

  it('by one when it is emptied and never was used', async () => {
    const provider = await makeProvider(http, { VCPU: 10 });
    await reshape({ [provider]: shape(1) });
    expect([await generationOf(http, provider), await totals(provider)]).toEqual([2, {}]);
  });
});

describe('what may be reshaped', () => {
  it('is checked against neither reserved nor what is used, as long as the class stays', async () => {
    const provider = await makeProvider(http, { VCPU: 10 });
    await claim(http, { [provider]: { VCPU: 8 } });
    const inventories = { VCPU: { total: 3, reserved: 5, max_unit: 2 } };
    await reshape({ [provider]: { resource_provider_generation: 2, inventories } });
    expect(await usageOf(http, provider)).toEqual({ VCPU: 8 });
    expect(await ok(http.get(`/resource_providers/${provider}/inventories/VCPU`))).toEqual({
      ...{ total: 3, reserved: 5, max_unit: 2, min_unit: 1, step_size: 1, allocation_ratio: 1 },
      resource_provider_generation: 4,
    });
  });

  it('is any number of providers and consumers, new ones among them', async () => {
    const [left, right] = [await makeProvider(http, { VCPU: 10 }), await makeProvider(http)];
    const [moved, fresh, never] = [await claim(http, { [left]: { VCPU: 5 } }), randomUUID(), randomUUID()];
    await reshape(
      { [left]: shape(2), [right]: shape(0, { VCPU: 9 }) },
      {
        [moved]: claimBody({ [right]: { VCPU: 5 } }, 1),
        [fresh]: claimBody({ [right]: { VCPU: 4 } }),
        [never]: claimBody({}),
      },
    );
    expect([await usageOf(http, left), await usageOf(http, right)]).toEqual([{}, { VCPU: 9 }]);
    expect(await Promise.all([moved, fresh, never].map((consumer) => consumerGeneration(http, consumer)))).toEqual([
      2,
      1,
      undefined,
    ]);
  });
});
