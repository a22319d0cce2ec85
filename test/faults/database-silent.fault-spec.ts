import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { wrongCounters } from '../support/counters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { DatabaseProxy } from './database-proxy.js';
import { BACK_LIMIT_MS, everyRead, everyWrite, expectUnavailable, firstAnswer } from './every-request.js';
import { claimBody, createProvider, heldByConsumer } from './world.js';

jest.setTimeout(240_000);

const TOTAL = 1_000;
/**
 * A lost connection is noticed after 15 s at most, and then another one is tried for 5 s, for two requests one after the
 * other; a write may have waited for 10 s before. Twice that is too late on any machine.
 */
const ANSWER_LIMIT_MS = 60_000;
/** Limits of the URL come before the service's own. */
const QUICK = '?statement_timeout=1500&query_timeout=2000';
/** Row locks of a transaction that is cut off are let go after 10 s; three times that is too late. */
const LOCKS_LIMIT_MS = 30_000;
/** So many claims that the groups of them, one after the other, would wait for far longer than each of them may. */
const CROWD = 2_000;

/** Connections that neither break nor answer: a network that loses everything, a server that is frozen. */
describe('a database that says nothing', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let servers: RunningServer[];
  /** These two reach the database through the proxy, the second with limits of its own; `other` reaches it directly. */
  let http: Client;
  let quick: Client;
  let other: Client;
  let sql: pg.Client;
  let provider: string;
  let consumer: string;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.open(database.url);
    const urls = [proxy.url, `${proxy.url}${QUICK}`, database.url];
    servers = await Promise.all(urls.map((databaseUrl) => startServer({ databaseUrl })));
    [http, quick, other] = servers.map(({ url }) =>
      client(url, { version: '1.39', headers: { 'x-roles': 'admin,service' }, agent }),
    ) as [Client, Client, Client];
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    provider = await createProvider(http, TOTAL);
    consumer = randomUUID();
    await healthy();
    expect((await http.put(`/allocations/${consumer}`, claimBody({ provider, amount: 3 }))).status).toBe(204);
  });

  afterAll(async () => {
    agent.destroy();
    await sql.end();
    await Promise.all(servers.map((server) => server.stop()));
    await proxy.close();
    await database.drop();
  });

  const standing = (): { provider: string; consumer: string } => ({ provider, consumer });

  it('makes every request fail with 503, in bounded time, and is asked anew when it speaks again', async () => {
    for (const by of [http, quick]) {
      for (const path of everyRead(standing())) expect([path, (await by.get(path)).status]).toEqual([path, 200]);
    }
    proxy.silence();
    // First on connections that were good.
    const order: Client[] = [];
    const requests = [http, quick].map((by) => everythingFails(by).then(() => order.push(by)));
    const crowd = Array.from({ length: CROWD }, () => inTime(newClaim(http, 1)));
    const [replies] = await Promise.all([Promise.all(crowd), ...requests]);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]));
    expect(order).toEqual([quick, http]);
    // Then on new ones.
    await everythingFails(quick);

    await changeMeanwhile();
    const expected = new Map<string, unknown>();
    for (const path of everyRead(standing())) expected.set(path, (await other.get(path)).body);
    proxy.letThrough();
    for (const by of [http, quick]) {
      const first = await Promise.all(
        everyRead(standing()).map(async (path) => [path, await firstAnswer(by, path)] as const),
      );
      for (const [path, body] of first) expect([path, body]).toEqual([path, expected.get(path)]);
    }
    // What was sent into the silence has arrived by now, and did nothing.
    for (const path of everyRead(standing())) {
      expect([path, (await other.get(path)).body]).toEqual([path, expected.get(path)]);
    }
    expect((await other.get('/traits/CUSTOM_LOST')).status).toBe(404);
    expect((await other.get('/resource_classes/CUSTOM_LOST')).status).toBe(404);
    await healthy();
    expect(await wrongCounters(sql)).toEqual([]);
  });

  it('in the middle of a write: its locks are let go, and it is told the truth', async () => {
    const claimed = randomUUID();
    proxy.silenceAtNextCommit();
    const told = inTime(quick.put(`/allocations/${claimed}`, claimBody({ provider, amount: 1 })));
    await waitFor(() => proxy.holds > 0, { what: 'a commit that is on its way' });
    // Somebody else gets at the same rows while the other side still is silent.
    const others = await waitFor(
      async () => {
        const reply = await inTime(newClaim(other, 1));
        return reply.status === 204 && reply;
      },
      { limitMs: LOCKS_LIMIT_MS, what: 'the rows that a silent writer has locked' },
    );
    expect(others.status).toBe(204);
    const { status, body } = await told;
    expect([status, JSON.stringify(body)]).toEqual([
      503,
      expect.stringMatching('whether it took effect is not known|The database is not available'),
    ]);
    proxy.letThrough();
    await healthy();
    // The commit that was on its way has arrived too late.
    expect((await heldByConsumer(sql)).has(claimed)).toBe(false);
    expect(await wrongCounters(sql)).toEqual([]);
  });

  it('lets nobody wait without end for rows that somebody holds', async () => {
    const path = `/resource_providers/${provider}`;
    const { generation } = (await other.get<{ generation: number }>(path)).body;
    await sql.query('begin');
    await sql.query('select 1 from resource_providers where uuid = $1 for update', [provider]);
    expectUnavailable(
      'a write',
      await inTime(quick.put(`${path}/traits`, { resource_provider_generation: generation, traits: [] })),
    );
    expectUnavailable('a claim', await inTime(newClaim(quick, 1)));
    await sql.query('rollback');
    expect((await other.get(path)).body).toMatchObject({ generation });
    await healthy();
  });

  it('does not keep the service from ending', async () => {
    proxy.silence();
    const told = ['/resource_providers', `/allocations/${consumer}`].map((path) => inTime(quick.get(path)));
    await waitFor(() => proxy.holds > 0, { what: 'a statement that is sent into the silence' });
    expect(await servers[1]?.stop()).toBe(0);
    for (const [index, reply] of (await Promise.all(told)).entries()) expectUnavailable(`read ${index}`, reply);
    proxy.letThrough();
  });

  async function everythingFails(by: Client): Promise<void> {
    const asked = [...everyRead(standing()).map((path) => () => by.get(path)), ...everyWrite(by, standing())];
    const replies = await Promise.all(asked.map((ask) => inTime(ask())));
    for (const [index, reply] of replies.entries()) expectUnavailable(`request ${index}`, reply);
  }

  async function changeMeanwhile(): Promise<void> {
    const at = `/resource_providers/${provider}`;
    const { generation } = (await other.get<{ generation: number }>(at)).body;
    const steps = [
      () => other.post('/resource_providers', { name: 'added', uuid: randomUUID() }),
      () => other.put(`${at}/traits`, { resource_provider_generation: generation, traits: ['HW_CPU_X86_AVX'] }),
      () => other.put(`${at}/inventories/VCPU`, { resource_provider_generation: generation + 1, total: 2 * TOTAL }),
      () => newClaim(other, 7),
      () => other.delete(`/allocations/${consumer}`),
      () => other.put('/traits/CUSTOM_ADDED'),
    ];
    for (const [index, step] of steps.entries()) {
      const { status, body } = await inTime(step());
      expect([index, status < 300, body]).toEqual([index, true, body]);
    }
  }

  function newClaim(by: Client, amount: number): Promise<Reply> {
    return by.put(`/allocations/${randomUUID()}`, claimBody({ provider, amount }));
  }

  /** Waits until claims are accepted again: connections that were lost may be noticed one by one. */
  async function healthy(): Promise<void> {
    for (const by of [http, quick]) {
      await waitFor(async () => (await newClaim(by, 1)).status === 204, {
        limitMs: BACK_LIMIT_MS,
        what: 'a claim that is accepted',
      });
    }
  }
});

/** An answer, or a failure that says that there was none in time. */
async function inTime(reply: Promise<Reply>): Promise<Reply> {
  const limit = new AbortController();
  const late = sleep(ANSWER_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`no answer within ${ANSWER_LIMIT_MS} ms`);
  });
  return await Promise.race([reply, late]).finally(() => {
    late.catch(() => undefined);
    limit.abort();
  });
}
