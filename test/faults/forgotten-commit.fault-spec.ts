import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { client, type Client, type Reply } from '../support/http.js';
import { query } from '../support/query.js';
import { ServiceProcess } from '../support/service-process.js';
import { waitFor } from '../support/wait-for.js';
import { DatabaseProxy } from './database-proxy.js';
import { FaultyPostgres } from './soak/postgres.js';
import { claimBody, createProvider } from './world.js';

jest.setTimeout(300_000);

/** The log is written by commits alone: what was not committed is gone with a crash, its number included. */
const SETTINGS = { wal_writer_delay: '10s', autovacuum: 'off', checkpoint_timeout: '1h' };

const BERTH = { 'openstack-api-version': 'berth 1.0' };

/** More than were drawn between the last commit and the crash. */
const NUMBERS = 100;

describe('a transaction that is cut before its commit, and forgotten by the database in a crash', () => {
  let postgres: FaultyPostgres;
  let proxy: DatabaseProxy;
  let server: ServiceProcess;
  let http: Client;
  let provider: string;

  beforeAll(async () => {
    postgres = await FaultyPostgres.start(256, SETTINGS);
    proxy = await DatabaseProxy.open(postgres.url);
    server = new ServiceProcess({ databaseUrl: proxy.url });
    await server.start();
    http = client(server.url, { version: '1.39' });
    provider = await createProvider(http, 1_000);
    await http.put(`/allocations/${randomUUID()}`, claimBody({ provider, amount: 1 }));
  });

  afterAll(async () => {
    await server.stop();
    await proxy.close();
    await postgres.end();
  });

  it('is not taken for another one that got its number', async () => {
    const { consumer, reply } = await forgotten(NUMBERS);
    expect(reply.status).toBe(503);
    expect(await heldBy(consumer)).toEqual({ allocations: {} });
  });

  it('is known not to have happened while nobody else has its number', async () => {
    const { consumer, reply } = await forgotten(0);
    expect([reply.status, reply.body?.errors?.[0]?.detail]).toEqual([503, expect.stringContaining('not available')]);
    expect(await heldBy(consumer)).toEqual({ allocations: {} });
  });

  it('does not hide the change of another one that got its number from who reads on', async () => {
    await rollBackMany();
    expect(await candidates(2_000)).toBe(0);
    await postgres.stop('immediate');
    await postgres.startAgain();
    await changeBehindItsBack(3_000);
    expect(await candidates(2_000)).toBe(1);
  });

  it('does not hide that change from who follows the changes: it is told to begin anew', async () => {
    await rollBackMany();
    const cursor = await cursorOfNow();
    await postgres.stop('immediate');
    await postgres.startAgain();
    await changeBehindItsBack(4_000);
    expect((await http.get(`/changes?after=${cursor}`, BERTH)).status).toBe(410);
  });

  it('is the only reason to: a database that was stopped in order loses nothing', async () => {
    await rollBackMany();
    const cursor = await cursorOfNow();
    await postgres.stop('fast');
    await postgres.startAgain();
    await changeBehindItsBack(5_000);
    const { status, body } = await http.get<Changes>(`/changes?after=${cursor}`, BERTH);
    expect([status, body.changes.map(({ uuid }) => uuid)]).toEqual([200, [provider]]);
  });

  /** As of any reading from now on, all of them are over, and nobody asks after them again. */
  async function rollBackMany(): Promise<void> {
    const undone = ['begin', 'select pg_current_xact_id()', 'rollback'];
    // What was drawn before is not lost with them.
    await query(postgres, 'checkpoint', ...Array.from({ length: NUMBERS }, () => undone).flat());
  }

  /** As another process does it: who asked in between would be told that time went backwards. */
  async function changeBehindItsBack(total: number): Promise<void> {
    await query(
      postgres,
      'begin',
      `update inventories set total = ${total}`,
      `insert into supply_changes (resource_provider_id, shape, uuid, generation)
       select id, false, uuid, generation from resource_providers`,
      'commit',
    );
    await query(postgres, ...Array.from({ length: NUMBERS }, () => 'select pg_current_xact_id()'));
  }

  async function cursorOfNow(): Promise<string> {
    return (await http.get<Changes>('/changes', BERTH)).body.cursor;
  }

  async function candidates(amount: number): Promise<number> {
    const { body } = await http.get<Candidates>(`/allocation_candidates?resources=VCPU:${amount}`);
    return body.allocation_requests.length;
  }

  /** After the crash so many others draw numbers before the service can ask. */
  async function forgotten(others: number): Promise<{ consumer: string; reply: Reply<Errors> }> {
    const consumer = randomUUID();
    const cuts = proxy.cuts;
    proxy.cutNextCommit('unsent', { refuse: true });
    const sent = http.put<Errors>(`/allocations/${consumer}`, claimBody({ provider, amount: 1 }));
    await waitFor(() => proxy.cuts > cuts, { what: 'the cut', limitMs: 30_000 });
    await postgres.stop('immediate');
    await postgres.startAgain();
    await query(postgres, ...Array.from({ length: others }, () => 'select pg_current_xact_id()'));
    proxy.letThrough();
    return { consumer, reply: await sent };
  }

  /** As soon as the service answers again. */
  async function heldBy(consumer: string): Promise<unknown> {
    const asked = async (): Promise<unknown> => {
      const { status, body } = await http.get(`/allocations/${consumer}`);
      return status === 200 && body;
    };
    return await waitFor(asked, { what: 'an answer', limitMs: 60_000 });
  }
});

interface Changes {
  readonly changes: readonly { readonly uuid: string }[];
  readonly cursor: string;
}

interface Candidates {
  readonly allocation_requests: readonly unknown[];
}

interface Errors {
  readonly errors?: readonly { readonly detail: string }[];
}
