import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { asHeld, claimBody, createProvider, heldByConsumer, type Wanted } from '../faults/world.js';
import { wrongCounters } from '../support/counters.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { openEventStream } from '../support/event-stream.js';
import { client, type Client } from '../support/http.js';
import { isListening } from '../support/is-listening.js';
import { startServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { BERTH } from './http-story.js';

const CLIENTS = 20;
const CLAIMANTS = 64;

interface Claim {
  readonly consumer: string;
  readonly wanted: Wanted;
  /** Or the code of what broke the connection. */
  readonly status: number | string;
}

describe('a server that is told to stop', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('answers what is under way, takes nothing new, and ends cleanly within its limit', async () => {
    const server = await startServer({ databaseUrl: database.url });
    const http = client(server.url, { version: '1.39' });
    let answered = 0;
    const failures: unknown[] = [];
    const work = Array.from({ length: CLIENTS }, async () => {
      for (;;) {
        try {
          const { status } = await http.get('/resource_classes');
          if (status !== 200) failures.push(status);
          answered += 1;
        } catch (error) {
          // A new connection is refused, or an idle one was closed: no request was half answered.
          return (error as NodeJS.ErrnoException).code;
        }
      }
    });
    while (answered < CLIENTS * 5) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await server.stop()).toBe(0);
    for (const code of await Promise.all(work)) expect(['ECONNREFUSED', 'ECONNRESET']).toContain(code);
    expect(failures).toEqual([]);
  });

  it('finishes the claims of many clients, and ends streams and waits at once', async () => {
    const server = await startServer({ databaseUrl: database.url });
    const http = client(server.url, { version: '1.39' });
    const berth = client(server.url, { headers: BERTH });
    // One has room for a moment only, so that there are refusals, too.
    const providers = await Promise.all([20, 1_000_000, 1_000_000].map((total) => createProvider(http, total)));
    const stream = await openEventStream(`${server.url}/changes`, { 'x-auth-token': 'admin', ...BERTH });
    const poll = berth.get('/changes?wait=60&kind=provider');
    const claims: Claim[] = [];
    const load = Array.from({ length: CLAIMANTS }, () => claimUntilRefused(http, providers, claims));
    await waitFor(() => claims.length > CLAIMANTS * 4, { limitMs: 60_000, what: 'the load' });
    expect(await server.stop()).toBe(0);
    await Promise.all(load);
    expect(await stream.ended).toBe(true);
    expect((await poll).status).toBe(200);

    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    const held = await heldByConsumer(sql);
    const wrong = await wrongCounters(sql);
    await sql.end();
    expect(wrong).toEqual([]);
    const answered = claims.filter(({ status }) => typeof status === 'number');
    expect([...new Set(answered.map(({ status }) => status))].sort()).toEqual([204, 409]);
    for (const { consumer, wanted, status } of claims) {
      // Whoever had no answer may find all of it, or nothing.
      const right = { 204: [asHeld(wanted)], 409: [undefined] }[Number(status)] ?? [asHeld(wanted), undefined];
      expect(right).toContain(held.get(consumer));
    }
    const broken = claims.filter(({ status }) => typeof status === 'string');
    for (const { status } of broken) expect(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']).toContain(status);
  });

  it('that is told twice does not wait', async () => {
    const server = await startServer({ databaseUrl: database.url });
    const [port] = /\d+$/.exec(server.url) ?? [];
    // Nobody ever finishes this request.
    const held = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    const head = ['POST /resource_providers HTTP/1.1', 'Host: x', 'X-Auth-Token: admin', 'Content-Length: 9'];
    held.write([...head, 'Expect: 100-continue', '', '{'].join('\r\n'));
    const [read] = (await once(held, 'data')) as [Buffer];
    expect(read.toString()).toMatch(/^HTTP\/1.1 100 /);
    process.kill(server.pid, 'SIGTERM');
    await waitFor(async () => !(await isListening(Number(port))), { what: 'the stop to begin' });
    // What comes sooner is the same wish, told to a whole group of processes.
    await sleep(1_000);
    const since = performance.now();
    expect(await server.stop()).toBe(1);
    expect(performance.now() - since).toBeLessThan(8_000);
    held.destroy();
  });
});

async function claimUntilRefused(http: Client, providers: readonly string[], claims: Claim[]): Promise<void> {
  for (;;) {
    const wanted: Wanted = { provider: providers[Math.floor(Math.random() * providers.length)] ?? '', amount: 2 };
    const consumer = randomUUID();
    const status = await http.put(`/allocations/${consumer}`, claimBody(wanted)).then(
      (reply) => reply.status,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    claims.push({ consumer, wanted, status });
    if (typeof status === 'string') return;
  }
}
