import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Headers, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { expectError, STORY_LIMIT_MS, UNDEFINED_CODE } from './http-story.js';
import { ENDPOINTS, examplePath, type EndpointRow } from './http-endpoints.js';

const POLICIES = ['secure', 'legacy', 'open'] as const;

type Policy = (typeof POLICIES)[number];

let database: TestDatabase;
const servers = new Map<Policy, RunningServer>();

beforeAll(async () => {
  database = await createTestDatabase();
  for (const policy of POLICIES) {
    servers.set(policy, await startServer({ databaseUrl: database.url, env: { BERTH_POLICY: policy } }));
  }
}, STORY_LIMIT_MS);

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await database.drop();
}, STORY_LIMIT_MS);

function as(policy: Policy, headers: Headers) {
  const url = servers.get(policy)?.url;
  if (url === undefined) throw new Error(`no server with the policy ${policy}`);
  return client(url, { token: 'somebody', version: '1.39', headers });
}

/** Reads of everything: what a policy allows there shows as anything but 403. */
const READS = ENDPOINTS.filter(({ method }) => method === 'GET');

const read = (policy: Policy, row: EndpointRow, headers: Headers): Promise<Reply> =>
  as(policy, headers).get(examplePath(row));

const denied = (rule: string) => ({
  status: 403,
  message: `Policy does not allow ${rule} to be performed.`,
  code: UNDEFINED_CODE,
});

const RESHAPE = 'placement:reshaper:reshape';

describe.each(['secure', 'legacy'] as const)('the %s policy (spec http.md §2.1)', (policy) => {
  it.each(READS)('$rule is for admin and service', async (row) => {
    for (const roles of ['admin', 'service']) {
      const { status } = await read(policy, row, { 'x-roles': roles });
      expect({ roles, status }).toEqual({ roles, status: row.rest });
    }
    for (const roles of ['', 'member', 'reader', 'member,reader', 'administrator', 'manager']) {
      expectError(await read(policy, row, { 'x-roles': roles }), denied(row.rule));
    }
  });

  it.each([
    ['ADMIN', 200],
    [' Service ', 200],
    ['reader,admin', 200],
    ['reader , admin , member', 200],
    ['reader admin', 403],
    [',', 403],
  ])('the roles "%s" answer %d', async (roles, status) => {
    expect((await as(policy, { 'x-roles': roles }).get('/resource_providers')).status).toBe(status);
  });

  it('without roles the token admin is admin, and only it', async () => {
    const status = async (token: string): Promise<number> =>
      (await as(policy, { 'x-auth-token': token }).get('/resource_providers')).status;
    expect(await Promise.all(['admin', 'admin:project', 'user', 'user:admin'].map(status))).toEqual([
      200, 200, 403, 403,
    ]);
  });

  it('roles that are told go before the token', async () => {
    expectError(
      await as(policy, { 'x-auth-token': 'admin', 'x-roles': 'reader' }).get('/resource_providers'),
      denied('placement:resource_providers:list'),
    );
  });

  it.each([
    ['its own project', { 'x-roles': 'reader', 'x-project-id': 'p1' }, '?project_id=p1', 200],
    ['its own by the token', { 'x-roles': 'reader', 'x-auth-token': 'u:p1' }, '?project_id=p1', 200],
    ['its own by the user', { 'x-roles': 'reader', 'x-auth-token': 'p1' }, '?project_id=p1', 200],
    [
      'the header before the token',
      { 'x-roles': 'reader', 'x-auth-token': 'u:p1', 'x-project-id': 'p2' },
      '?project_id=p1',
      403,
    ],
    ['another project', { 'x-roles': 'reader', 'x-project-id': 'p1' }, '?project_id=p2', 403],
    ['no role', { 'x-roles': 'member', 'x-project-id': 'p1' }, '?project_id=p1', 403],
    ['no project asked for', { 'x-roles': 'reader', 'x-project-id': 'p1' }, '', 403],
    ['no project asked for, by admin', { 'x-roles': 'admin' }, '', 400],
    ['any project, by service', { 'x-roles': 'service' }, '?project_id=p2', 200],
  ] as [string, Headers, string, number][])('usages of %s', async (_, headers, query, status) => {
    expect((await as(policy, headers).get(`/usages${query}`)).status).toBe(status);
  });

  it('reshaping is for service', async () => {
    expect((await as(policy, { 'x-roles': 'service' }).post('/reshaper', {})).status).toBe(400);
    expectError(await as(policy, { 'x-roles': 'reader' }).post('/reshaper', {}), denied(RESHAPE));
  });

  it('a policy is asked before anything is looked up', async () => {
    for (const method of ['put', 'delete'] as const) {
      const { status } = await as(policy, { 'x-roles': 'reader' })[method]('/resource_providers/none', {});
      expect({ method, status }).toEqual({ method, status: 403 });
    }
  });
});

describe('reshaping by an admin (spec http.md §2.1)', () => {
  it('is refused by the secure policy', async () => {
    expectError(await as('secure', { 'x-roles': 'admin' }).post('/reshaper', {}), denied(RESHAPE));
  });

  it('is allowed by the legacy policy', async () => {
    expect((await as('legacy', { 'x-roles': 'admin' }).post('/reshaper', {})).status).toBe(400);
  });
});

describe('the open policy', () => {
  it.each(ENDPOINTS.filter(({ rest }) => rest >= 400 && rest !== 404))('$method $path is for all', async (row) => {
    const anybody = as('open', { 'x-roles': '' }).with({ version: `1.${row.at}` });
    const path = examplePath(row);
    const { status } = await (row.method === 'GET'
      ? anybody.get(path)
      : row.method === 'PUT'
        ? anybody.put(path, '"nonsense"')
        : anybody.post(path, '"nonsense"'));
    expect(status).toBe(row.rest);
  });

  it('is for whoever has a token', async () => {
    expect((await as('open', {}).get('/resource_providers')).status).toBe(200);
    expect((await as('open', { 'x-auth-token': undefined }).get('/resource_providers')).status).toBe(401);
  });
});

describe.each(POLICIES)('scope, with the %s policy (spec http.md §2.1)', (policy) => {
  it.each([
    ['the system', { 'openstack-system-scope': 'all' }],
    ['a domain', { 'x-domain-id': 'd1' }],
  ] as [string, Headers][])('a token of %s may do nothing, whatever its roles', async (_, headers) => {
    const scoped = as(policy, { 'x-roles': 'admin,service', ...headers });
    expectError(await scoped.get('/resource_providers'), {
      status: 403,
      message: 'placement:resource_providers:list',
      code: UNDEFINED_CODE,
    });
    expectError(await scoped.post('/reshaper', {}), { status: 403, message: RESHAPE, code: UNDEFINED_CODE });
  });

  it('discovery asks for none', async () => {
    expect((await as(policy, { 'openstack-system-scope': 'all' }).get('/')).status).toBe(200);
  });
});
