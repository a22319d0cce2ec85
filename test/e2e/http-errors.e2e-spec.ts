import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, type RawReply } from './http-raw.js';
import {
  detailIn,
  detailOf,
  expectError,
  openStory,
  REQUEST_ID,
  UNDEFINED_CODE,
  STORY_LIMIT_MS,
  type Story,
} from './http-story.js';

const NOBODY = 'ffffffff-ffff-4fff-8fff-ffffffffffff';
const UNKNOWN = `No resource provider with uuid ${NOBODY} found`;

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawReply> =>
  rawRequest(story.url, { method, path, headers: { 'x-auth-token': 'admin', ...headers } });

describe('the form of an error (spec http.md §6.6)', () => {
  const path = `/resource_providers/${NOBODY}`;

  it.each([
    [0, undefined],
    [22, undefined],
    [23, UNDEFINED_CODE],
    [39, UNDEFINED_CODE],
  ])('at 1.%d its code is %s', async (minor, code) => {
    expectError(await story.at(minor).get(path), { status: 404, message: UNKNOWN, ...(code && { code }) });
  });

  it('is JSON without a charset', async () => {
    expect((await ask(path)).headers['content-type']).toBe('application/json');
  });

  // DELETE has no Accept gate: its errors show every form.
  it.each([
    ['application/json', 'json'],
    ['*/*', 'json'],
    ['', 'json'],
    ['text/html', 'html'],
    ['text/html, application/json', 'html'],
    ['application/json, text/html', 'html'],
    ['text/html;q=0.4, application/json;q=0.5', 'json'],
    ['application/json;q=0.4, text/html;q=0.5', 'html'],
    ['*/*;q=0.5', 'html'],
    ['text/*, application/json;q=0.9', 'html'],
    ['text/plain', 'plain'],
    ['image/png', 'plain'],
    ['application/json;q=0', 'plain'],
  ])('for "%s" is %s', async (accept, form) => {
    const reply = await ask(path, { accept }, 'DELETE');
    const type = { json: 'application/json', html: 'text/html; charset=UTF-8', plain: 'text/plain; charset=UTF-8' }[
      form
    ];
    expect(reply.status).toBe(404);
    expect(reply.headers['content-type']).toBe(type);
    expect(reply.text).toContain(`${UNKNOWN} for delete`);
    if (form === 'html') expect(reply.text).toMatch(/^<html>[^]*404 Not Found[^]*<\/html>$/);
  });

  it('as plain text is the status line, an empty line and the detail', async () => {
    const reply = await ask(path, { accept: 'text/plain' }, 'DELETE');
    const detail = detailOf({ status: 404, message: `${UNKNOWN} for delete` });
    expect(reply.text).toBe(`404 Not Found\n\n${detail}`);
  });

  it('without any Accept header is JSON', async () => {
    expect((await ask(path, {}, 'DELETE')).headers['content-type']).toBe('application/json');
  });

  it('loses what looks like a tag, and keeps the rest as it is', async () => {
    const name = 'A%3Cscript%3EB%26C';
    const at = story.at(39);
    expectError(await at.get(`/resource_classes/${name}`), {
      status: 404,
      message: 'No such resource class AB&C.',
      code: UNDEFINED_CODE,
    });
  });

  it('in HTML escapes what would be HTML', async () => {
    const headers = { accept: 'text/html', 'openstack-api-version': 'placement 1.39' };
    const reply = await ask('/resource_classes/A%26%3CB', headers, 'DELETE');
    expect(reply.text).toContain('No such resource class A&amp;&lt;B.');
  });

  it('has newlines of a text as blanks', async () => {
    const reply = await story.at(39).get('/resource_classes/A%0AB');
    expectError(reply, { status: 404, message: 'No such resource class A B.', code: UNDEFINED_CODE });
  });
});

describe('authentication (spec http.md §9)', () => {
  it.each([
    ['GET', '/resource_providers'],
    ['POST', '/allocations'],
    ['GET', '/nowhere'],
    ['OPTIONS', '/resource_providers'],
  ])('%s %s without a token', async (method, path) => {
    const reply = await rawRequest(story.url, { method, path });
    expect(reply.status).toBe(401);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.headers['x-openstack-request-id']).toMatch(REQUEST_ID);
    expect(reply.headers).not.toHaveProperty('openstack-api-version');
    expect(JSON.parse(reply.text)).toEqual({
      message: expect.any(String),
      code: '401 Unauthorized',
      title: 'Unauthorized',
    });
  });

  it('is not asked for at / alone', async () => {
    expect((await rawRequest(story.url, { method: 'PATCH', path: '/' })).status).toBe(405);
    expect((await rawRequest(story.url, { method: 'GET', path: '//' })).status).toBe(401);
  });

  it('is JSON for everybody', async () => {
    const headers = { accept: 'text/html' };
    const reply = await rawRequest(story.url, { method: 'GET', path: '/resource_providers', headers });
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it('an empty token is somebody, who may do nothing', async () => {
    expect((await ask('/resource_providers', { 'x-auth-token': '' })).status).toBe(403);
  });
});

describe('request ids (spec http.md §8)', () => {
  const inbound = 'req-00000000-0000-4000-8000-000000000000';

  it.each([
    ['GET', '/', {}],
    ['GET', '/resource_providers', {}],
    ['DELETE', `/resource_providers/${NOBODY}`, {}],
    ['PUT', '/traits/CUSTOM_ID', { 'openstack-api-version': 'placement 1.6' }],
    ['PATCH', '/', {}],
    ['GET', '/nowhere', {}],
    ['GET', '/', { 'openstack-api-version': 'placement 7.1' }],
    ['POST', '/resource_providers', {}],
    ['HEAD', '/', {}],
  ] as [string, string, Record<string, string>][])('%s %s %j has a fresh one', async (method, path, headers) => {
    const first = await ask(path, { ...headers, 'x-openstack-request-id': inbound }, method);
    const second = await ask(path, { ...headers, 'x-openstack-request-id': 'no id at all' }, method);
    const ids = [first, second].map((reply) => String(reply.headers['x-openstack-request-id']));
    for (const id of ids) expect(id).toMatch(REQUEST_ID);
    expect(new Set([...ids, inbound]).size).toBe(3);
  });
});

describe('bodies (spec http.md §6.3)', () => {
  const post = (body: string) => story.at(39).post('/resource_providers', body);

  it.each([
    ['nothing', ''],
    ['half an object', '{"name": "x"'],
    ['two objects', '{}{}'],
    ['not a number', '{"name": NaN}'],
    ['a trailing comma', '{"name": "x",}'],
    ['text', 'name=x'],
  ])('%s is malformed', async (_, body) => {
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain('\n\n Malformed JSON: ');
  });

  it('bytes that are no UTF-8 are malformed', async () => {
    const reply = await fetch(`${story.url}/resource_providers`, {
      method: 'POST',
      headers: { 'x-auth-token': 'admin', 'content-type': 'application/json' },
      body: Buffer.from([...Buffer.from('{"name": "'), 0xff, 0xfe, ...Buffer.from('"}')]),
    });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain('Malformed JSON: ');
  });

  it('the last of two keys counts', async () => {
    const reply = await post('{"name": "first", "name": "second"}');
    expect(reply.body).toMatchObject({ name: 'second' });
  });

  it.each([
    [{}, "'name' is a required property", 'required'],
    [[], "[] is not of type 'object'", 'type'],
    [{ name: 5 }, "5 is not of type 'string'", 'type'],
    [{ name: null }, "None is not of type 'string'", 'type'],
    [{ name: 'x', b: 1, a: 1 }, "Additional properties are not allowed ('a', 'b' were unexpected)", ''],
    [{ name: 'x', uuid: 'y' }, "'y' is not a 'uuid'", 'format'],
    [{ name: 'x'.repeat(201) }, `'${'x'.repeat(201)}' is too long`, 'maxLength'],
  ])('%j does not validate', async (body, short, keyword) => {
    const reply = await story.at(39).post('/resource_providers', body);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain(`\n\n JSON does not validate: ${short}  Failed validating '${keyword}`);
  });

  it('JSON answers have no charset, answers without a body no type', async () => {
    const headers = { 'x-auth-token': 'admin', 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'typed' });
    const made = await rawRequest(story.url, { method: 'POST', path: '/resource_providers', headers, body });
    expect(made.status).toBe(201);
    expect(made.text).toBe('');
    expect(made.headers).not.toHaveProperty('content-type');
    expect(made.headers['content-length']).toBe('0');
    const { pathname } = new URL(String(made.headers.location));
    expect((await ask(pathname)).headers['content-type']).toBe('application/json');
    const removed = await ask(pathname, {}, 'DELETE');
    expect(removed.status).toBe(204);
    expect(removed.headers).not.toHaveProperty('content-type');
  });
});
