import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type RunningServer } from '../support/server.js';
import { rawRequest, type RawReply } from './http-raw.js';
import { detailOf, openStory, REQUEST_ID, STORY_LIMIT_MS, type Story } from './http-story.js';

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

type Headers = Readonly<Record<string, string | string[]>>;

const ask = (headers: Headers, path = '/resource_providers'): Promise<RawReply> =>
  rawRequest(story.url, { method: 'GET', path, headers: { 'x-auth-token': 'admin', ...headers } });

const errorIn = ({ text }: RawReply): Record<string, unknown> =>
  (JSON.parse(text) as { errors: [Record<string, unknown>] }).errors[0];

describe('discovery (spec http.md §3)', () => {
  it('tells the versions to anybody', async () => {
    const reply = await rawRequest(story.url, { method: 'GET', path: '/' });
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.headers['openstack-api-version']).toBe('placement 1.0');
    expect(reply.headers['cache-control']).toBeUndefined();
    expect(JSON.parse(reply.text)).toEqual({
      versions: [
        {
          id: 'v1.0',
          max_version: '1.39',
          min_version: '1.0',
          status: 'CURRENT',
          links: [{ rel: 'self', href: '' }],
        },
      ],
    });
  });

  it('does not mind what the client accepts, nor a query string', async () => {
    const reply = await rawRequest(story.url, { method: 'GET', path: '/?x=1', headers: { accept: 'text/plain' } });
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['1.14', undefined],
    ['1.15', 'no-cache'],
    ['latest', 'no-cache'],
  ])('at %s it is to be cached: %s', async (version, cacheControl) => {
    const headers = { 'openstack-api-version': `placement ${version}` };
    const reply = await rawRequest(story.url, { method: 'GET', path: '/', headers });
    expect(reply.headers['cache-control']).toBe(cacheControl);
    const changed = Date.parse(reply.headers['last-modified'] ?? '');
    if (cacheControl === undefined) expect(reply.headers['last-modified']).toBeUndefined();
    else expect(Math.abs(changed - Date.parse(reply.headers.date ?? ''))).toBeLessThan(60_000);
  });

  it.each([
    ['1.40', 406],
    ['pony.horse', 400],
  ])('refuses version %s with %d, without a token too', async (version, status) => {
    const headers = { 'openstack-api-version': `placement ${version}` };
    expect((await rawRequest(story.url, { method: 'GET', path: '/', headers })).status).toBe(status);
  });
});

describe('negotiation (spec http.md §4)', () => {
  it.each([
    ['no header', {}, '1.0'],
    ['the lowest', { 'openstack-api-version': 'placement 1.0' }, '1.0'],
    ['the highest', { 'openstack-api-version': 'placement 1.39' }, '1.39'],
    ['latest', { 'openstack-api-version': 'placement latest' }, '1.39'],
    ['any case of the names', { 'OPENSTACK-API-VERSION': 'PlaceMent 1.7' }, '1.7'],
    ['blanks around', { 'openstack-api-version': '  placement   1.7  ' }, '1.7'],
    ['another service', { 'openstack-api-version': 'compute 2.1' }, '1.0'],
    ['a bare version', { 'openstack-api-version': '1.7' }, '1.0'],
    ['an empty header', { 'openstack-api-version': '' }, '1.0'],
    ['several services', { 'openstack-api-version': 'identity 3.0, placement 1.11,compute 2.87' }, '1.11'],
    ['the last of two pairs', { 'openstack-api-version': 'placement 1.5, placement 1.9' }, '1.9'],
    ['a bad pair that is not the last', { 'openstack-api-version': 'placement nonsense, placement 1.9' }, '1.9'],
    ['two headers', { 'openstack-api-version': ['placement 1.5', 'placement 1.6'] }, '1.6'],
    ['two headers of two services', { 'openstack-api-version': ['placement 1.5', 'compute 2.1'] }, '1.5'],
  ] as [string, Headers, string][])('%s', async (_, headers, version) => {
    const reply = await ask(headers);
    expect(reply.status).toBe(200);
    expect(reply.headers['openstack-api-version']).toBe(`placement ${version}`);
    expect(reply.headers.vary).toBe('openstack-api-version');
  });

  it.each(['1.40', '0.9', '2.0', '1.100', '1.4000000000'])('%s is no version of this service: 406', async (version) => {
    const reply = await ask({ 'openstack-api-version': `placement ${version}` });
    const message = `Invalid microversion: Unacceptable version header: ${version}`;
    expect(reply.status).toBe(406);
    expect(errorIn(reply)).toEqual({
      status: 406,
      title: 'Not Acceptable',
      detail: detailOf({ status: 406, message, came: 'application/json' }),
      request_id: reply.headers['x-openstack-request-id'],
      max_version: '1.39',
      min_version: '1.0',
    });
    expect(reply.headers['x-openstack-request-id']).toMatch(REQUEST_ID);
    expect(reply.headers).not.toHaveProperty('openstack-api-version');
  });

  it.each(['pony.horse', '1.2.3', 'LATEST', '1', '1.', '.5', 'v1.5'])('%s is not understood: 400', async (version) => {
    const reply = await ask({ 'openstack-api-version': `placement ${version}` });
    const error = errorIn(reply);
    expect(reply.status).toBe(400);
    expect(Object.keys(error).sort()).toEqual(['detail', 'request_id', 'status', 'title']);
    expect(String(error.detail)).toContain(`Invalid microversion: invalid version string: ${version}; `);
    expect(reply.headers).not.toHaveProperty('openstack-api-version');
  });

  it('a bad pair that is the last counts', async () => {
    expect((await ask({ 'openstack-api-version': 'placement 1.5, placement 1.99' })).status).toBe(406);
  });

  it('Accept of any type reads as JSON in the text of the 406', async () => {
    const reply = await ask({ 'openstack-api-version': 'placement 1.99', accept: '*/*' });
    expect(String(errorIn(reply).detail)).toContain('(content of type application/json. ');
  });

  it('is done before the route is looked for, and after it is known who asks', async () => {
    const bad = { 'openstack-api-version': 'placement 1.99' };
    expect((await ask(bad, '/nowhere')).status).toBe(406);
    const reply = await rawRequest(story.url, { method: 'GET', path: '/resource_providers', headers: bad });
    expect(reply.status).toBe(401);
    expect(reply.headers).not.toHaveProperty('openstack-api-version');
  });

  it('errors echo their version', async () => {
    const reply = await ask({ 'openstack-api-version': 'placement 1.12' }, '/nowhere');
    expect(reply.status).toBe(404);
    expect(reply.headers['openstack-api-version']).toBe('placement 1.12');
  });
});

describe('another default version', () => {
  let newer: RunningServer;

  beforeAll(async () => {
    newer = await startServer({ databaseUrl: story.database.url, env: { BERTH_DEFAULT_MICROVERSION: '1.36' } });
  }, STORY_LIMIT_MS);

  afterAll(() => newer.stop(), STORY_LIMIT_MS);

  it.each([
    ['no header means it', {}, '1.36'],
    ['a header for others means it', { 'openstack-api-version': 'compute 2.1' }, '1.36'],
    ['a header goes before it', { 'openstack-api-version': 'placement 1.1' }, '1.1'],
  ] as [string, Headers, string][])('%s', async (_, headers, version) => {
    const reply = await rawRequest(newer.url, {
      method: 'GET',
      path: '/resource_providers',
      headers: { 'x-auth-token': 'admin', ...headers },
    });
    expect(reply.headers['openstack-api-version']).toBe(`placement ${version}`);
  });
});
