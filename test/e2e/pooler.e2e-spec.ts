import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { berth } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { WAITING } from '../support/lock-waits.js';
import { findPgBouncer, startPooler, type Pooler } from '../support/pooler.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';

const program = findPgBouncer();
// Without PgBouncer there is nothing to try: the title says so then.
const describeHere = program === undefined ? describe.skip : describe;

/** Fewer than the service has: they are handed from one of its connections to another all the time. */
const SESSIONS = 3;

const TOTAL = 100;
const WANTED = 3;
const CLAIMS = 60;

/** What the third service lets a statement take: the others do the work, and must not be in a hurry. */
const SHORT_MS = 1_000;

describeHere(`the service through PgBouncer in transaction mode (${program ?? 'skipped: no pgbouncer here'})`, () => {
  let database: TestDatabase;
  let pooler: Pooler;
  let servers: RunningServer[];
  let here: Client;
  let there: Client;
  let sql: pg.Client;
  let provider: string;

  const env = (): Record<string, string> => ({
    DATABASE_DIRECT_URL: database.url,
    BERTH_DATABASE_POOLER: 'transaction',
  });

  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await startPooler(program ?? '', database.url, SESSIONS);
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    servers = [];
    for (const databaseUrl of [pooler.url, pooler.url, `${pooler.url}?statement_timeout=${SHORT_MS}`])
      servers.push(await startServer({ databaseUrl, env: env() }));
    [here, there] = [at(0), at(1)] as [Client, Client];
    provider = randomUUID();
    await here.post('/resource_providers', { name: 'host', uuid: provider });
  });

  afterAll(async () => {
    for (const server of servers ?? []) await server.stop();
    await sql?.end();
    await pooler?.stop();
    await database?.drop();
  });

  it('gives out what there is and nothing twice, to many at once', async () => {
    const inventories = { resource_provider_generation: 0, inventories: { VCPU: { total: TOTAL } } };
    expect((await here.put(`/resource_providers/${provider}/inventories`, inventories)).status).toBe(200);
    const told = await Promise.all(Array.from({ length: CLAIMS }, (_, n) => claim(n % 2 === 0 ? here : there)));
    const accepted = told.filter(({ reply }) => reply.status === 204);
    expect(accepted).toHaveLength(Math.floor(TOTAL / WANTED));
    expect([...new Set(told.map(({ reply }) => reply.status))].sort()).toEqual([204, 409]);
    for (const http of [here, there]) {
      const { body } = await http.get<{ allocations: object }>(`/resource_providers/${provider}/allocations`);
      expect(Object.keys(body.allocations).sort()).toEqual(accepted.map(({ consumer }) => consumer).sort());
    }
    await Promise.all(
      accepted.map(({ consumer }, n) => (n % 2 === 0 ? there : here).delete(`/allocations/${consumer}`)),
    );
    const usages = await there.get(`/resource_providers/${provider}/usages`);
    expect(usages.body).toMatchObject({ usages: { VCPU: 0 } });
  });

  it('reads everything anew, and what has changed, as without one', async () => {
    for (const total of [7, 8, 9]) {
      const seen = (await here.get<{ generation: number }>(`/resource_providers/${provider}`)).body.generation;
      const inventories = { resource_provider_generation: seen, inventories: { VCPU: { total } } };
      expect((await here.put(`/resource_providers/${provider}/inventories`, inventories)).status).toBe(200);
      const found = (await there.get('/allocation_candidates?resources=VCPU:1')).body;
      expect(found).toMatchObject({ provider_summaries: { [provider]: { resources: { VCPU: { capacity: total } } } } });
    }
  });

  it('wakes who waits at another process', async () => {
    const pool = `/lock_pools/${randomUUID()}`;
    const options = { 'openstack-api-version': 'berth 1.0' };
    await here.put(pool, { capacity: 1 }, options);
    const held = await here.post<{ token: number }>(`${pool}/permits`, { key: 'k', owner: 'a' }, options);
    const waiting = there.post(`${pool}/permits`, { key: 'k', owner: 'b', wait_seconds: 60 }, options);
    await waitFor(async () => (await here.get<{ waiting: number }>(pool, options)).body.waiting === 1, {
      what: 'a waiter',
      limitMs: 30_000,
    });
    // It is told by a connection that keeps its session, not found by looking now and then.
    const listening = `select from pg_stat_activity where application_name = 'berth notices' and datname = current_database()`;
    await waitFor(async () => (await sql.query(listening)).rowCount === 1, { what: 'a listener', limitMs: 30_000 });
    await here.delete(`${pool}/permits/${held.body.token}?owner=a`, undefined, options);
    expect((await waiting).status).toBe(200);
  });

  it('ends a statement that takes too long, as each transaction says', async () => {
    await sql.query('begin');
    await sql.query('select from resource_providers where uuid = $1 for update', [provider]);
    const { reply } = await claim(at(2));
    // The service alone would only have stopped listening, later, and left the statement to wait on.
    const { rows } = await sql.query<{ waiting: number }>(WAITING);
    await sql.query('rollback');
    expect([reply.status, rows]).toEqual([503, [{ waiting: 0 }]]);
    const accepted = async (): Promise<boolean> => (await claim(at(2))).reply.status === 204;
    await waitFor(accepted, { what: 'a claim', limitMs: 60_000 });
  });

  it('leaves nothing behind in the sessions that others get next', async () => {
    const behind = new pg.Client({ connectionString: pooler.url });
    await behind.connect();
    const { rows } = await behind.query(
      `select (select count(*)::int from pg_prepared_statements) as prepared,
              current_setting('enable_seqscan') as seqscan, current_setting('plan_cache_mode') as plans,
              current_setting('statement_timeout') as timeout`,
    );
    await behind.end();
    expect(rows).toEqual([{ prepared: 0, seqscan: 'on', plans: 'auto', timeout: '0' }]);
    const { rows: seen } = await sql.query<{ sessions: number }>(
      `select count(*)::int as sessions from pg_stat_activity where datname = current_database() and application_name = 'berth'`,
    );
    expect(seen[0]?.sessions).toBeLessThanOrEqual(SESSIONS);
  });

  it('migrates past it', async () => {
    const command = berth(['migrate'], tmpdir(), { DATABASE_URL: pooler.url, ...env() });
    expect([await command.ended, command.output()]).toEqual([0, expect.stringContaining('the schema is up to date')]);
  });

  function at(index: number): Client {
    return client(servers[index]?.url ?? '', { version: '1.39' });
  }

  async function claim(http: Client): Promise<{ consumer: string; reply: Reply }> {
    const consumer = randomUUID();
    const reply = await http.put(`/allocations/${consumer}`, {
      allocations: { [provider]: { resources: { VCPU: WANTED } } },
      ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
    });
    return { consumer, reply };
  }
});
