import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENDPOINTS, examplePath } from './http-endpoints.js';
import { rawRequest, type RawReply } from './http-raw.js';
import { detailOf, expectError, openStory, UNDEFINED_CODE, STORY_LIMIT_MS, type Story } from './http-story.js';

const PROVIDER = '22222222-2222-4222-8222-aaaaaaaaaaaa';

let story: Story;

beforeAll(async () => {
  story = await openStory();
  await story.at(0).post('/resource_providers', { uuid: PROVIDER, name: 'routed' });
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<RawReply> =>
  rawRequest(story.url, {
    method,
    path,
    headers: { 'x-auth-token': 'admin', 'openstack-api-version': 'placement 1.39', ...headers },
  });

const errorIn = ({ text }: RawReply): Record<string, unknown> =>
  (JSON.parse(text) as { errors: [Record<string, unknown>] }).errors[0];

describe('paths (spec http.md §5)', () => {
  it('serves the provider at its path, whatever the query string', async () => {
    expect((await ask('GET', `/resource_providers/${PROVIDER}?uuid=nonsense&x=%FF`)).status).toBe(200);
  });

  it.each([
    ['an unknown path', '/nowhere'],
    ['an unknown path below a known one', `/resource_providers/${PROVIDER}/nowhere`],
    ['a path that is too long', `/resource_providers/${PROVIDER}/inventories/VCPU/more`],
    ['a trailing slash', '/resource_providers/'],
    ['a trailing slash behind a name', `/resource_providers/${PROVIDER}/`],
    ['an empty name', '/traits/'],
    ['a doubled slash', '//resource_providers'],
    ['a doubled slash inside', `/resource_providers//${PROVIDER}`],
    ['a doubled slash alone', '//'],
    ['an encoded slash', `/resource_providers%2F${PROVIDER}`],
    ['an encoded slash in a name', '/traits/CUSTOM_A%2fB'],
    ['other case', '/Resource_Providers'],
    ['a dot', '/resource_providers/.'],
    ['a bad escape', '/resource_providers/%zz'],
    ['half an escape', '/resource_providers/%2'],
    ['bytes that are no UTF-8', '/resource_providers/%FF%FE'],
    ['a name of 5,000 characters', `/resource_providers/${'a'.repeat(5000)}`],
    ['a uuid in upper case', `/resource_providers/${PROVIDER.toUpperCase()}`],
    ['a uuid without dashes', `/resource_providers/${PROVIDER.replaceAll('-', '')}`],
    ['a name that is no uuid', '/resource_providers/routed'],
    ['a trait beyond ASCII', '/traits/CUSTOM_%C3%84'],
    ['a path of the language the service is written in', '/constructor'],
    ['what the documentation begins with', '/docsx'],
  ])('%s is 404', async (_, path) => {
    const reply = await ask('GET', path);
    expect(reply.status).toBe(404);
    expect(errorIn(reply)).toMatchObject({ status: 404, title: 'Not Found', code: UNDEFINED_CODE });
  });

  it('an unknown path has an empty text', async () => {
    expectError(await story.at(39).get('/nowhere'), { status: 404, message: '', code: UNDEFINED_CODE });
    expectError(await story.at(22).post('/nowhere', {}), { status: 404, message: '' });
  });

  it('names are decoded before they are looked up', async () => {
    expect((await ask('GET', `/resource_providers/%32${PROVIDER.slice(1)}`)).status).toBe(200);
    expect((await ask('GET', '/traits/HW_CPU_X86%5FVMX')).status).toBe(204);
  });

  it.each([
    ['GET', '/resource_providers/%00'],
    ['GET', '/resource_classes/CUSTOM_%00'],
    ['PUT', '/traits/CUSTOM_%00'],
    ['PUT', '/traits/CUSTOM_%FF'],
    ['PUT', '/resource_classes/CUSTOM_%00'],
    ['DELETE', '/allocations/%00'],
    ['GET', `/resource_providers/${PROVIDER}/inventories/%00`],
    ['DELETE', `/resource_providers/${PROVIDER}/inventories/%00`],
  ])('%s %s blames the client, not itself', async (method, path) => {
    const { status } = await ask(method, path);
    expect([400, 404]).toContain(status);
  });
});

describe('methods (spec http.md §5)', () => {
  const methodsByPath = new Map<string, Set<string>>([['/', new Set(['GET'])]]);
  for (const { method, path } of ENDPOINTS) {
    methodsByPath.set(path, (methodsByPath.get(path) ?? new Set()).add(method));
  }
  // In the order in which Placement declares them.
  methodsByPath.set('/resource_providers/{uuid}', new Set(['GET', 'DELETE', 'PUT']));
  const paths = [...methodsByPath].map(([path, methods]) => ({ path, allow: [...methods].join(', ') }));

  it.each(paths)('$path has $allow and no other', async ({ path, allow }) => {
    const target = examplePath({ method: 'GET', path });
    for (const method of [
      'PATCH',
      'HEAD',
      'OPTIONS',
      'TRACE',
      ...['POST', 'DELETE'].filter((m) => !allow.includes(m)),
    ]) {
      const reply = await ask(method, target);
      expect({ method, status: reply.status, allow: reply.headers.allow }).toEqual({ method, status: 405, allow });
      if (method === 'HEAD') {
        expect(reply.text).toBe('');
        continue;
      }
      const message = 'The method specified is not allowed for this resource.';
      expect(errorIn(reply).detail).toBe(detailOf({ status: 405, message, came: method }));
    }
  });

  it('a 405 comes before the version gate and before the policy', async () => {
    const headers = { 'x-auth-token': 'stranger', 'openstack-api-version': 'placement 1.0' };
    expect((await ask('DELETE', '/traits', headers)).status).toBe(405);
  });

  it('a whole error of 405', async () => {
    expectError(await story.at(39).patch('/resource_classes', {}), {
      status: 405,
      message: 'The method specified is not allowed for this resource.',
      came: 'PATCH',
      code: UNDEFINED_CODE,
    });
  });

  it('an unknown path is 404 with every method', async () => {
    for (const method of ['PATCH', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
      expect({ method, status: (await ask(method, '/nowhere')).status }).toEqual({ method, status: 404 });
    }
  });

  it('OPTIONS says nothing of other origins while nobody has allowed any', async () => {
    const origin = { origin: 'http://valid.example.com', 'access-control-request-method': 'GET' };
    const options = await ask('OPTIONS', '/', origin);
    const get = await ask('GET', '/', origin);
    expect(options.status).toBe(405);
    expect(get.status).toBe(200);
    for (const { headers } of [options, get]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(headers.vary).not.toContain('Origin');
    }
  });
});

describe('content sanity (spec http.md §1, 8)', () => {
  const message = 'content-type header required when content-length > 0';

  const send = (method: string, path: string, headers: Record<string, string> = {}): Promise<RawReply> =>
    rawRequest(story.url, {
      method,
      path,
      body: '{}',
      headers: { 'x-auth-token': 'admin', 'openstack-api-version': 'placement 1.23', ...headers },
    });

  it.each([
    ['POST', '/resource_providers'],
    ['PUT', '/traits/CUSTOM_SANE'],
    ['GET', '/resource_providers'],
    ['GET', '/'],
    ['DELETE', `/resource_providers/${PROVIDER}`],
    ['POST', '/nowhere'],
    ['PATCH', '/resource_providers'],
  ])('%s %s with a body of no type is 400', async (method, path) => {
    const reply = await send(method, path);
    expect(reply.status).toBe(400);
    expect(errorIn(reply)).toMatchObject({ detail: detailOf({ status: 400, message }), code: UNDEFINED_CODE });
    expect(reply.headers['openstack-api-version']).toBe('placement 1.23');
  });

  it('an empty type is none', async () => {
    const reply = await send('POST', '/resource_providers', { 'content-type': '' });
    expect(errorIn(reply).detail).toBe(detailOf({ status: 400, message }));
  });

  it('nothing was done', async () => {
    expect((await ask('GET', `/resource_providers/${PROVIDER}`)).status).toBe(200);
    expect((await ask('GET', '/traits/CUSTOM_SANE')).status).toBe(404);
  });

  it('comes after authentication and version', async () => {
    const { status } = await rawRequest(story.url, { method: 'POST', path: '/resource_providers', body: '{}' });
    expect(status).toBe(401);
    const bad = { 'openstack-api-version': 'placement 1.99' };
    expect((await send('POST', '/resource_providers', bad)).status).toBe(406);
  });

  it('a body that nobody asked for is ignored where it has a type', async () => {
    expect((await send('GET', '/resource_providers', { 'content-type': 'text/plain' })).status).toBe(200);
  });
});
