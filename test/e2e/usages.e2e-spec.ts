import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { claim, claimBody, fault, makeProvider, ok, refusal, schemaText, setInventories } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

const LEAD = 'Invalid query string parameters';

let story: Story;
let http: Client;
let host: string;
let pool: string;

/** The demand of the stories: two servers of one user, an untyped volume of another, and a stranger's server. */
const DEMAND: readonly (readonly [project: string, user: string, type: string | undefined, size: number])[] = [
  ['mine', 'ann', 'INSTANCE', 2],
  ['mine', 'ann', 'INSTANCE', 3],
  ['mine', 'bob', 'MIGRATION', 5],
  ['mine', 'bob', undefined, 7],
  ['theirs', 'eve', 'INSTANCE', 11],
];

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
  host = await makeProvider(http, { VCPU: 100, MEMORY_MB: 1000 });
  pool = await makeProvider(http, { DISK_GB: 100 });
});

afterAll(() => story.close());

describe('the usages of a provider', () => {
  it('are zero for every inventory, and none without', async () => {
    const path = `/resource_providers/${host}/usages`;
    const old = await story.at(0).get(path);
    expect(old.body).toEqual({ resource_provider_generation: 1, usages: { VCPU: 0, MEMORY_MB: 0 } });
    expect(old.headers).not.toHaveProperty('last-modified');
    expect((await story.at(15).get(path)).headers['last-modified']).toMatch(/ GMT$/);
    const empty = await makeProvider(http);
    expect(await ok(http.get(`/resource_providers/${empty}/usages`))).toEqual({
      resource_provider_generation: 0,
      usages: {},
    });
  });

  it('sum what all consumers hold, and zero stays beside', async () => {
    const provider = await makeProvider(http, { VCPU: 10, MEMORY_MB: 10 });
    const consumer = await claim(http, { [provider]: { VCPU: 3 } });
    await claim(http, { [provider]: { VCPU: 4 } });
    const path = `/resource_providers/${provider}/usages`;
    expect(await ok(http.get(path))).toEqual({ resource_provider_generation: 3, usages: { VCPU: 7, MEMORY_MB: 0 } });
    await ok(http.delete(`/allocations/${consumer}`), 204);
    await setInventories(http, provider, { VCPU: 1 });
    expect(await ok(http.get(path))).toEqual({ resource_provider_generation: 4, usages: { VCPU: 4 } });
  });

  it('belong to a provider that is there', async () => {
    const unknown = randomUUID();
    const missing = `No resource provider with uuid ${unknown} found`;
    expect(refusal(await http.get(`/resource_providers/${unknown}/usages`))).toEqual(
      fault(404, `${missing}: ${missing}`),
    );
  });
});

describe('the usages of a project', () => {
  const consumers: string[] = [];

  beforeAll(async () => {
    for (const [project, user, type, size] of DEMAND) {
      const consumer = randomUUID();
      consumers.push(consumer);
      const body = {
        allocations: { [host]: { resources: { VCPU: size } }, [pool]: { resources: { DISK_GB: 1 } } },
        project_id: project,
        user_id: user,
        consumer_generation: null,
        ...(type !== undefined && { consumer_type: type }),
      };
      await ok(story.at(type === undefined ? 37 : 38).put(`/allocations/${consumer}`, body), 204);
    }
  });

  it('are not there at 1.8', async () => {
    expect(refusal(await story.at(8).get('/usages?project_id=mine'))).toEqual({ status: 404, message: '' });
  });

  it.each([
    ['project_id=mine', { VCPU: 17, DISK_GB: 4 }],
    ['project_id=mine&user_id=ann', { VCPU: 5, DISK_GB: 2 }],
    ['project_id=theirs&user_id=eve', { VCPU: 11, DISK_GB: 1 }],
    ['project_id=theirs&user_id=ann', {}],
    ['project_id=nobody', {}],
    ['project_id=mine&user_id=nobody', {}],
    // Of a key that is repeated the last counts.
    ['project_id=mine&project_id=theirs', { VCPU: 11, DISK_GB: 1 }],
  ])('are one sum by class before 1.38: %s', async (query, usages) => {
    for (const version of ['1.9', '1.37']) {
      expect(await ok(http.with({ version }).get(`/usages?${query}`))).toEqual({ usages });
    }
  });

  const instances = { consumer_count: 2, VCPU: 5, DISK_GB: 2 };
  const untyped = { consumer_count: 1, VCPU: 7, DISK_GB: 1 };
  const migrations = { consumer_count: 1, VCPU: 5, DISK_GB: 1 };
  it.each([
    ['project_id=mine', { INSTANCE: instances, MIGRATION: migrations, unknown: untyped }],
    ['project_id=mine&user_id=bob', { MIGRATION: migrations, unknown: untyped }],
    ['project_id=mine&consumer_type=INSTANCE', { INSTANCE: instances }],
    ['project_id=mine&consumer_type=unknown', { unknown: untyped }],
    ['project_id=mine&consumer_type=all', { all: { consumer_count: 4, VCPU: 17, DISK_GB: 4 } }],
    ['project_id=mine&user_id=ann&consumer_type=all', { all: instances }],
    ['project_id=mine&user_id=ann&consumer_type=unknown', {}],
    ['project_id=mine&consumer_type=ALL', {}],
    ['project_id=mine&consumer_type=UNKNOWN', {}],
    ['project_id=mine&consumer_type=NOBODY', {}],
    ['project_id=nobody', {}],
    ['project_id=nobody&consumer_type=all', {}],
    ['project_id=nobody&consumer_type=unknown', {}],
  ])('are grouped by consumer type from 1.38 on: %s', async (query, usages) => {
    expect(await ok(story.at(38).get(`/usages?${query}`))).toEqual({ usages });
  });

  it.each([
    ['', "'project_id' is a required property", 'required'],
    ['?user_id=ann', "'project_id' is a required property", 'required'],
    ['?project_id=', /'' /, 'minLength'],
    ['?project_id=p&user_id=', /'' /, 'minLength'],
    [`?project_id=${'p'.repeat(256)}`, /p' is too long/, 'maxLength'],
    ['?project_id=p&pony=1', "Additional properties are not allowed ('pony' was unexpected)", 'additionalProperties'],
    ['?project_id=p&consumer_type=instance', /'instance' does not match/, 'pattern'],
    ['?project_id=p&consumer_type=Unknown', /'Unknown' does not match/, 'pattern'],
    ['?project_id=p&consumer_type=', /'' /, '(minLength|pattern)'],
    [`?project_id=p&consumer_type=${'T'.repeat(256)}`, /T' is too long/, 'maxLength'],
  ])('are refused for the query %s', async (query, short, keyword) => {
    expect(refusal(await http.get(`/usages${query}`))).toEqual(fault(400, schemaText(short, keyword, LEAD)));
  });

  it('have no consumer types before 1.38', async () => {
    const short = "Additional properties are not allowed ('consumer_type' was unexpected)";
    expect(refusal(await story.at(37).get('/usages?project_id=mine&consumer_type=INSTANCE'))).toEqual(
      fault(400, schemaText(short, 'additionalProperties', LEAD)),
    );
  });

  it('are shown to a reader of the project, and the policy is asked before the query', async () => {
    const reader = http.with({ version: '1.37', headers: { 'x-roles': 'reader', 'x-project-id': 'theirs' } });
    expect(await ok(reader.get('/usages?project_id=theirs'))).toEqual({ usages: { VCPU: 11, DISK_GB: 1 } });
    const denied = fault(403, 'Policy does not allow placement:usages to be performed.');
    expect(refusal(await reader.get('/usages?project_id=mine'))).toEqual(denied);
    expect(refusal(await reader.get('/usages'))).toEqual(denied);
  });

  it('do not fail for names that cannot be stored', async () => {
    expect([200, 400]).toContain((await http.get('/usages?project_id=%00')).status);
  });

  it('follow a consumer to its new project, and forget who is gone', async () => {
    const [first = '', second = ''] = consumers;
    const moved = claimBody({ [host]: { VCPU: 2 } }, 1, { project_id: 'theirs', user_id: 'eve' });
    await ok(http.put(`/allocations/${first}`, moved), 204);
    await ok(http.delete(`/allocations/${second}`), 204);
    expect(await ok(http.get('/usages?project_id=mine&consumer_type=INSTANCE'))).toEqual({ usages: {} });
    expect(await ok(http.get('/usages?project_id=theirs'))).toEqual({
      usages: { INSTANCE: { consumer_count: 2, VCPU: 13, DISK_GB: 1 } },
    });
  });
});
