import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { berth } from '../support/berth-command.js';
import { client } from '../support/http.js';
import { startServer } from '../support/server.js';

const SUFFIX = `${process.pid}_${randomBytes(4).toString('hex')}`;
const NAMES = { database: `berth_test_${SUFFIX}`, owner: `berth_owner_${SUFFIX}`, app: `berth_app_${SUFFIX}` };
const PASSWORD = randomBytes(12).toString('hex');

let admin: pg.Client;

const urlAs = (role: string): string => {
  const url = new URL(process.env.BERTH_TEST_ADMIN_URL ?? '');
  Object.assign(url, { username: role, password: PASSWORD, pathname: `/${NAMES.database}` });
  return url.href;
};

beforeAll(async () => {
  admin = new pg.Client({ connectionString: process.env.BERTH_TEST_ADMIN_URL });
  await admin.connect();
  for (const role of [NAMES.owner, NAMES.app]) await admin.query(`create role ${role} login password '${PASSWORD}'`);
  await admin.query(`create database ${NAMES.database} owner ${NAMES.owner}`);
});

afterAll(async () => {
  await admin.query(`drop database if exists ${NAMES.database} with (force)`);
  for (const role of [NAMES.app, NAMES.owner]) await admin.query(`drop role ${role}`);
  await admin.end();
});

async function migrate(role: string, ...args: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const command = berth(['migrate', ...args], tmpdir(), { DATABASE_URL: urlAs(role) });
  return { code: await command.ended, output: command.output() };
}

async function as<T>(role: string, work: (sql: pg.Client) => Promise<T>): Promise<T> {
  const sql = new pg.Client({ connectionString: urlAs(role) });
  await sql.connect();
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

const refusalOf = (role: string, statement: string): Promise<unknown> =>
  as(role, (sql) =>
    sql.query(statement).then(
      () => 'none',
      (error: { readonly code?: unknown }) => error.code,
    ),
  );

/** SQLSTATE of a missing privilege, or of not being the owner. */
const DENIED = '42501';

describe('a role that serves (docs/operations.md)', () => {
  it('cannot make the schema, and is told who can', async () => {
    const { code, output } = await migrate(NAMES.app);
    expect({ code, output }).toEqual({
      code: 1,
      output:
        'Berth: the schema is not up to date, and the role of DATABASE_URL may not change it; run `berth migrate` as its owner\n',
    });
  });

  it('is let in by the owner, as often as you like', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { code, output } = await migrate(NAMES.owner, '--serving-role', NAMES.app);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output).toContain(`the role ${NAMES.app} may serve\n`);
    }
    expect((await migrate(NAMES.owner, '--serving-role', 'nobody-such')).output).toBe(
      "Berth: the role 'nobody-such' does not exist; create it first\n",
    );
    expect((await migrate(NAMES.owner, '--serving-role', NAMES.owner)).output).toMatch(/is the one that owns/);
    // What a server does at its start.
    expect(await migrate(NAMES.app)).toEqual({ code: 0, output: 'Berth: the schema is up to date\n' });
  });

  it('serves all there is', async () => {
    const server = await startServer({ databaseUrl: urlAs(NAMES.app) });
    try {
      const http = client(server.url, { headers: { 'openstack-api-version': 'placement 1.39, berth 1.0' } });
      const statuses: number[] = [];
      const put = async (path: string, body: object): Promise<void> => {
        statuses.push((await http.put(path, body)).status);
      };
      const uuid = randomUUID();
      const consumer = randomUUID();
      statuses.push((await http.post('/resource_providers', { uuid, name: 'host' })).status);
      await put(`/resource_providers/${uuid}/inventories`, {
        resource_provider_generation: 0,
        inventories: { VCPU: { total: 8 } },
      });
      await put('/traits/CUSTOM_OWN', {});
      await put('/resource_classes/CUSTOM_OWN', {});
      await put(`/allocations/${consumer}`, {
        allocations: { [uuid]: { resources: { VCPU: 1 }, generation: 1 } },
        ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
        slot_locks: [{ key: 'licence', limit: 3 }],
      });
      await put('/lockspaces/space', {});
      await put('/lockspaces/space/locks/one', { owner: 'me', mode: 'exclusive', lease_ms: 60_000 });
      await put('/lock_pools/pool', { capacity: 2 });
      statuses.push((await http.post('/lock_pools/pool/permits', { key: 'volume', owner: 'me' })).status);
      statuses.push((await http.get('/changes')).status);
      statuses.push((await http.get('/allocation_candidates?resources=VCPU:1')).status);
      statuses.push((await http.delete(`/allocations/${consumer}?consumer_generation=1`)).status);
      expect(statuses.filter((status) => status < 200 || status >= 300)).toEqual([]);
      expect(server.logs()).not.toContain('permission denied');
    } finally {
      await server.stop();
    }
  });

  it('can do nothing else', async () => {
    const statements = [
      'create table mine (id integer)',
      'create schema mine',
      'drop table allocations',
      'alter table inventories add column note text',
      'truncate allocations',
      'delete from berth_migrations',
      'create index on allocations (id)',
      `alter role ${NAMES.app} superuser`,
      'select * from pg_authid',
    ];
    const refusals = await Promise.all(statements.map((statement) => refusalOf(NAMES.app, statement)));
    expect(refusals).toEqual(statements.map(() => DENIED));
  });

  it('may use what later migrations make', async () => {
    await as(NAMES.owner, (sql) => sql.query('create table later (id bigint generated always as identity, name text)'));
    expect(await refusalOf(NAMES.app, `insert into later (name) values ('x')`)).toBe('none');
    await as(NAMES.owner, (sql) => sql.query('drop table later'));
  });
});
