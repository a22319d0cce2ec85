import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, type RawReply } from './http-raw.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

/* What a stock Placement does where the specification leaves it open, seen by test/differential. */

const PROVIDER = '11111111-1111-4111-8111-111111111111';
const CONSUMER = '99999999-9999-4999-8999-999999999999';

let story: Story;

beforeAll(async () => {
  story = await openStory();
  await story.at(0).post('/resource_providers', { uuid: PROVIDER, name: 'detailed' });
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const ask = (
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<RawReply> =>
  rawRequest(story.url, {
    method,
    path,
    headers: { 'x-auth-token': 'admin', 'openstack-api-version': 'placement 1.39', ...headers },
    ...(body !== undefined && { body }),
  });

describe('a request', () => {
  it('whose body begins with a byte order mark is malformed', async () => {
    const reply = await ask('POST', '/resource_classes', {
      headers: { 'content-type': 'application/json' },
      body: '\ufeff{"name": "CUSTOM_MARKED"}',
    });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('Malformed JSON: ');
  });

  it('may part its query by semicolons', async () => {
    const reply = await ask('GET', '/resource_providers?name=detailed;x=1');
    expect(reply.status).toBe(400);
    expect(reply.text).toContain("('x' was unexpected)");
    const found = await ask('GET', `/resource_providers?name=detailed;uuid=${CONSUMER}`);
    expect(JSON.parse(found.text)).toEqual({ resource_providers: [] });
    const escaped = await ask('GET', '/resource_providers?name=detailed%3Bx');
    expect(JSON.parse(escaped.text)).toEqual({ resource_providers: [] });
  });

  it.each([
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8', 'text/plain'],
    ['Application/Json;x=y', 'Application/Json;x=y', 'Application/Json'],
    [';x=y', 'None;x=y', 'None'],
  ])('with the content type "%s" is told of it whole, and of its type', async (type, whole, name) => {
    const reply = await ask('POST', '/resource_classes', { headers: { 'content-type': type }, body: '{}' });
    expect(reply.status).toBe(415);
    expect(JSON.parse(reply.text)).toMatchObject({
      errors: [
        {
          detail: `The request media type ${whole} is not supported by this server. \n\n The media type ${name} is not supported, use application/json`,
        },
      ],
    });
  });

  it.each([
    ['application/json; charset=utf-8', 406],
    ['application/json;level=1, */*;q=0.1', 200],
    ['nonsense', 200],
  ])('that accepts "%s" gets %d', async (accept, status) => {
    expect((await ask('GET', '/resource_providers', { headers: { accept } })).status).toBe(status);
  });

  it('by another method is told those of the path in the order of Placement', async () => {
    const { headers } = await ask('PATCH', `/resource_providers/${PROVIDER}`);
    expect(headers['allow']).toBe('GET, DELETE, PUT');
  });
});

describe('of several faults of a body (spec errors.md §4)', () => {
  const inventories = `/resource_providers/${PROVIDER}/inventories`;
  const allocations = `/allocations/${CONSUMER}`;
  const taken = { [PROVIDER]: { resources: { VCPU: 1 } } };
  const owner = { project_id: 'p', user_id: 'u' };

  it.each<[string, string, number, object, string]>([
    [
      'POST',
      inventories,
      39,
      { total: 'x', resource_provider_generation: 'y', resource_class: 'VCPU' },
      "'y' is not of type",
    ],
    ['PUT', `${inventories}/VCPU`, 39, { total: 'x', resource_provider_generation: 'y' }, "'y' is not of type"],
    ['PUT', `${inventories}/VCPU`, 39, { x: 1 }, "'total' is a required property"],
    [
      'PUT',
      `/resource_providers/${PROVIDER}/traits`,
      39,
      { resource_provider_generation: 0, traits: ['', 5] },
      '5 is not of type',
    ],
    ['PUT', allocations, 0, { allocations: [{ x: 1 }] }, "'resource_provider' is a required property"],
    ['PUT', allocations, 0, { allocations: [{ resource_provider: 1, resources: 2 }] }, '1 is not of type'],
    [
      'PUT',
      allocations,
      0,
      { allocations: [{ resource_provider: { x: 1 }, resources: { VCPU: 1 } }] },
      "Additional properties are not allowed ('x' was unexpected)",
    ],
    ['PUT', allocations, 11, { allocations: [], x: 1 }, "'project_id' is a required property"],
    [
      'PUT',
      allocations,
      12,
      { allocations: taken, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
    ],
    [
      'PUT',
      allocations,
      39,
      { ...owner, allocations: taken, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
    ],
    [
      'POST',
      '/allocations',
      39,
      { [CONSUMER]: { x: 1 } },
      "Additional properties are not allowed ('x' was unexpected)",
    ],
    [
      'POST',
      '/allocations',
      28,
      { [CONSUMER]: { allocations: taken, project_id: '', user_id: 'u', consumer_generation: 'x' } },
      "'x' is not of type 'integer', 'null'",
    ],
  ])('%s %s at 1.%d of %j tells: %s', async (method, path, minor, body, text) => {
    const headers = { 'content-type': 'application/json', 'openstack-api-version': `placement 1.${minor}` };
    const reply = await ask(method, path, { headers, body: JSON.stringify(body) });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain(`JSON does not validate: ${text}`);
  });

  it('a parent that is no uuid is told as seen from what it should have been', async () => {
    const reply = await story.at(39).post('/resource_providers', { name: 'x', parent_provider_uuid: 'y' });
    expect(JSON.stringify(reply.body)).toContain("'y' is not a 'uuid'  Failed validating 'format' in schema[0]:");
  });
});
