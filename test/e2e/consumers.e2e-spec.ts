import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { claim, claimBody, fault, makeProvider, ok, RACE_CODE, refusal } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

/** Who owns what a client claims that knows no owners (spec allocations.md §5 (a) 1). */
const INCOMPLETE = '00000000-0000-0000-0000-000000000000';

interface Shown {
  readonly project_id?: string;
  readonly user_id?: string;
  readonly consumer_type?: string;
  readonly consumer_generation?: number;
}

let story: Story;
let http: Client;
let provider: string;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  provider = await makeProvider(http, { VCPU: 1000 });
});

afterAll(() => story.close());

async function show(consumer: string): Promise<Shown> {
  const { body } = await http.get<Shown & { allocations: object }>(`/allocations/${consumer}`);
  const { allocations: _allocations, ...rest } = body;
  return rest;
}

const keyed = (): object => ({ allocations: { [provider]: { resources: { VCPU: 1 } } } });
const listed = (): object => ({ allocations: [{ resource_provider: { uuid: provider }, resources: { VCPU: 1 } }] });

describe('the generation of a consumer', () => {
  it.each([
    [0, 'null but got 0'],
    [1, 'null but got 1'],
    [-1, 'null but got -1'],
  ])('must be null for a new one, not %p', async (generation, text) => {
    const consumer = randomUUID();
    const body = claimBody({ [provider]: { VCPU: 1 } }, generation);
    const conflict = fault(409, `consumer generation conflict - expected ${text}`, RACE_CODE);
    expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(conflict);
    expect(refusal(await http.post('/allocations', { [consumer]: body }))).toEqual(conflict);
    expect(await show(consumer)).toEqual({});
  });

  it.each([
    [null, '1 but got None'],
    [0, '1 but got 0'],
    [2, '1 but got 2'],
  ])('must be the stored one for one that exists, not %p', async (generation, text) => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    const before = await ok(http.get(`/allocations/${consumer}`));
    const conflict = fault(409, `consumer generation conflict - expected ${text}`, RACE_CODE);
    for (const claims of [{ [provider]: { VCPU: 2 } }, {}]) {
      const body = claimBody(claims, generation);
      expect(refusal(await http.put(`/allocations/${consumer}`, body))).toEqual(conflict);
      expect(refusal(await http.post('/allocations', { [consumer]: body }))).toEqual(conflict);
    }
    expect(await ok(http.get(`/allocations/${consumer}`))).toEqual(before);
  });

  it('is not asked for before 1.28', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    await ok(story.at(0).put(`/allocations/${consumer}`, listed()), 204);
    await ok(story.at(27).put(`/allocations/${consumer}`, { ...keyed(), project_id: 'p', user_id: 'u' }), 204);
    expect(await show(consumer)).toMatchObject({ consumer_generation: 3 });
  });
});

describe('the owners of a consumer', () => {
  it.each([
    ['1.0', {}, { project_id: INCOMPLETE, user_id: INCOMPLETE }],
    ['1.7', {}, { project_id: INCOMPLETE, user_id: INCOMPLETE }],
    ['1.8', { project_id: 'p', user_id: 'u' }, { project_id: 'p', user_id: 'u' }],
  ])('come from the request, or are a placeholder, at %s', async (version, owners, found) => {
    const consumer = randomUUID();
    await ok(http.with({ version }).put(`/allocations/${consumer}`, { ...listed(), ...owners }), 204);
    expect(await show(consumer)).toEqual({ ...found, consumer_generation: 1, consumer_type: 'unknown' });
  });

  it('change with a write, which raises the generation by no more than one', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    const owners = { project_id: 'new project', user_id: 'new user', consumer_type: 'MIGRATION' };
    await ok(http.put(`/allocations/${consumer}`, claimBody({ [provider]: { VCPU: 1 } }, 1, owners)), 204);
    expect(await show(consumer)).toEqual({ ...owners, consumer_generation: 2 });
    await ok(http.post('/allocations', { [consumer]: claimBody({ [provider]: { VCPU: 1 } }, 2) }), 204);
    expect(await show(consumer)).toEqual({
      project_id: 'project',
      user_id: 'user',
      consumer_type: 'INSTANCE',
      consumer_generation: 3,
    });
  });

  it('become the placeholder when a client without owners writes', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    await ok(story.at(7).put(`/allocations/${consumer}`, listed()), 204);
    expect(await show(consumer)).toMatchObject({ project_id: INCOMPLETE, user_id: INCOMPLETE });
  });

  it('may be named by 255 characters of any script', async () => {
    const owners = { project_id: 'ü'.repeat(255), user_id: '用'.repeat(255) };
    const consumer = randomUUID();
    await ok(http.put(`/allocations/${consumer}`, claimBody({ [provider]: { VCPU: 1 } }, null, owners)), 204);
    expect(await show(consumer)).toMatchObject(owners);
  });
});

describe('the type of a consumer', () => {
  it('is unknown for one that came before 1.38, and not shown before 1.38', async () => {
    const consumer = randomUUID();
    const body = { ...keyed(), project_id: 'p', user_id: 'u', consumer_generation: null };
    await ok(story.at(37).put(`/allocations/${consumer}`, body), 204);
    expect(await show(consumer)).toMatchObject({ consumer_type: 'unknown' });
    expect(await ok(story.at(37).get(`/allocations/${consumer}`))).not.toHaveProperty('consumer_type');
  });

  it('is given to an untyped one by a write at 1.38, and kept by a write at 1.37', async () => {
    const consumer = randomUUID();
    const body = { ...keyed(), project_id: 'p', user_id: 'u' };
    await ok(story.at(12).put(`/allocations/${consumer}`, body), 204);
    const typed = { ...body, consumer_generation: 1, consumer_type: 'CUSTOM_9' };
    await ok(story.at(38).put(`/allocations/${consumer}`, typed), 204);
    expect(await show(consumer)).toMatchObject({ consumer_type: 'CUSTOM_9', consumer_generation: 2 });
    await ok(story.at(37).put(`/allocations/${consumer}`, { ...body, consumer_generation: 2 }), 204);
    expect(await show(consumer)).toMatchObject({ consumer_type: 'CUSTOM_9', consumer_generation: 3 });
  });

  it('is forgotten with the consumer', async () => {
    const consumer = await claim(http, { [provider]: { VCPU: 1 } });
    await ok(http.delete(`/allocations/${consumer}`), 204);
    const body = { ...keyed(), project_id: 'p', user_id: 'u', consumer_generation: null };
    await ok(story.at(37).put(`/allocations/${consumer}`, body), 204);
    expect(await show(consumer)).toMatchObject({ consumer_type: 'unknown', consumer_generation: 1 });
  });

  it('is one for each consumer of a POST', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const body = claimBody({ [provider]: { VCPU: 1 } });
    await ok(
      http.post('/allocations', { [one]: { ...body, consumer_type: 'A' }, [two]: { ...body, consumer_type: 'B' } }),
      204,
    );
    expect([(await show(one)).consumer_type, (await show(two)).consumer_type]).toEqual(['A', 'B']);
  });
});
