import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENDPOINTS, examplePath, type EndpointRow, type Gate } from './http-endpoints.js';
import { rawRequest, type RawReply } from './http-raw.js';
import { detailIn, expectError, openStory, UNDEFINED_CODE, STORY_LIMIT_MS, type Story } from './http-story.js';

const UNKNOWN = '0f8c2a54-5f7d-4f06-8d5c-6a6a1f0cbb01';
const PROVIDER = '11111111-1111-4111-8111-111111111111';

let story: Story;

beforeAll(async () => {
  story = await openStory();
  await story.at(0).post('/resource_providers', { uuid: PROVIDER, name: 'gated' });
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

/** A request in which the gates of `shut` are given something wrong and all others something right. */
function knock(row: EndpointRow, shut: ReadonlySet<Gate>): Promise<RawReply> {
  const carriesBody = row.method === 'PUT' || row.method === 'POST';
  // Where there is no such gate, what it would refuse is sent all the same.
  const wrong = (gate: Gate): boolean => shut.has(gate) || !row.gates.includes(gate);
  return rawRequest(story.url, {
    method: row.method,
    path: examplePath(row),
    headers: {
      'x-auth-token': 'somebody',
      'openstack-api-version': `placement 1.${shut.has('V') ? row.since - 1 : row.at}`,
      accept: wrong('A') ? 'text/plain' : 'application/json',
      ...(carriesBody && { 'content-type': wrong('C') ? 'text/plain' : 'application/json' }),
      'x-roles': shut.has('P') ? 'member, reader' : 'admin, service',
    },
    ...(carriesBody && { body: '"nonsense"' }),
  });
}

const refusal = (row: EndpointRow, gate: Gate): number => ({ A: 406, C: 415, P: 403, V: row.sinceStatus })[gate];

describe('the gates of every endpoint, in their order (spec http.md §2)', () => {
  it.each(ENDPOINTS)('$method $path from 1.$since, at 1.$at: $gates, then $rest', async (row) => {
    const shut = new Set(row.gates);
    for (const gate of row.gates) {
      const { status, text } = await knock(row, shut);
      expect({ gate, status }).toEqual({ gate, status: refusal(row, gate) });
      if (gate === 'P') expect(text).toContain(`Policy does not allow ${row.rule} to be performed.`);
      shut.delete(gate);
    }
    const { status } = await knock(row, shut);
    expect({ gate: 'none', status }).toEqual({ gate: 'none', status: row.rest });
  });

  it('a version gate answers like an unknown route, with no text', async () => {
    const before = story.at(5);
    expectError(await before.get('/traits'), { status: 404, message: '' });
    expectError(await story.at(29).post('/reshaper', {}), { status: 404, message: '', code: UNDEFINED_CODE });
  });

  it('DELETE of all inventories before 1.5 is a 405 with neither a text nor the methods', async () => {
    const path = `/resource_providers/${PROVIDER}/inventories`;
    const reply = await story.at(4).delete(path);
    expectError(reply, { status: 405, message: '', came: 'DELETE' });
    expect(reply.headers.allow).toBeUndefined();
    expect((await story.at(5).delete(path)).status).toBe(204);
  });
});

describe('Accept (spec http.md §6.1)', () => {
  const accepted = ['application/json', '*/*', 'application/*', '', 'text/html, application/json;q=0.1', '*/*;q=0.5'];

  it.each(accepted)('"%s" passes', async (accept) => {
    const reply = await rawRequest(story.url, {
      method: 'GET',
      path: '/resource_providers',
      headers: { 'x-auth-token': 'admin', accept },
    });
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it('none at all passes', async () => {
    const reply = await rawRequest(story.url, {
      method: 'GET',
      path: '/resource_providers',
      headers: { 'x-auth-token': 'admin' },
    });
    expect(reply.status).toBe(200);
  });

  it.each(['text/plain', 'application/json;q=0', 'application/json;q=0, */*', 'application/xml', 'text/*'])(
    '"%s" is refused',
    async (accept) => {
      const { status, body } = await story.at(39).get('/resource_providers', { accept });
      expect(status).toBe(406);
      expect(String(body)).toContain('Only application/json is provided');
      expect(String(body)).toContain(`acceptable to your browser (content of type ${accept}.`);
    },
  );

  it('a 406 of Accept does not tell the versions', async () => {
    // Who takes JSON gets it: such a 406 is never written in it.
    const reply = await story.at(39).get('/resource_providers', { accept: 'text/html' });
    expect(reply.headers['content-type']).toBe('text/html; charset=UTF-8');
    expect(String(reply.body)).not.toContain('max_version');
  });
});

describe('Content-Type (spec http.md §6.2)', () => {
  const create = (contentType: string | undefined, body = '{}') =>
    story.at(23).post('/resource_providers', body, { 'content-type': contentType });

  it.each([
    ['text/plain', 'text/plain'],
    ['APPLICATION/JSON', 'APPLICATION/JSON'],
    ['application/json+x', 'application/json+x'],
    ['text/plain; charset=utf-8', 'text/plain'],
  ])('"%s" is refused, and shown as %s', async (contentType, type) => {
    expectError(await create(contentType), {
      status: 415,
      message: `The media type ${type} is not supported, use application/json`,
      came: contentType,
      code: UNDEFINED_CODE,
    });
  });

  it('parameters do not matter', async () => {
    const reply = await create('application/json; charset=utf-8');
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain("JSON does not validate: 'name' is a required property");
  });

  it('a PUT with neither body nor type is shown as None', async () => {
    const reply = await story.at(23).put(`/resource_providers/${PROVIDER}/inventories`);
    expectError(reply, {
      status: 415,
      message: 'The media type None is not supported, use application/json',
      came: 'None',
      code: UNDEFINED_CODE,
    });
  });
});

describe('consequences of the order (spec http.md §2)', () => {
  const text = { 'content-type': 'text/plain' };

  it('aggregates look at the type before the version, resource classes after it', async () => {
    const aggregates = `/resource_providers/${PROVIDER}/aggregates`;
    expect((await story.at(0).put(aggregates, '{}', text)).status).toBe(415);
    expect((await story.at(1).post('/resource_classes', '{}', text)).status).toBe(404);
  });

  it('on an unknown provider, aggregates tell that it is unknown and traits that the body is bad', async () => {
    const at = story.at(39);
    const aggregates = await at.put(`/resource_providers/${UNKNOWN}/aggregates`, { nonsense: 1 });
    expectError(aggregates, {
      status: 404,
      message: `No resource provider with uuid ${UNKNOWN} found`,
      code: UNDEFINED_CODE,
    });
    const traits = await at.put(`/resource_providers/${UNKNOWN}/traits`, { nonsense: 1 });
    expect(traits.status).toBe(400);
    expect(detailIn(traits)).toContain('JSON does not validate: ');
  });

  it('a wrong type tells more than a lacking role', async () => {
    const stranger = story.at(39).with({ token: 'stranger' });
    expect((await stranger.post('/resource_providers', '{}', text)).status).toBe(415);
    expect((await stranger.post('/resource_providers', {})).status).toBe(403);
  });

  it.each([
    ['PUT', `/resource_providers/${UNKNOWN}`],
    ['PUT', `/resource_providers/${UNKNOWN}/inventories`],
    ['PUT', `/resource_providers/${UNKNOWN}/inventories/VCPU`],
    ['POST', `/resource_providers/${UNKNOWN}/inventories`],
  ] as const)('%s %s tells that the provider is unknown, not that the body is no JSON', async (method, path) => {
    const at = story.at(39);
    expectError(await (method === 'PUT' ? at.put(path, '{') : at.post(path, '{')), {
      status: 404,
      message: `No resource provider with uuid ${UNKNOWN} found`,
      code: UNDEFINED_CODE,
    });
  });

  it('who may do nothing learns nothing of what exists', async () => {
    const stranger = story.at(39).with({ token: 'stranger' });
    const known = await stranger.get(`/resource_providers/${PROVIDER}`);
    const unknown = await stranger.get(`/resource_providers/${UNKNOWN}`);
    for (const reply of [known, unknown]) {
      expectError(reply, {
        status: 403,
        message: 'Policy does not allow placement:resource_providers:show to be performed.',
        code: UNDEFINED_CODE,
      });
    }
  });
});
