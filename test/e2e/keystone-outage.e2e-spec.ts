import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { APPLICATION_CREDENTIAL, FakeKeystone, type Mood } from '../support/fake-keystone.js';
import { client, type Headers, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { STORY_LIMIT_MS } from './http-story.js';

/** Waits for what takes some seconds by itself, on a busy machine. */
const SLOW = { limitMs: 60_000 };

let database: TestDatabase;
let keystone: FakeKeystone;
/** As it comes. */
let server: RunningServer;
/** Believes each answer for a second, and then nothing. */
let strict: RunningServer;
/** Believes an answer only if it can't get another one; its service user is an application credential. */
let wary: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  keystone = await FakeKeystone.start();
  [server, strict, wary] = await Promise.all([
    start({}),
    start({ BERTH_TOKEN_CACHE_SECONDS: '1', BERTH_TOKEN_STALE_SECONDS: '0' }),
    start({ ...APPLICATION_CREDENTIAL, BERTH_TOKEN_CACHE_SECONDS: '0', BERTH_TOKEN_STALE_SECONDS: '60' }),
  ]);
}, STORY_LIMIT_MS);

afterEach(() => {
  keystone.mood = 'well';
});

afterAll(async () => {
  await Promise.all([server, strict, wary].map((one) => one.stop()));
  await keystone.stop();
  await database.drop();
}, STORY_LIMIT_MS);

function start(env: Readonly<Record<string, string>>): Promise<RunningServer> {
  return startServer({
    databaseUrl: database.url,
    env: { ...keystone.environment, OS_AUTH_URL: `${keystone.url}/v3/`, ...env },
  });
}

const ask = ({ url }: RunningServer, token: string, headers: Headers = {}): Promise<Reply> =>
  client(url, { token, version: '1.39', headers }).get('/resource_providers');

const statusOf = async (server: RunningServer, token: string): Promise<number> => (await ask(server, token)).status;

function expectUnavailable(reply: Reply): void {
  expect({ status: reply.status, body: reply.body }).toMatchObject({
    status: 503,
    body: {
      errors: [
        {
          status: 503,
          title: 'Service Unavailable',
          detail: expect.stringContaining('The identity service is not available.'),
          reason: { code: 'berth.identity_unavailable' },
        },
      ],
    },
  });
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
}

const BERTH = { 'openstack-api-version': 'berth 1.0' };

/** Until all that was learnt of an outage is forgotten. */
const recovered = (of: RunningServer): Promise<unknown> =>
  waitFor(async () => (await statusOf(of, keystone.issue())) === 200, { ...SLOW, what: 'a new token to work' });

describe('a token that was revoked', () => {
  it('works as long as the answer about it is believed, then no longer', async () => {
    const token = keystone.issue();
    for (const one of [server, strict, wary]) expect(await statusOf(one, token)).toBe(200);
    keystone.revoke(token);
    expect(await statusOf(wary, token)).toBe(401);
    await waitFor(async () => (await statusOf(strict, token)) === 401, { ...SLOW, what: 'the end of the token' });
    expect(await statusOf(server, token)).toBe(200);
  });
});

describe('a Keystone that is out of order', () => {
  it.each<Mood>(['away', 'failing', 'nonsense', 'html', 'silent'])(
    '%s: new tokens wait for it with 503, known ones go on, and all is well when it is back',
    async (mood) => {
      const known = keystone.issue();
      expect(await statusOf(server, known)).toBe(200);
      const before = server.logs().length;
      keystone.mood = mood;
      expectUnavailable(await ask(server, keystone.issue(), BERTH));
      expect(await statusOf(server, known)).toBe(200);
      keystone.mood = 'well';
      await recovered(server);
      await waitFor(
        () => /Keystone can't be asked about tokens: [^]+Keystone answers again/.test(server.logs().slice(before)),
        { ...SLOW, what: 'what the log says of it' },
      );
    },
  );

  it('known tokens go on beyond the time for which answers are believed, but not for ever', async () => {
    const [lasting, ending] = [keystone.issue(), keystone.issue({ expiresInSeconds: 8 })];
    for (const token of [lasting, ending]) expect(await statusOf(wary, token)).toBe(200);
    expect(await statusOf(strict, lasting)).toBe(200);
    keystone.mood = 'away';
    expect(await statusOf(wary, lasting)).toBe(200);
    await waitFor(async () => (await statusOf(wary, ending)) === 503, { ...SLOW, what: 'the end of a token' });
    await waitFor(async () => (await statusOf(strict, lasting)) === 503, { ...SLOW, what: 'the end of what is known' });
    expect(await statusOf(wary, lasting)).toBe(200);
  });

  it('a silent one keeps one request waiting, not all', async () => {
    await recovered(server);
    keystone.mood = 'silent';
    expectUnavailable(await ask(server, keystone.issue(), BERTH));
    const before = keystone.validations;
    const many = await Promise.all(Array.from({ length: 50 }, () => ask(server, keystone.issue())));
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([503]));
    expect(keystone.validations - before).toBeLessThan(10);
  });
});

it('the log tells of an outage, not of every request that it turns away', () => {
  for (const one of [server, strict, wary]) {
    expect(one.logs()).toContain("Keystone can't be asked about tokens");
    expect(one.logs()).not.toContain('request failed');
  }
});

it('neither tokens nor secrets ever stand in the log', () => {
  for (const one of [server, strict, wary]) expect(one.logs()).not.toMatch(/gAAAA|service-secret|credential-secret/);
});
