import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Headers } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { startWorkers } from '../support/workers.js';
import { expectError, STORY_LIMIT_MS, UNDEFINED_CODE } from './http-story.js';

const LIST = 'placement:resource_providers:list';

const READERS_LIST = `
# Readers look, cloud admins do the rest, and admins are nobody special.
"reader_api": "role:reader or rule:admin_or_service_api"
"admin_or_service_api": "role:cloud_admin"
"${LIST}": "rule:reader_api"
"placement:usages": [["role:reader", "project_id:%(project_id)s"], ["role:auditor"]]
"placement:traits:list": "'u1':%(user_id)s and project_id:%(project_id)s"
"berth:slot_locks:list": "@"
`;

const NOBODY_LISTS = `"${LIST}": "!"\n`;

/** Others may keep the machine busy. */
const WAIT_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'berth-policy-'));
const path = join(directory, 'policy.yaml');

let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  writeFileSync(path, READERS_LIST);
  database = await createTestDatabase();
  server = await startServer({ databaseUrl: database.url, env: { BERTH_POLICY: path } });
}, STORY_LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
}, STORY_LIMIT_MS);

const denied = (rule: string) => ({
  status: 403,
  message: `Policy does not allow ${rule} to be performed.`,
  code: UNDEFINED_CODE,
});

const as = (roles: string, headers: Headers = {}) =>
  client(server.url, { token: 'u1:p1', version: '1.39', headers: { 'x-roles': roles, ...headers } });

/** Each on a connection of its own: several processes are given connections in turn. */
const fresh = new Agent({ keepAlive: false });

async function statusOf(url: string, roles: string): Promise<number> {
  const asking = client(url, { version: '1.39', headers: { 'x-roles': roles }, agent: fresh });
  return (await asking.get('/resource_providers')).status;
}

describe('a policy file (docs/policy.md)', () => {
  it('lets readers list providers, and do nothing else', async () => {
    expect((await as('Reader').get('/resource_providers')).status).toBe(200);
    expectError(await as('reader').get('/resource_classes'), denied('placement:resource_classes:list'));
    expectError(
      await as('reader').post('/resource_providers', { name: 'a' }),
      denied('placement:resource_providers:create'),
    );
  });

  it('refuses admin where it says so', async () => {
    expectError(await as('admin,service').get('/resource_providers'), denied(LIST));
    expect((await as('cloud_admin').get('/resource_providers')).status).toBe(200);
    expect((await as('cloud_admin').get('/resource_classes')).status).toBe(200);
  });

  it.each([
    ['reader', '?project_id=p1', 200],
    ['reader', '?project_id=p2', 403],
    ['reader', '', 403],
    ['auditor', '?project_id=p2', 200],
    ['admin', '?project_id=p1', 403],
  ])('usages: the role %s of p1 for "%s": %d', async (roles, query, status) => {
    expect((await as(roles).get(`/usages${query}`)).status).toBe(status);
  });

  it('compares the caller with their own where a request names nobody', async () => {
    expect((await as('').get('/traits')).status).toBe(200);
    expectError(await as('', { 'x-auth-token': 'u2:p1' }).get('/traits'), denied('placement:traits:list'));
  });

  it('leaves alone what it does not name', async () => {
    expectError(await as('cloud_admin').post('/reshaper', {}), denied('placement:reshaper:reshape'));
    expect((await as('service').post('/reshaper', {})).status).toBe(400);
  });

  it('decides about the routes of Berth too', async () => {
    const anybody = as('', { 'openstack-api-version': 'berth 1.0' });
    expect((await anybody.get('/slot_locks')).status).not.toBe(403);
    expect((await anybody.get('/lockspaces')).status).toBe(403);
  });

  it.each([{ 'openstack-system-scope': 'all' }, { 'x-domain-id': 'd1' }])(
    'cannot lift the scope: %j',
    async (scope) => {
      expectError(await as('reader,cloud_admin', scope).get('/resource_providers'), {
        status: 403,
        message: LIST,
        code: UNDEFINED_CODE,
      });
    },
  );
});

describe('a policy file that changes', () => {
  const hangUp = (pid: number): boolean => process.kill(pid, 'SIGHUP');

  it('is read again at SIGHUP, and a broken one changes nothing', async () => {
    expect(await statusOf(server.url, 'reader')).toBe(200);
    writeFileSync(path, NOBODY_LISTS);
    expect(await statusOf(server.url, 'reader')).toBe(200);
    hangUp(server.pid);
    await waitFor(async () => (await statusOf(server.url, 'reader')) === 403, {
      limitMs: WAIT_MS,
      what: 'the new policy',
    });
    expect(await statusOf(server.url, 'admin')).toBe(403);

    writeFileSync(path, `"${LIST}": "role:admin or"\n`);
    hangUp(server.pid);
    await waitFor(() => /"level":"error".*policy\.yaml:1: rule/.test(server.logs()), {
      limitMs: WAIT_MS,
      what: 'a loud line',
    });
    expect(server.logs()).toContain("expected a check after 'or', found the end");
    expect(await statusOf(server.url, 'admin')).toBe(403);
    expect((await as('admin').get('/resource_classes')).status).toBe(200);

    writeFileSync(path, READERS_LIST);
    hangUp(server.pid);
    await waitFor(async () => (await statusOf(server.url, 'reader')) === 200, {
      limitMs: WAIT_MS,
      what: 'the policy of before',
    });
  });

  it('is read again by each of several processes', async () => {
    const workersPath = join(directory, 'workers.yaml');
    writeFileSync(workersPath, NOBODY_LISTS);
    const workers = await startWorkers(database.url, 2, { BERTH_POLICY: workersPath });
    try {
      expect(await statusOf(workers.url, 'admin')).toBe(403);
      writeFileSync(workersPath, `"${LIST}": "@"\n`);
      const first = workers.pids().slice(0, 2);
      expect(new Set(first).size).toBe(2);
      first.forEach(hangUp);
      // Of so many, each process answers some.
      const allowedAll = async (): Promise<boolean> => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => statusOf(workers.url, '')));
        return answers.every((status) => status === 200);
      };
      await waitFor(allowedAll, { limitMs: WAIT_MS, what: 'the new policy in both processes' });
      expect(workers.pids()).toHaveLength(2);
    } finally {
      await workers.stop();
    }
  });
});

describe('a policy file that is broken at the start', () => {
  it('stops it in one line', async () => {
    const broken = join(directory, 'broken.yaml');
    writeFileSync(broken, '"placement:resource_provider:list": "@"\n');
    const error = await startServer({ databaseUrl: database.url, env: { BERTH_POLICY: broken } }).then(
      async (started) => {
        await started.stop();
        return new Error('it started');
      },
      (reason: Error) => reason,
    );
    const [ended, ...said] = error.message.trim().split('\n');
    expect(ended).toMatch(/^the server ended \(1\)/);
    expect(said).toEqual([
      `berth: BERTH_POLICY: ${broken}:1: rule 'placement:resource_provider:list': there is no such rule; the nearest is ${LIST}`,
    ]);
  });
});
