import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeKeystone, type IssuedToken } from '../support/fake-keystone.js';
import { client, type Headers, type Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

let keystone: FakeKeystone;
let story: Story;

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  story = await openStory({ ...keystone.environment, BERTH_KEYSTONE_PUBLIC_URL: 'https://id.example.com:5000/' });
}, STORY_LIMIT_MS);

afterAll(async () => {
  await story.close();
  await keystone.stop();
}, STORY_LIMIT_MS);

beforeEach(() => {
  keystone.validations = 0;
  keystone.logins = 0;
});

const PATH = '/resource_providers';

function ask(token: string | null, headers: Headers = {}, path = PATH): Promise<Reply> {
  return client(story.url, { token, version: '1.39', headers }).get(path);
}

const askWith = (issued: IssuedToken, headers: Headers = {}): Promise<Reply> => ask(keystone.issue(issued), headers);

const denied = (rule: string) => ({
  status: 403,
  message: `Policy does not allow ${rule} to be performed.`,
  code: UNDEFINED_CODE,
});

const LIST = 'placement:resource_providers:list';

function expectUnauthorized({ status, headers, body }: Reply): void {
  expect({ status, body }).toEqual({
    status: 401,
    body: {
      error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
    },
  });
  expect(headers['www-authenticate']).toBe('Keystone uri="https://id.example.com:5000"');
  expect(headers['openstack-api-version']).toBeUndefined();
  expect(headers['x-openstack-request-id']).toMatch(/^req-/);
}

describe('whom Keystone knows (spec http.md §9)', () => {
  it('is let in, and asked about once', async () => {
    const token = keystone.issue();
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(token)).status).toBe(200);
    expect(keystone.validations).toBe(1);
  });

  it('is asked about once by many first requests at the same time', async () => {
    const token = keystone.issue();
    keystone.hold();
    const asking = Promise.all(Array.from({ length: 100 }, () => ask(token)));
    await waitFor(() => keystone.validations > 0, { what: 'the question' });
    keystone.release();
    expect(new Set((await asking).map(({ status }) => status))).toEqual(new Set([200]));
    expect(keystone.validations).toBe(1);
  });

  it.each([
    ['none', null],
    ['empty', ''],
    ['unknown', 'gAAAA-nobody'],
    ['of characters that no token has', 'a b'],
    ['too long', 'x'.repeat(5_000)],
    ['that of noauth', 'admin'],
  ])('nobody is behind a token that is %s', async (_what, token) => {
    expectUnauthorized(await ask(token));
  });

  it('nobody is behind a token that has ended', async () => {
    expectUnauthorized(await askWith({ expiresInSeconds: -1 }));
  });

  it('a token ends in the cache too', async () => {
    const token = keystone.issue({ expiresInSeconds: 5 });
    expect((await ask(token)).status).toBe(200);
    await waitFor(async () => (await ask(token)).status === 401, { limitMs: 30_000, what: 'its end' });
  });

  it('an unknown token is asked about once in a while', async () => {
    for (let turn = 0; turn < 3; turn += 1) expectUnauthorized(await ask('gAAAA-again-and-again'));
    expect(keystone.validations).toBe(1);
  });

  it('berth 1.0 is told the reason as well', async () => {
    const { body } = await ask('gAAAA-nobody', { 'openstack-api-version': 'berth 1.0' });
    expect(body).toMatchObject({ error: { code: 401 }, reason: { code: 'berth.unauthenticated' } });
  });

  it('the versions, and the documentation, are for everybody', async () => {
    expect((await ask(null, {}, '/')).status).toBe(200);
    expect((await ask('gAAAA-nobody', {}, '/')).status).toBe(200);
    expect((await ask(null, {}, '/docs')).status).not.toBe(401);
    expect(keystone.validations).toBe(0);
  });

  it('who has no token learns neither version nor path', async () => {
    expectUnauthorized(await ask(null, { 'openstack-api-version': 'placement 9.9' }));
    expectUnauthorized(await ask(null, {}, '/nowhere'));
  });
});

describe('what Keystone says of a token decides, and nothing that comes with the request', () => {
  const SPOOFED: Headers = {
    'x-roles': 'admin,service',
    'x-role': 'admin',
    'x-user-id': 'root',
    'x-project-id': 'p-9',
    'x-identity-status': 'Confirmed',
    'x-service-identity-status': 'Confirmed',
    'x-service-roles': 'service',
    'x-is-admin-project': 'True',
  };

  it('headers with other roles change nothing', async () => {
    expectError(await askWith({ roles: ['reader'] }, SPOOFED), denied(LIST));
    expectUnauthorized(await ask('gAAAA-nobody', SPOOFED));
    expectUnauthorized(await ask(null, SPOOFED));
  });

  it('headers with another scope change nothing', async () => {
    const scopes = { 'openstack-system-scope': 'all', 'x-domain-id': 'd-1' };
    expect((await askWith({ roles: ['admin'] }, scopes)).status).toBe(200);
  });

  it('roles are those of the token, in any case', async () => {
    for (const roles of [['admin'], ['service'], ['ADMIN'], ['member', 'Service']]) {
      expect((await askWith({ roles })).status).toBe(200);
    }
    for (const roles of [[], ['member'], ['reader', 'member'], ['administrator']]) {
      expectError(await askWith({ roles }), denied(LIST));
    }
  });

  it('the project is that of the token', async () => {
    const token = keystone.issue({ roles: ['reader'], scope: 'p-7' });
    expect((await ask(token, {}, '/usages?project_id=p-7')).status).toBe(200);
    expectError(await ask(token, { 'x-project-id': 'p-8' }, '/usages?project_id=p-8'), denied('placement:usages'));
  });

  it.each([{ domain: 'd-1' }, 'system'] as const)('the scope %j is refused, whatever the roles', async (scope) => {
    const refusal = { status: 403, message: LIST, code: UNDEFINED_CODE };
    expectError(await askWith({ roles: ['admin', 'service'], scope }), refusal);
  });

  it('no scope counts as that of a project, without roles in it', async () => {
    expectError(await askWith({ scope: 'none' }), denied(LIST));
  });
});

describe('a service that acts for a user', () => {
  const service = (roles: readonly string[] = ['service']): Headers => ({
    'x-service-token': keystone.issue({ user: 's-1', roles }),
  });

  it('may do so with a token that has ended, and is asked about that once', async () => {
    const token = keystone.issue({ expiresInSeconds: -60 });
    const headers = service();
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(token, headers)).status).toBe(200);
    expect(keystone.validations).toBe(2);
    // That it is known now helps nobody else.
    expectUnauthorized(await ask(token));
    expect((await ask(token, headers)).status).toBe(200);
  });

  it('also after the user was turned away with it', async () => {
    const token = keystone.issue({ expiresInSeconds: -60 });
    expectUnauthorized(await ask(token));
    expect((await ask(token, service())).status).toBe(200);
  });

  it('but not with one that ended long ago, was revoked, or never was', async () => {
    expectUnauthorized(await askWith({ expiresInSeconds: -100_000 }, service()));
    expectUnauthorized(await ask('gAAAA-nobody', service()));
    expectUnauthorized(await ask(null, service()));
  });

  it('needs the role service for that', async () => {
    expectUnauthorized(await askWith({ expiresInSeconds: -60 }, service(['admin', 'member'])));
    expect((await askWith({}, service(['member']))).status).toBe(200);
  });

  it('has to prove itself where it says that it is one', async () => {
    expectUnauthorized(await askWith({}, { 'x-service-token': 'gAAAA-nobody' }));
    const ended = keystone.issue({ roles: ['service'], expiresInSeconds: -60 });
    expectUnauthorized(await askWith({}, { 'x-service-token': ended }));
    expect((await askWith({}, { 'x-service-token': '' })).status).toBe(200);
  });

  it('does not lend the user its roles', async () => {
    expectError(await askWith({ roles: ['member'] }, service()), denied(LIST));
  });
});

it('neither tokens nor the password ever stand in the log', () => {
  expect(story.server.logs()).not.toMatch(/gAAAA|service-secret/);
});
