import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { openEventStream } from '../support/event-stream.js';
import { client } from '../support/http.js';
import { freePort, startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { claimBody, createProvider } from './world.js';

jest.setTimeout(240_000);

const WRITERS = 8;
const KILLS = 3;
const ANSWERS_BETWEEN = 120;
/** Whoever was not told everything by then will not be. */
const LAST_TOLD_LIMIT_MS = 60_000;
const HEADERS = { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0' };

interface Line {
  readonly id: number;
  readonly kind: string;
  readonly uuid: string;
}

describe(`a server that is killed ${KILLS} times under ${WRITERS} writers and two followers`, () => {
  let database: TestDatabase;
  let server: RunningServer;
  let port: number;
  let providers: string[];
  let over = false;
  let overAtMs: number | undefined;
  let firstId = 0;
  const claimed: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    port = await freePort();
    server = await startServer({ databaseUrl: database.url, port });
    const http = client(server.url, { version: '1.39' });
    providers = await Promise.all([1, 2, 3].map(() => createProvider(http, 1_000_000)));
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('loses no change: each that was committed is told once, in order, to who comes back with a cursor', async () => {
    firstId = (await committed()).at(-1)?.id ?? 0;
    const begin = (await http().get<{ cursor: string }>('/changes')).body.cursor;
    const followers = [byEvents(begin), byPolling(begin)];
    const writers = Array.from({ length: WRITERS }, () => write());
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await waitFor(() => claimed.length >= kill * ANSWERS_BETWEEN, { limitMs: 30_000, what: 'claims' });
      await server.kill();
      server = await startServer({ databaseUrl: database.url, port });
    }
    await waitFor(() => claimed.length >= (KILLS + 1) * ANSWERS_BETWEEN, { limitMs: 30_000, what: 'claims' });
    over = true;
    await Promise.all(writers);
    overAtMs = performance.now();
    const truth = await committed();
    expect(truth.length).toBeGreaterThan(KILLS * ANSWERS_BETWEEN);
    const consumers = new Set(truth.map(({ uuid }) => uuid));
    expect(claimed.filter((uuid) => !consumers.has(uuid))).toEqual([]);
    const there = await inDatabase<{ uuid: string }>('select uuid from consumers');
    expect(truth.filter(({ kind }) => kind === 'consumer')).toHaveLength(there.length);
    for (const lines of await Promise.all(followers)) expect(byUuid(lines)).toEqual(byUuid(truth));
  });

  const http = () => client(`http://127.0.0.1:${port}`, { headers: HEADERS });

  async function write(): Promise<void> {
    const writer = client(`http://127.0.0.1:${port}`, { version: '1.39' });
    while (!over) {
      const uuid = randomUUID();
      const provider = providers[Math.floor(Math.random() * providers.length)] ?? '';
      const status = await writer.put(`/allocations/${uuid}`, claimBody({ provider, amount: 1 })).then(
        (reply) => reply.status,
        () => 0,
      );
      if (status === 204) claimed.push(uuid);
      else await sleep(10);
    }
  }

  /** What there is to be told: all that is in the log. */
  function committed(): Promise<Line[]> {
    return inDatabase<Line>(
      `select id::float8 as id, 'consumer' as kind, uuid from consumer_changes where id > $1
        union all select id::float8, 'provider', uuid from supply_changes where id > $1 order by id`,
      [firstId],
    );
  }

  async function inDatabase<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    try {
      return (await sql.query<Row>(text, [...values])).rows;
    } finally {
      await sql.end();
    }
  }

  async function isAll(lines: readonly Line[]): Promise<boolean> {
    if (overAtMs === undefined) return false;
    return performance.now() - overAtMs > LAST_TOLD_LIMIT_MS || lines.length >= (await committed()).length;
  }

  async function byEvents(begin: string): Promise<Line[]> {
    const lines: Line[] = [];
    let cursor = begin;
    while (!(await isAll(lines))) {
      const headers = { ...HEADERS, 'last-event-id': cursor };
      const stream = await openEventStream(`http://127.0.0.1:${port}/changes`, headers).catch(() => undefined);
      let ended = false;
      void stream?.ended.then(() => (ended = true));
      while (stream !== undefined && !ended && !(await isAll([...lines, ...told(stream.events)]))) await sleep(20);
      stream?.close();
      lines.push(...told(stream?.events ?? []));
      cursor = stream?.events.at(-1)?.id ?? cursor;
      await sleep(20);
    }
    return lines;
  }

  async function byPolling(begin: string): Promise<Line[]> {
    const lines: Line[] = [];
    for (let cursor = begin; !(await isAll(lines));) {
      const page = await http()
        .get<{ changes: Line[]; cursor: string }>(`/changes?after=${cursor}&wait=1&limit=50`)
        .catch(() => undefined);
      if (page?.status !== 200) {
        await sleep(20);
        continue;
      }
      lines.push(...page.body.changes);
      cursor = page.body.cursor;
    }
    return lines;
  }
});

function told(events: readonly { readonly data: unknown }[]): Line[] {
  return events.flatMap(({ data }) => (data === undefined ? [] : [data as Line]));
}

function byUuid(lines: readonly Line[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { uuid, id } of lines) found.set(uuid, [...(found.get(uuid) ?? []), id]);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
