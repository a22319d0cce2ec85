import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { wrongCounters } from '../support/counters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { DatabaseProxy, type CommitCut } from './database-proxy.js';
import { asHeld, claimBody, createProvider, heldByConsumer, type Wanted } from './world.js';

jest.setTimeout(240_000);

/** What a client may be told when the database could not be reached, and what each says of the claim. */
const NOTHING_WRITTEN = 'The database is not available.';
const NOT_KNOWN = 'whether it took effect is not known';

/** Rounds of a cut that leaves it to chance how far the others have come. */
const ROUNDS = 15;
const TOGETHER = 12;
/** Roomy, so that a refusal never has another reason. */
const TOTAL = 1_000_000;

interface Claim {
  readonly consumer: string;
  readonly wanted: Wanted;
  readonly reply: Reply<{ errors?: { status: number; detail: string }[] }>;
}

describe('a connection that is lost during commit', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let server: RunningServer;
  let http: Client;
  let sql: pg.Client;
  let providers: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.open(database.url);
    server = await startServer({ databaseUrl: proxy.url });
    http = client(server.url, { version: '1.39' });
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    providers = await Promise.all([1, 2, 3, 4].map(() => createProvider(http, TOTAL)));
    // The first claim names project, user and type, in a transaction of its own; later ones only claim.
    await healthy();
  });

  afterAll(async () => {
    await sql.end();
    await server.stop();
    await proxy.close();
    await database.drop();
  });

  it('before the server got the commit: nothing is there, and the answer says so', async () => {
    const claim = await cutClaim('unsent');
    expect([claim.reply.status, detailOf(claim)]).toEqual([503, expect.stringContaining(NOTHING_WRITTEN)]);
    expect(await held(claim)).toBeUndefined();
    await healthy();
  });

  it('after the server committed: it is there, and the answer says so', async () => {
    const claim = await cutClaim('unanswered');
    expect(claim.reply.status).toBe(204);
    expect(await held(claim)).toBe(asHeld(claim.wanted));
    await healthy();
  });

  it('and the database is away for a moment after it: the answer waits for the truth', async () => {
    const cuts = proxy.cuts;
    proxy.cutNextCommit('unanswered', { refuse: true });
    const sent = claim();
    await waitFor(() => proxy.cuts > cuts, { what: 'the cut' });
    // Somebody else is told at once that the database is not there: it has been asked after in vain by then.
    expect((await http.get('/resource_providers')).status).toBe(503);
    proxy.letThrough();
    const told = await sent;
    expect(told.reply.status).toBe(204);
    expect(await held(told)).toBe(asHeld(told.wanted));
    await healthy();
  });

  it('and the database stays away: the answer is that nobody knows', async () => {
    proxy.cutNextCommit('unanswered', { refuse: true });
    const told = await claim();
    proxy.letThrough();
    expect([told.reply.status, detailOf(told)]).toEqual([503, expect.stringContaining(NOT_KNOWN)]);
    expect(await held(told)).toBe(asHeld(told.wanted));
    await healthy();
  });

  it.each<CommitCut>(['unsent', 'sent', 'unanswered'])(
    'while others write: each is told 204 exactly if its claim is there (%s)',
    async (when) => {
      const cuts = proxy.cuts;
      const claims: Claim[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        proxy.cutNextCommit(when);
        claims.push(...(await Promise.all(Array.from({ length: TOGETHER }, () => claim()))));
        await healthy();
      }
      expect(proxy.cuts - cuts).toBe(ROUNDS);
      const there = await heldByConsumer(sql);
      const told = claims.map(({ consumer, reply }) => ({ status: reply.status, there: there.has(consumer) }));
      expect(told.filter((one) => one.there !== (one.status === 204))).toEqual([]);
      expect([...new Set(told.map(({ status }) => status))].filter((status) => ![204, 503].includes(status))).toEqual(
        [],
      );
      // Without both, the cuts hit nobody or everybody.
      expect(told.some(({ status }) => status === 204)).toBe(true);
      if (when === 'unsent') expect(told.some(({ status }) => status === 503)).toBe(true);
      expect(await wrongCounters(sql)).toEqual([]);
    },
  );

  async function claim(): Promise<Claim> {
    const consumer = randomUUID();
    const provider = providers[Math.floor(Math.random() * providers.length)] ?? '';
    const wanted = { provider, amount: 1 + Math.floor(Math.random() * 8) };
    return { consumer, wanted, reply: await http.put(`/allocations/${consumer}`, claimBody(wanted)) };
  }

  /** One claim alone, whose commit is cut. */
  async function cutClaim(when: CommitCut): Promise<Claim> {
    const cuts = proxy.cuts;
    proxy.cutNextCommit(when);
    const told = await claim();
    expect(proxy.cuts).toBe(cuts + 1);
    return told;
  }

  async function held({ consumer }: Claim): Promise<string | undefined> {
    return (await heldByConsumer(sql)).get(consumer);
  }

  /** Waits until claims are accepted again: connections that were cut may be noticed one by one. */
  async function healthy(): Promise<void> {
    await waitFor(async () => (await claim()).reply.status === 204, { what: 'a claim that is accepted' });
  }
});

function detailOf({ reply }: Claim): string | undefined {
  return reply.body?.errors?.[0]?.detail;
}
