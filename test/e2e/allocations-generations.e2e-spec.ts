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
  RACE_CODE,
  refusal,
  setInventories,
} from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
});

afterAll(() => story.close());

async function generations(...providers: readonly string[]): Promise<number[]> {
  return await Promise.all(providers.map((uuid) => generationOf(http, uuid)));
}

/** A number of providers at generation 1, each with room for everybody. */
async function makeProviders(count: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, () => makeProvider(http, { VCPU: 100, DISK_GB: 100 })));
}

describe('a provider', () => {
  it('moves by one when it is mentioned, whatever number of classes', async () => {
    const [one = '', two = '', idle = ''] = await makeProviders(3);
    const consumer = await claim(http, { [one]: { VCPU: 1, DISK_GB: 1 }, [two]: { VCPU: 1 } });
    expect(await generations(one, two, idle)).toEqual([2, 2, 1]);
    // The same again is a write like any other.
    await claim(http, { [one]: { VCPU: 1, DISK_GB: 1 }, [two]: { VCPU: 1 } }, 1, consumer);
    expect(await generations(one, two, idle)).toEqual([3, 3, 1]);
  });

  it('does not move when it drops out of the allocations of a consumer', async () => {
    const [left = '', taken = ''] = await makeProviders(2);
    const consumer = await claim(http, { [left]: { VCPU: 1 } });
    await claim(http, { [taken]: { VCPU: 1 } }, 1, consumer);
    expect(await generations(left, taken)).toEqual([2, 2]);
    expect(await ok(http.get(`/resource_providers/${left}/allocations`))).toEqual({
      allocations: {},
      resource_provider_generation: 2,
    });
  });

  it('moves when a consumer is cleared by {}, by PUT and by POST', async () => {
    const [one = '', two = ''] = await makeProviders(2);
    const first = await claim(http, { [one]: { VCPU: 1, DISK_GB: 1 }, [two]: { VCPU: 1 } });
    const second = await claim(http, { [two]: { VCPU: 1 } });
    expect(await generations(one, two)).toEqual([2, 3]);
    await ok(http.put(`/allocations/${first}`, claimBody({}, 1)), 204);
    expect(await generations(one, two)).toEqual([3, 4]);
    await ok(http.post('/allocations', { [second]: claimBody({}, 1) }), 204);
    expect(await generations(one, two)).toEqual([3, 5]);
  });

  it('moves once a request, whatever number of consumers name it', async () => {
    const [one = '', two = '', three = ''] = await makeProviders(3);
    const cleared = await claim(http, { [one]: { VCPU: 1 }, [three]: { VCPU: 1 } });
    const body = {
      [randomUUID()]: claimBody({ [one]: { VCPU: 1 }, [two]: { VCPU: 1 } }),
      [randomUUID()]: claimBody({ [two]: { VCPU: 1 } }),
      [cleared]: claimBody({}, 1),
    };
    await ok(http.post('/allocations', body), 204);
    expect(await generations(one, two, three)).toEqual([3, 2, 3]);
  });

  it('does not move for a consumer that has nothing and wants nothing', async () => {
    const [one = ''] = await makeProviders(1);
    await ok(http.post('/allocations', { [randomUUID()]: claimBody({}) }), 204);
    expect(await generations(one)).toEqual([1]);
  });

  it('does not move for reads, refusals and deletions', async () => {
    const [one = ''] = await makeProviders(1);
    const consumer = await claim(http, { [one]: { VCPU: 1 } });
    await http.put(`/allocations/${consumer}`, claimBody({ [one]: { VCPU: 101 } }, 1));
    await http.put(`/allocations/${consumer}`, claimBody({ [one]: { VCPU: 1 } }, 7));
    await http.get(`/resource_providers/${one}/usages`);
    await ok(http.delete(`/allocations/${consumer}`), 204);
    expect(await generations(one)).toEqual([2]);
  });

  it('is not guarded by a generation in the body', async () => {
    const [one = ''] = await makeProviders(1);
    const body = claimBody({}, null, { allocations: { [one]: { resources: { VCPU: 1 }, generation: 77 } } });
    await ok(http.put(`/allocations/${randomUUID()}`, body), 204);
    expect(await generations(one)).toEqual([2]);
  });
});

describe('a consumer', () => {
  it('moves by one with every write of its own, and starts again after it was gone', async () => {
    const [one = '', two = ''] = await makeProviders(2);
    const consumer = await claim(http, { [one]: { VCPU: 1 }, [two]: { VCPU: 1 } });
    expect(await consumerGeneration(http, consumer)).toBe(1);
    await claim(http, { [one]: { VCPU: 2, DISK_GB: 2 } }, 1, consumer);
    expect(await consumerGeneration(http, consumer)).toBe(2);
    await ok(http.put(`/allocations/${consumer}`, claimBody({}, 2)), 204);
    expect(await consumerGeneration(http, consumer)).toBeUndefined();
    const late = await http.put(`/allocations/${consumer}`, claimBody({ [one]: { VCPU: 1 } }, 3));
    expect(refusal(late)).toEqual(fault(409, 'consumer generation conflict - expected null but got 3', RACE_CODE));
    await claim(http, { [one]: { VCPU: 1 } }, null, consumer);
    expect(await consumerGeneration(http, consumer)).toBe(1);
  });
});

describe('the example of the worked generations', () => {
  let hosts: string[];
  let consumers: string[];

  it('has a host at 5 after two inventory writes and three claims', async () => {
    const host = await makeProvider(http, { VCPU: 50 });
    expect(await setInventories(http, host, { VCPU: 100 })).toBe(2);
    consumers = [];
    for (let index = 0; index < 3; index += 1) consumers.push(await claim(http, { [host]: { VCPU: 1 } }));
    hosts = [host, await makeProvider(http, { VCPU: 100 })];
    expect(await generations(...hosts)).toEqual([5, 1]);
  });

  it('moves each host and each consumer once with a POST at 1.13', async () => {
    const allocations = Object.fromEntries(hosts.map((uuid) => [uuid, { resources: { VCPU: 2 } }]));
    const body = { allocations, project_id: 'p', user_id: 'u' };
    const [one = '', two = '', three = ''] = consumers;
    await ok(story.at(13).post('/allocations', { [one]: body, [two]: body }), 204);
    expect(await generations(...hosts)).toEqual([6, 2]);
    expect(await Promise.all([one, two, three].map((consumer) => consumerGeneration(http, consumer)))).toEqual([
      2, 2, 1,
    ]);
  });

  it('counts writes of clients that do not say what they saw', async () => {
    const [host = ''] = hosts;
    const consumer = randomUUID();
    const body = { allocations: { [host]: { resources: { VCPU: 1 } } }, project_id: 'p', user_id: 'u' };
    for (let index = 0; index < 3; index += 1) {
      await ok(story.at(27).put(`/allocations/${consumer}`, body), 204);
    }
    expect(await consumerGeneration(http, consumer)).toBe(3);
    const reply = await story.at(28).put(`/allocations/${consumer}`, { ...body, consumer_generation: 1 });
    expect(refusal(reply)).toEqual(fault(409, 'consumer generation conflict - expected 3 but got 1', RACE_CODE));
    const none = await story.at(28).put(`/allocations/${consumer}`, { ...body, consumer_generation: null });
    expect(refusal(none)).toEqual(fault(409, 'consumer generation conflict - expected 3 but got None', RACE_CODE));
    await ok(story.at(28).put(`/allocations/${consumer}`, { ...body, consumer_generation: 3 }), 204);
    expect(await consumerGeneration(http, consumer)).toBe(4);
  });
});
