import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { makeProvider, ok, refusal } from './allocations-story.js';
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

const typed = { project_id: 'project', user_id: 'user', consumer_generation: null, consumer_type: 'INSTANCE' };
const keyed = (): object => ({
  allocations: { [one]: { resources: { VCPU: 2 } }, [two]: { resources: { DISK_GB: 5 } } },
});

describe('GET', () => {
  it.each<[string, readonly string[]]>([
    ['1.0', ['allocations']],
    ['1.11', ['allocations']],
    ['1.12', ['allocations', 'project_id', 'user_id']],
    ['1.27', ['allocations', 'project_id', 'user_id']],
    ['1.28', ['allocations', 'project_id', 'user_id', 'consumer_generation']],
    ['1.37', ['allocations', 'project_id', 'user_id', 'consumer_generation']],
    ['1.38', ['allocations', 'project_id', 'user_id', 'consumer_generation', 'consumer_type']],
  ])('/allocations/{consumer_uuid} at %s shows %p, and of an empty one allocations alone', async (version, keys) => {
    const consumer = randomUUID();
    await ok(http.put(`/allocations/${consumer}`, { ...keyed(), ...typed }), 204);
    const all: Readonly<Record<string, unknown>> = {
      allocations: {
        [one]: { resources: { VCPU: 2 }, generation: expect.any(Number) },
        [two]: { resources: { DISK_GB: 5 }, generation: expect.any(Number) },
      },
      ...typed,
      consumer_generation: 1,
    };
    const shown = await ok(http.with({ version }).get<object>(`/allocations/${consumer}`));
    expect(shown).toEqual(Object.fromEntries(keys.map((key) => [key, all[key]])));
    expect(Object.keys(shown)).toEqual(keys);
    for (const nobody of [randomUUID(), 'pony']) {
      expect(await ok(http.with({ version }).get(`/allocations/${nobody}`))).toEqual({ allocations: {} });
    }
  });

  it('/resource_providers/{uuid}/allocations shows the consumer generation from 1.28 on', async () => {
    const provider = await makeProvider(http, { VCPU: 10, DISK_GB: 10 });
    const path = `/resource_providers/${provider}/allocations`;
    expect(await ok(http.get(path))).toEqual({ allocations: {}, resource_provider_generation: 1 });
    const consumer = randomUUID();
    const resources = { VCPU: 2, DISK_GB: 1 };
    await ok(http.put(`/allocations/${consumer}`, { ...typed, allocations: { [provider]: { resources } } }), 204);
    expect(await ok(story.at(27).get(path))).toEqual({
      allocations: { [consumer]: { resources } },
      resource_provider_generation: 2,
    });
    expect(await ok(story.at(28).get(path))).toEqual({
      allocations: { [consumer]: { resources, consumer_generation: 1 } },
      resource_provider_generation: 2,
    });
    expect((await story.at(14).get(path)).headers).not.toHaveProperty('last-modified');
    expect((await story.at(15).get(path)).headers['last-modified']).toMatch(/ GMT$/);
    const unknown = randomUUID();
    expect(refusal(await http.get(`/resource_providers/${unknown}/allocations`))).toMatchObject({
      status: 404,
      message: `Resource provider '${unknown}' not found: No resource provider with uuid ${unknown} found`,
    });
  });
});
