import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawRequest, type RawReply } from './http-raw.js';
import { openStory, REQUEST_ID, STORY_LIMIT_MS, type Story } from './http-story.js';

const GOOD = 'http://valid.example.com';
const BAD = 'http://invalid.example.com';

const EXPOSED = 'X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,X-Service-Token,OpenStack-API-Version';

let story: Story;

beforeAll(async () => {
  story = await openStory({
    BERTH_CORS_ALLOWED_ORIGINS: `${GOOD}, http://other.example.com`,
    BERTH_CORS_ALLOWED_HEADERS: 'openstack-api-version, x-auth-token',
  });
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const ask = (method: string, path: string, headers: Record<string, string>): Promise<RawReply> =>
  rawRequest(story.url, { method, path, headers });

const preflight = (headers: Record<string, string>, path = '/resource_providers'): Promise<RawReply> =>
  ask('OPTIONS', path, headers);

/** What an answer says of other origins. */
function corsOf({ headers }: RawReply): Record<string, unknown> {
  const said = Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));
  return Object.fromEntries([...said, ['vary', headers.vary]]);
}

describe('preflight (spec http.md §10)', () => {
  it('allows what is allowed, without a token', async () => {
    const reply = await preflight({
      origin: GOOD,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'OpenStack-API-Version, x-auth-token',
    });
    expect(reply.status).toBe(200);
    expect(reply.text).toBe('');
    expect(reply.headers['x-openstack-request-id']).toMatch(REQUEST_ID);
    expect(corsOf(reply)).toEqual({
      'access-control-allow-origin': GOOD,
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '3600',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'OpenStack-API-Version,x-auth-token',
      vary: 'Origin',
    });
  });

  it.each(['GET', 'PUT', 'POST', 'DELETE', 'PATCH'])('allows %s, without headers too', async (method) => {
    const reply = await preflight({ origin: 'http://other.example.com', 'access-control-request-method': method });
    expect(corsOf(reply)).toMatchObject({
      'access-control-allow-origin': 'http://other.example.com',
      'access-control-allow-methods': method,
    });
  });

  it.each([
    ['another origin', { origin: BAD, 'access-control-request-method': 'GET' }],
    ['no origin', { 'access-control-request-method': 'GET' }],
    ['another method', { origin: GOOD, 'access-control-request-method': 'TRACE' }],
    ['no method', { origin: GOOD }],
    [
      'one header of two',
      {
        origin: GOOD,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-auth-token,x-roles',
      },
    ],
  ] as [string, Record<string, string>][])('says nothing to %s, and yet is 200', async (_, headers) => {
    const reply = await preflight(headers);
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text: '' });
    expect(corsOf(reply)).toEqual({ vary: undefined });
  });

  it('is 200 whatever the path', async () => {
    expect((await preflight({}, '/nowhere')).status).toBe(200);
    expect((await preflight({ 'openstack-api-version': 'placement 9.9' }, '/')).status).toBe(200);
  });
});

describe('other methods (spec http.md §10)', () => {
  const admin = { 'x-auth-token': 'admin' };

  it.each([
    ['a success', 'GET', '/resource_providers', admin, 200, 'openstack-api-version,Origin'],
    ['an error', 'POST', '/resource_providers', admin, 415, 'openstack-api-version,Origin'],
    ['nobody', 'GET', '/resource_providers', {}, 401, 'Origin'],
    ['no version', 'GET', '/', { 'openstack-api-version': 'placement 9.9' }, 406, 'Origin'],
  ] as [string, string, string, Record<string, string>, number, string][])(
    'tells an allowed origin: %s',
    async (_, method, path, headers, status, vary) => {
      const reply = await ask(method, path, { ...headers, origin: GOOD });
      expect(reply.status).toBe(status);
      expect(corsOf(reply)).toEqual({
        'access-control-allow-origin': GOOD,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': EXPOSED,
        vary,
      });
    },
  );

  it.each([BAD, undefined])('serves origin %s and says nothing', async (origin) => {
    const reply = await ask('GET', '/resource_providers', { ...admin, ...(origin !== undefined && { origin }) });
    expect(reply.status).toBe(200);
    expect(corsOf(reply)).toEqual({ vary: 'openstack-api-version' });
  });
});
