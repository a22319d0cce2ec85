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
  usageOf,
} from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;
let provider: string;
const nobody = randomUUID();

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  provider = await makeProvider(http, { VCPU: 10 });
});

afterAll(() => story.close());

const full = (): string =>
  `Unable to allocate inventory: Unable to create allocation for 'VCPU' on resource provider '${provider}'. ` +
  'The requested amount would exceed the capacity.';

describe('the first failure answers', () => {
  const consumer = randomUUID();
  const tooMuch = (): Record<string, number> => ({ VCPU: 11 });

  it('a consumer id that is none, before the body', async () => {
    expect(refusal(await http.put('/allocations/x', 'no JSON'))).toEqual(fault(400, 'Malformed consumer_uuid: x'));
  });

  it('the body, before the consumer generation', async () => {
    const body = claimBody({ [nobody]: { CUSTOM_NOBODY: 1 } }, 5, { user_id: '' });
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/^JSON does not validate: '' /),
    });
  });

  it('the consumer generation, before the provider', async () => {
    const body = claimBody({ [nobody]: { CUSTOM_NOBODY: 1 }, [provider]: tooMuch() }, 5);
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(
      fault(409, 'consumer generation conflict - expected null but got 5', RACE_CODE),
    );
  });

  it('the provider, before the class', async () => {
    const body = claimBody({ [provider]: { CUSTOM_NOBODY: 1, VCPU: 11 }, [nobody]: { VCPU: 1 } });
    const message = `Allocation for resource provider '${nobody}' that does not exist.`;
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(fault(400, message));
    expect(refusal(await http.post('/allocations', { [consumer]: body }))).toEqual(fault(400, message));
  });

  it('the class, before capacity, in words of each method', async () => {
    const body = claimBody({ [provider]: { VCPU: 11, CUSTOM_NOBODY: 1 } });
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(
      fault(400, `Unable to allocate inventory for consumer ${consumer}: No such resource class CUSTOM_NOBODY.`),
    );
    expect(refusal(await http.post('/allocations', { [consumer]: body }))).toEqual(
      fault(400, 'Unable to allocate inventory No such resource class CUSTOM_NOBODY.'),
    );
  });

  it('capacity at last', async () => {
    const body = claimBody({ [provider]: tooMuch() });
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(fault(409, full()));
    expect(refusal(await http.post('/allocations', { [consumer]: body }))).toEqual(fault(409, full()));
  });

  it('and after all these the consumer is as new as before', async () => {
    await claim(http, { [provider]: { VCPU: 1 } }, null, consumer);
    expect(await consumerGeneration(http, consumer)).toBe(1);
    expect(await generationOf(http, provider)).toBe(2);
    await ok(http.delete(`/allocations/${consumer}`), 204);
  });
});

describe('a provider is known by the spelling of its uuid', () => {
  it('in the object form and in the list form', async () => {
    const upper = provider.toUpperCase();
    expect(refusal(await http.put(`/allocations/${randomUUID()}`, claimBody({ [upper]: { VCPU: 1 } })))).toEqual(
      fault(400, `Allocation for resource provider '${upper}' that does not exist.`),
    );
    const body = { allocations: [{ resource_provider: { uuid: upper }, resources: { VCPU: 1 } }] };
    expect(refusal(await story.at(0).put(`/allocations/${randomUUID()}`, body))).toEqual({
      status: 400,
      message: `Allocation for resource provider '${upper}' that does not exist.`,
    });
  });
});

describe('what fails leaves nothing behind', () => {
  it.each([
    ['capacity', (): object => claimBody({ [provider]: { VCPU: 11 } }), 409],
    ['an unknown class', (): object => claimBody({ [provider]: { CUSTOM_NOBODY: 1 } }), 400],
    ['an unknown provider', (): object => claimBody({ [nobody]: { VCPU: 1 } }), 400],
  ] as const)('a new consumer that failed for %s starts again with null', async (_why, body, status) => {
    const [put, posted, other] = [randomUUID(), randomUUID(), randomUUID()];
    expect((await http.put(`/allocations/${put}`, body())).status).toBe(status);
    const both = { [other]: claimBody({ [provider]: { VCPU: 1 } }), [posted]: body() };
    expect((await http.post('/allocations', both)).status).toBe(status);
    for (const consumer of [put, posted, other]) {
      expect(await ok(http.get(`/allocations/${consumer}`))).toEqual({ allocations: {} });
      await claim(http, { [provider]: { VCPU: 1 } }, null, consumer);
      await ok(http.delete(`/allocations/${consumer}`), 204);
    }
    expect(await usageOf(http, provider)).toEqual({ VCPU: 0 });
  });

  it('an existing consumer keeps project, user, type, generation and allocations', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 2 } });
    const before = await ok(http.get(`/allocations/${consumer}`));
    const changed = claimBody({ [provider]: { VCPU: 11 } }, 1, {
      project_id: 'other',
      user_id: 'other',
      consumer_type: 'OTHER',
    });
    expect(refusal(await http.put(`/allocations/${consumer}`, changed))).toEqual(fault(409, full()));
    expect(await ok(http.get(`/allocations/${consumer}`))).toEqual(before);
    await ok(http.delete(`/allocations/${consumer}`), 204);
  });

  it.each(['first', 'last'])('several consumers are all or nothing, the %s being late', async (place) => {
    const second = await makeProvider(http, { VCPU: 10 });
    const kept = await claim(http, { [provider]: { VCPU: 2 } });
    const fresh = randomUUID();
    const before = [await generationOf(http, provider), await generationOf(http, second)];
    const good = { [fresh]: claimBody({ [second]: { VCPU: 1 } }) };
    const late = { [kept]: claimBody({ [second]: { VCPU: 1 } }, 9) };
    const body = place === 'first' ? { ...late, ...good } : { ...good, ...late };
    expect(refusal(await http.post('/allocations', body))).toEqual(
      fault(409, 'consumer generation conflict - expected 1 but got 9', RACE_CODE),
    );
    expect([await generationOf(http, provider), await generationOf(http, second)]).toEqual(before);
    expect(await consumerGeneration(http, kept)).toBe(1);
    expect(await ok(http.get(`/allocations/${fresh}`))).toEqual({ allocations: {} });
    expect([await usageOf(http, provider), await usageOf(http, second)]).toEqual([{ VCPU: 2 }, { VCPU: 0 }]);
    await claim(http, { [second]: { VCPU: 1 } }, null, fresh);
    await ok(http.delete(`/allocations/${kept}`), 204);
  });

  it('a consumer without allocations does not survive its request', async () => {
    const consumer = randomUUID();
    const put = await http.put(`/allocations/${consumer}`, claimBody({}));
    expect([put.status, (await http.post('/allocations', { [consumer]: claimBody({}) })).status]).toEqual([204, 204]);
    expect(await ok(http.get(`/allocations/${consumer}`))).toEqual({ allocations: {} });
    await claim(http, { [provider]: { VCPU: 1 } }, null, consumer);
    await ok(http.delete(`/allocations/${consumer}`), 204);
  });
});

describe('DELETE /allocations/{consumer_uuid}', () => {
  it('removes all of the consumer and no generation moves', async () => {
    const second = await makeProvider(http, { VCPU: 10 });
    const consumer = await claim(http, { [provider]: { VCPU: 2 }, [second]: { VCPU: 3 } });
    const before = [await generationOf(http, provider), await generationOf(http, second)];
    const reply = await story.at(0).delete(`/allocations/${consumer}`);
    expect([reply.status, reply.body]).toEqual([204, undefined]);
    expect([await generationOf(http, provider), await generationOf(http, second)]).toEqual(before);
    expect([await usageOf(http, provider), await usageOf(http, second)]).toEqual([{ VCPU: 0 }, { VCPU: 0 }]);
    await claim(http, { [second]: { VCPU: 1 } }, null, consumer);
  });

  it.each(['pony', randomUUID()])('does not find %s', async (consumer) => {
    expect(refusal(await http.delete(`/allocations/${consumer}`))).toEqual(
      fault(404, `No allocations for consumer '${consumer}'`),
    );
  });

  it('compares the id as it is spelled', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } }, null, randomUUID().replace(/^./, 'f'));
    const upper = consumer.toUpperCase();
    expect(refusal(await http.delete(`/allocations/${upper}`))).toEqual(
      fault(404, `No allocations for consumer '${upper}'`),
    );
    expect((await http.delete(`/allocations/${consumer}`)).status).toBe(204);
  });
});
