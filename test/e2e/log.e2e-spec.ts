import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { client } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, REQUEST_ID, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Line extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly msg: string;
}

/** Longer than names are, as tokens of Keystone are, and like nothing else that is written. */
const TOKEN = `gAAAAA${'x9Secret'.repeat(20)}`;
const MARK = 'x9Secret';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

const LINE_LIMIT_MS = 30_000;

/** The lines of JSON that the server wrote so far. */
function linesOf({ server }: Story): Line[] {
  return server
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

const requestsOf = (story: Story): Line[] => linesOf(story).filter(({ msg }) => msg === 'request');

/** The line of the request that was answered with this id. */
function lineOf(story: Story, id: unknown): Promise<Line> {
  return waitFor(() => requestsOf(story).find(({ request_id }) => request_id === id), {
    limitMs: LINE_LIMIT_MS,
    what: `the line of ${String(id)}`,
  });
}

const idOf = ({ headers }: { readonly headers: object }): unknown =>
  (headers as Record<string, unknown>)['x-openstack-request-id'];

describe('the log', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory();
  }, STORY_LIMIT_MS);

  afterAll(() => story.close(), STORY_LIMIT_MS);

  it('has one line for a request, with all that is known of it', async () => {
    const reply = await story.at(39).with({ token: 'admin:tenant', version: '1.39' }).get('/resource_classes?a=1');
    const line = await lineOf(story, idOf(reply));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      pid: story.server.pid,
      msg: 'request',
      request_id: expect.stringMatching(REQUEST_ID),
      user: 'admin',
      project: 'tenant',
      method: 'GET',
      route: '/resource_classes',
      path: '/resource_classes',
      query: 'a=1',
      microversion: '1.39',
      status: reply.status,
      ...(reply.status >= 400 && { reason: expect.any(String) }),
      duration_ms: expect.any(Number),
      bytes: Number(reply.headers['content-length']),
      client: '127.0.0.1',
    });
    expect(requestsOf(story).filter(({ request_id }) => request_id === line.request_id)).toHaveLength(1);
  });

  it('says the route, not only the path, and the reason of a refusal', async () => {
    const line = await lineOf(story, idOf(await story.at(39).get(`/resource_providers/${UNKNOWN}`)));
    expect(line).toMatchObject({
      route: '/resource_providers/{uuid}',
      path: `/resource_providers/${UNKNOWN}`,
      status: 404,
      reason: 'berth.provider_not_found',
    });
  });

  it('says which contract was spoken', async () => {
    const line = await lineOf(story, idOf(await story.berth.get('/resource_classes')));
    expect(line).toMatchObject({ microversion: '1.39', berth: true });
  });

  it('has the global request id of other services, where it has the form of one (spec http.md §8)', async () => {
    const id = `req-${randomUUID()}`;
    const called = await story.at(39).get('/traits', { 'x-openstack-request-id': id });
    expect(idOf(called)).not.toBe(id);
    expect((await lineOf(story, idOf(called))).global_request_id).toBe(id);
    const other = await story.at(39).get('/traits', { 'x-openstack-request-id': 'req-anything' });
    expect(await lineOf(story, idOf(other))).not.toHaveProperty('global_request_id');
  });

  it('has what nobody serves, and what nobody may ask', async () => {
    const nowhere = await lineOf(story, idOf(await story.at(39).get('/nowhere')));
    expect(nowhere).toMatchObject({ route: 'none', path: '/nowhere', status: 404, reason: 'berth.path_not_found' });
    const stranger = await lineOf(story, idOf(await client(story.url, { token: null }).get('/traits')));
    expect(stranger).toMatchObject({ status: 401, reason: 'berth.unauthenticated' });
    expect(stranger).not.toHaveProperty('user');
  });

  it('has no line for what machines ask all day long', async () => {
    await client(story.url).get('/healthz');
    await lineOf(story, idOf(await story.at(39).get('/traits')));
    expect(requestsOf(story).filter(({ path }) => path === '/healthz')).toEqual([]);
  });

  it('tells of a client that went before it had its answer', async () => {
    const { port } = new URL(story.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      'GET /changes HTTP/1.1\r\nhost: a\r\nx-auth-token: admin\r\n' +
        'openstack-api-version: berth 1.0\r\naccept: text/event-stream\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    const line = await waitFor(() => requestsOf(story).find(({ path }) => path === '/changes'), {
      limitMs: LINE_LIMIT_MS,
      what: 'the line of the follower',
    });
    expect(line).toMatchObject({ route: '/changes', status: 200, aborted: true });
    expect(line).not.toHaveProperty('bytes');
  });

  it('has no error of a client that went while it waited', async () => {
    const { berth } = story;
    const permit = { key: 'a', owner: 'o', lease_seconds: 60 };
    await berth.put('/lock_pools/left', { capacity: 1 });
    expect((await berth.post('/lock_pools/left/permits', permit)).status).toBe(200);
    const gone = new AbortController();
    const wait = fetch(`${story.url}/lock_pools/left/permits`, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0', 'content-type': 'application/json' },
      body: JSON.stringify({ ...permit, owner: 'other', wait_seconds: 60 }),
    }).catch((error: Error) => error.name);
    const waiting = async (): Promise<boolean> =>
      (await berth.get<{ waiting: number }>('/lock_pools/left')).body.waiting === 1;
    await waitFor(waiting, { limitMs: LINE_LIMIT_MS, what: 'the one who waits' });
    gone.abort();
    expect(await wait).toBe('AbortError');
    const left = (one: Line): boolean => one.aborted === true && one.path === '/lock_pools/left/permits';
    const line = await waitFor(() => requestsOf(story).find(left), { limitMs: LINE_LIMIT_MS, what: 'its line' });
    expect(line).toMatchObject({ level: 'info', status: 499 });
    // What is written of it is written by then.
    await lineOf(story, idOf(await story.at(39).get('/traits')));
    expect(linesOf(story).filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('what is secret', () => {
  it('is in no line, at no level, whatever is done with it', async () => {
    const story = await openStory({ BERTH_LOG_LEVEL: 'debug' });
    try {
      const http = client(story.url, { version: '1.39', token: TOKEN, headers: { authorization: `Bearer ${TOKEN}` } });
      const provider = { name: 'one', uuid: randomUUID() };
      const replies = [
        await http.get('/traits', { cookie: `session=${TOKEN}`, 'x-service-token': TOKEN }),
        await http.post('/resource_providers', provider, { 'x-roles': 'admin' }),
        await http.get(`/resource_providers?name=one&auth_token=${TOKEN}`, { 'x-roles': 'admin' }),
        await http.get('/allocation_candidates?resources=VCPU:0', { 'x-roles': 'admin' }),
        await http.get('/nowhere'),
        await client(story.url, { token: null, headers: { authorization: TOKEN } }).get('/traits'),
        await http.put(`/resource_providers/${provider.uuid}/inventories`, '{', { 'x-roles': 'admin' }),
      ];
      for (const reply of replies) await lineOf(story, idOf(reply));
      // The database goes: errors with all that hangs on them are logged too.
      await story.database.drop();
      const failed = await http.get('/traits', { 'x-roles': 'admin' });
      expect(failed.status).toBeGreaterThanOrEqual(500);
      await lineOf(story, idOf(failed));
      expect(linesOf(story).some(({ level }) => level === 'error')).toBe(true);
    } finally {
      await story.server.stop();
    }
    const logs = story.server.logs();
    expect(logs).toContain('"level":"debug"');
    expect(logs).not.toContain(MARK);
  }, 120_000);
});

describe('what is logged of requests', () => {
  it.each([
    ['errors', [404]],
    ['none', []],
  ])('is a matter of configuration: %s', async (logged, statuses) => {
    const story = await openStory({ BERTH_LOG_REQUESTS: logged });
    try {
      await story.at(39).get('/traits');
      await story.at(39).get('/nowhere');
    } finally {
      await story.close();
    }
    // All that was said is out by the end.
    expect(requestsOf(story).map(({ status }) => status)).toEqual(statuses);
  });
});
