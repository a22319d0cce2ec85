import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { DatabaseProxy, type CommitCut } from './database-proxy.js';
import { query, TwoServers } from './two-servers.js';
import { createProvider } from './world.js';

jest.setTimeout(300_000);

const TOTAL = 1_000;
const LIMIT_MS = 60_000;

/** Ids that one of the servers gives out beyond those of the other. */
const AHEAD = 100;

/** A transaction that the change log knows nothing of, and one that it does. */
const SILENT = 'select txid_current()';
const LOGGED = 'insert into supply_changes (resource_provider_id, shape) values (0, true)';

type Told = Reply<{ errors?: { detail: string; code: string }[] }>;

describe('a standby takes over that lacks the last commits', () => {
  let servers: TwoServers;
  let proxy: DatabaseProxy;
  /** Knows the primary until the standby takes over. */
  let server: RunningServer;
  let http: Client;
  /** What is true on the standby, by a service that knows nothing else. */
  let witness: RunningServer;
  let there: Client;
  let provider: string;

  beforeAll(async () => {
    servers = await TwoServers.start(async (url) => {
      const first = await startServer({ databaseUrl: url });
      provider = await createProvider(client(first.url, { version: '1.39' }), TOTAL);
      await first.stop();
    });
    proxy = await DatabaseProxy.open(servers.primaryUrl);
    server = await startServer({ databaseUrl: proxy.url });
    http = client(server.url, { version: '1.39' });
  });

  afterAll(async () => {
    await server?.stop();
    await witness?.stop();
    await proxy?.close();
    await servers?.stop();
  });

  it('which is no place to begin at before it does: it answers of the past, and takes no writes', async () => {
    const refused = startServer({ databaseUrl: servers.standbyUrl });
    await expect(refused).rejects.toThrow('a standby, not the primary');
    proxy.leadTo(servers.standbyUrl);
    const told = await claim(http, 1);
    expect([told.reply.status, told.reply.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect((await http.get(`/resource_providers/${provider}/usages`)).status).toBe(503);
    expect((await http.get('/resource_providers')).status).toBe(503);
    proxy.leadTo(servers.primaryUrl);
    await healthy();
  });

  it('or one that was demoted without a restart: writes are answered 503 until it takes them again', async () => {
    const readOnly = (value: 'on' | 'off'): Promise<unknown> =>
      query(servers.primaryUrl, `alter system set default_transaction_read_only = ${value}`, 'select pg_reload_conf()');
    await readOnly('on');
    const statusOf = async (): Promise<number> => (await claim(http, 1)).reply.status;
    await waitFor(async () => (await statusOf()) === 503, { what: 'a refusal', limitMs: LIMIT_MS });
    expect(await Promise.all(Array.from({ length: 5 }, statusOf))).toEqual([503, 503, 503, 503, 503]);
    await readOnly('off');
    await healthy();
  });

  it('and nothing that was remembered of the other is told any more', async () => {
    const lost = await claim(http, 3, 'owner of the lost');
    expect(lost.reply.status).toBe(204);
    // Asked for, and asked for again: now it is remembered.
    const before = await held(http);
    expect(Object.keys(await held(http))).toEqual(Object.keys(before));
    expect(before).toHaveProperty(lost.consumer);
    const cursor = (await http.get<{ cursor: string }>('/changes', BERTH)).body.cursor;

    await servers.promote();
    witness = await startServer({ databaseUrl: servers.standbyUrl });
    there = client(witness.url, { version: '1.39' });
    const kept = await claim(there, 5);
    expect(kept.reply.status).toBe(204);
    await overtake('standby', SILENT);

    proxy.leadTo(servers.standbyUrl);
    // The first answers that come are those of the standby: none of what was read before.
    expect((await answered(`/resource_providers/${provider}/usages`)).body).toMatchObject({ usages: { VCPU: 5 } });
    expect(Object.keys(await held(http))).toEqual([kept.consumer]);
    const candidates = (await http.get('/allocation_candidates?resources=VCPU:1')).body;
    expect(candidates).toMatchObject({ provider_summaries: { [provider]: { resources: { VCPU: { used: 5 } } } } });
    expect((await http.get(`/changes?after=${cursor}`, BERTH)).status).toBe(410);
  });

  it('and projects, users and types that it has not heard of are written again', async () => {
    const { consumer, reply } = await claim(http, 1, 'owner of the lost');
    expect(reply.status).toBe(204);
    const told = (await http.get(`/allocations/${consumer}`)).body;
    expect(told).toMatchObject({ project_id: 'owner of the lost', consumer_type: 'OWNED_BY_THE_LOST' });
  });

  it.each([
    ['which wrote nothing that tells it: nobody knows', SILENT, 'whether it took effect is not known'],
    ['which left its mark: it is not there', LOGGED, 'The database is not available.'],
  ])('and a lost commit has the id of another %s', async (_what, statement, detail) => {
    proxy.leadTo(servers.primaryUrl);
    await healthy();
    // Now the next id of the primary has not yet been given out by the standby.
    await overtake('primary', SILENT);
    const told = await cutClaim('unsent', async () => {
      await overtake('standby', statement);
      proxy.leadTo(servers.standbyUrl);
    });
    expect([told.reply.status, told.reply.body.errors?.[0]?.detail]).toEqual([503, expect.stringContaining(detail)]);
    await healthy();
    expect((await http.get(`/allocations/${told.consumer}`)).body).toMatchObject({ allocations: {} });
  });

  it('while one that a server had is told by its mark, also if that may have lost others since', async () => {
    proxy.leadTo(servers.primaryUrl);
    await healthy();
    // As recovery from a crash does, without the time that it takes.
    const recovered = `select pg_stat_reset_shared('wal')`;
    const told = await cutClaim('unanswered', async () => void (await query(servers.primaryUrl, recovered)));
    expect(told.reply.status).toBe(204);
    expect(Object.keys(await held(http))).toContain(told.consumer);
  });

  /** A claim whose commit is cut; then `happens`, and only then the database can be reached again. */
  async function cutClaim(when: CommitCut, happens: () => Promise<void>) {
    const cuts = proxy.cuts;
    proxy.cutNextCommit(when, { refuse: true });
    const sent = claim(http, 1);
    await waitFor(() => proxy.cuts > cuts, { what: 'the cut', limitMs: LIMIT_MS });
    await happens();
    proxy.letThrough();
    return await sent;
  }

  async function claim(by: Client, amount: number, owner = 'somebody') {
    const consumer = randomUUID();
    const reply: Told = await by.put(`/allocations/${consumer}`, {
      allocations: { [provider]: { resources: { VCPU: amount } } },
      project_id: owner,
      user_id: owner,
      consumer_generation: null,
      consumer_type: owner === 'somebody' ? 'INSTANCE' : 'OWNED_BY_THE_LOST',
    });
    return { consumer, reply };
  }

  async function held(by: Client): Promise<object> {
    const { status, body } = await by.get<{ allocations: object }>(`/resource_providers/${provider}/allocations`);
    expect(status).toBe(200);
    return body.allocations;
  }

  /** The first answer that is not 503. */
  async function answered(path: string): Promise<Reply> {
    return await waitFor(
      async () => {
        const reply = await http.get(path);
        return reply.status === 503 ? undefined : reply;
      },
      { what: path, limitMs: LIMIT_MS },
    );
  }

  /** A claim is accepted, and none of what was read of another server is left in the way. */
  async function healthy(): Promise<void> {
    await waitFor(async () => (await claim(http, 1)).reply.status === 204, { what: 'a claim', limitMs: LIMIT_MS });
  }

  /** Has one of the servers give out ids until none of the other's is new there. */
  async function overtake(which: 'primary' | 'standby', statement: string): Promise<void> {
    const urls = { primary: servers.primaryUrl, standby: servers.standbyUrl };
    const [behind, ahead] = [
      await xmaxOf(urls[which]),
      Math.max(...(await Promise.all(Object.values(urls).map(xmaxOf)))),
    ];
    await query(urls[which], ...Array.from({ length: ahead + AHEAD - behind }, () => statement));
  }
});

const BERTH = { 'openstack-api-version': 'berth 1.0' };

async function xmaxOf(url: string): Promise<number> {
  const [row] = await query<{ xmax: number }>(
    url,
    'select txid_snapshot_xmax(txid_current_snapshot())::float8 as xmax',
  );
  return row?.xmax ?? 0;
}
