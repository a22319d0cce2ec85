import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openEventStream, type EventStream } from '../support/event-stream.js';
import { client, type Client } from '../support/http.js';
import { startServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Change {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly uuid: string;
  readonly generation: number;
  readonly deleted: boolean;
  readonly what: readonly string[];
}

interface Changes {
  readonly changes: readonly Change[];
  readonly cursor: string;
}

interface Refusal {
  readonly errors: readonly [{ readonly status: number; readonly reason: { readonly code: string } }];
}

const HEADERS = { 'x-auth-token': 'admin', ...BERTH };
const SUPPLY = ['resource_provider', 'inventories', 'traits', 'aggregates'];
const USE = ['inventories', 'usages', 'allocations'];

let story: Story;
let berth: Client;
let provider: string;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  provider = await createProvider('first');
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

async function createProvider(name: string): Promise<string> {
  const uuid = randomUUID();
  expect((await berth.post('/resource_providers', { name, uuid })).status).toBe(200);
  const inventories = { VCPU: { total: 1000 } };
  const reply = await berth.put(`/resource_providers/${uuid}/inventories`, {
    resource_provider_generation: 0,
    inventories,
  });
  expect(reply.status).toBe(200);
  return uuid;
}

/** A new consumer of the provider; providers rise with each claim, so the generation is read before. */
async function claim(): Promise<string> {
  const consumer = randomUUID();
  const { body } = await berth.get<{ generation: number }>(`/resource_providers/${provider}`);
  const { status } = await berth.put(`/allocations/${consumer}`, {
    allocations: { [provider]: { generation: body.generation, resources: { VCPU: 1 } } },
    ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
  });
  expect(status).toBe(204);
  return consumer;
}

async function changes(query = '', http = berth): Promise<Changes> {
  const { status, body } = await http.get<Changes>(`/changes${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

const now = async (): Promise<string> => (await changes()).cursor;

async function refused(path: string, http = berth): Promise<[number, string]> {
  const { body } = await http.get<Refusal>(path);
  return [body.errors[0].status, body.errors[0].reason.code];
}

const stream = (query: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> =>
  openEventStream(`${story.url}/changes${query}`, { ...HEADERS, ...headers });

const toldBy = ({ events }: EventStream): Change[] =>
  events.flatMap(({ data }) => (data === undefined ? [] : [data as Change]));

describe('what has changed', () => {
  it('begins now for who says nothing else', async () => {
    const first = await changes();
    expect(first).toEqual({ changes: [], cursor: expect.stringMatching(/^[\w.-]+$/) });
    expect(await changes(`?after=${first.cursor}`)).toMatchObject({ changes: [] });
  });

  it('is told of a provider and a consumer from beginning to end', async () => {
    const cursor = await now();
    const uuid = await createProvider('told');
    expect((await berth.delete(`/resource_providers/${uuid}?resource_provider_generation=1`)).status).toBe(204);
    const consumer = await claim();
    expect((await berth.delete(`/allocations/${consumer}?consumer_generation=1`)).status).toBe(204);
    const { body } = await berth.get<{ generation: number }>(`/resource_providers/${provider}`);
    const told = await changes(`?after=${cursor}`);
    const whole = { id: expect.any(Number), at: expect.stringMatching(/^\d{4}-.*Z$/), deleted: false };
    const gone = { deleted: true, what: [] };
    expect(told.changes.filter((change) => change.uuid === uuid)).toEqual([
      { ...whole, kind: 'provider', uuid, generation: 0, what: SUPPLY },
      { ...whole, kind: 'provider', uuid, generation: 1, what: USE },
      // The guard of a deletion raises the generation once more.
      { ...whole, kind: 'provider', uuid, generation: 2, what: SUPPLY },
      { ...whole, kind: 'provider', uuid, generation: 2, ...gone },
    ]);
    expect(told.changes.filter(({ kind }) => kind === 'consumer')).toEqual([
      { ...whole, kind: 'consumer', uuid: consumer, generation: 1, what: ['allocations'] },
      { ...whole, kind: 'consumer', uuid: consumer, generation: 1, ...gone },
    ]);
    // A removal of allocations changes the provider and leaves its generation alone.
    expect(told.changes.filter((change) => change.uuid === provider)).toEqual([
      { ...whole, kind: 'provider', uuid: provider, generation: body.generation, what: USE },
      { ...whole, kind: 'provider', uuid: provider, generation: body.generation, what: USE },
    ]);
    const ids = told.changes.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(await changes(`?after=${told.cursor}`)).toMatchObject({ changes: [] });
  });

  it('comes in pages, and filtered', async () => {
    const cursor = await now();
    const consumers = [await claim(), await claim(), await claim()];
    const all = (await changes(`?after=${cursor}`)).changes;
    expect(all).toHaveLength(6);
    const paged: Change[] = [];
    for (let after = cursor, more = true; more;) {
      const page = await changes(`?after=${after}&limit=2`);
      expect(page.changes.length).toBeLessThanOrEqual(2);
      paged.push(...page.changes);
      more = page.changes.length > 0;
      after = page.cursor;
    }
    expect(paged).toEqual(all);
    const only = async (filter: string) => (await changes(`?after=${cursor}&${filter}`)).changes;
    expect((await only('kind=consumer')).map(({ uuid }) => uuid)).toEqual(consumers);
    expect(await only('kind=provider')).toHaveLength(3);
    expect(await only('kind=provider&kind=consumer')).toEqual(all);
    expect((await only(`uuid=${consumers[0]}&uuid=${consumers[2]}`)).map(({ uuid }) => uuid)).toEqual([
      consumers[0],
      consumers[2],
    ]);
    expect(await only(`uuid=${consumers[0]}&kind=provider`)).toEqual([]);
  });

  it('is waited for', async () => {
    const cursor = await now();
    const waiting = changes(`?after=${cursor}&wait=30&kind=consumer`);
    const consumer = await claim();
    expect((await waiting).changes.map(({ uuid }) => uuid)).toEqual([consumer]);
    const began = performance.now();
    expect(await changes(`?after=${await now()}&wait=1`)).toMatchObject({ changes: [] });
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('is told by every process, wherever a follower was before', async () => {
    const other = await startServer({ databaseUrl: story.database.url });
    try {
      const there = client(other.url, { headers: BERTH });
      let cursor = await now();
      for (const http of [there, berth, there]) {
        const consumer = await claim();
        const page = await changes(`?after=${cursor}&kind=consumer&wait=10`, http);
        expect(page.changes.map(({ uuid }) => uuid)).toEqual([consumer]);
        cursor = page.cursor;
      }
    } finally {
      await other.stop();
    }
  });
});

describe('a stream of events', () => {
  it('tells the same, each with the cursor behind it, and goes on after any of them', async () => {
    const cursor = await now();
    // Nothing on the way may hold events back until there are enough of them to be compressed.
    const following = await stream(`?after=${cursor}`, { 'accept-encoding': 'gzip, br' });
    expect(following.headers).not.toHaveProperty('content-encoding');
    expect(following).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    });
    for (let claims = 0; claims < 3; claims += 1) await claim();
    await waitFor(() => toldBy(following).length >= 6, { what: 'six changes' });
    following.close();
    const { changes: all } = await changes(`?after=${cursor}`);
    expect(toldBy(following)).toEqual(all);
    for (const [index, { id }] of following.events.filter(({ data }) => data !== undefined).entries()) {
      const rest = await stream('', { 'last-event-id': id });
      await waitFor(() => toldBy(rest).length >= all.length - 1 - index, { what: 'the rest' });
      rest.close();
      expect(toldBy(rest)).toEqual(all.slice(index + 1));
      expect((await changes(`?after=${id}`)).changes).toEqual(all.slice(index + 1));
    }
  });

  it('says at once where it stands, and takes the filters', async () => {
    const following = await stream(`?kind=consumer`);
    await waitFor(() => following.events.length > 0, { what: 'the first event' });
    expect(following.events[0]).toEqual({ id: expect.stringMatching(/^[\w.-]+$/), data: undefined });
    const consumer = await claim();
    await waitFor(() => toldBy(following).length > 0, { what: 'a change' });
    following.close();
    expect(toldBy(following).map(({ uuid }) => uuid)).toEqual([consumer]);
  });

  it('waits for a slow reader, who misses nothing', async () => {
    const cursor = await now();
    const following = await stream(`?after=${cursor}`);
    following.pause();
    // Some 9 MB of events: far more than sockets hold.
    await inDatabase(
      `insert into consumer_changes (id, uuid, generation)
       select nextval('supply_changes_id_seq'), 'slow-' || n, n from generate_series(1, 40000) n`,
    );
    await claim();
    following.resume();
    await waitFor(() => toldBy(following).length >= 40_002, { limitMs: 60_000, what: 'all changes' });
    following.close();
    const generations = toldBy(following).flatMap(({ uuid, generation }) =>
      uuid.startsWith('slow') ? [generation] : [],
    );
    expect(generations).toEqual(Array.from({ length: 40_000 }, (_, index) => index + 1));
  });
});

describe('what is refused', () => {
  it('everything, to who does not speak berth 1.0', async () => {
    expect((await story.at(39).get('/changes')).status).toBe(404);
  });

  it.each(['limit=0', 'limit=1001', 'wait=61', 'wait=-1', 'kind=host', 'kind=host&kind=consumer', 'after=', 'since=1'])(
    'a query with %s',
    async (query) => {
      expect(await refused(`/changes?${query}`)).toEqual([400, 'berth.query_invalid']);
    },
  );

  it.each([
    'x',
    '00000000',
    '00000000.5-4',
    '00000000.5-9-7_6',
    '00000000.5-9-9',
    '00000000.5-9.6-9',
    '00000000.5-9.6-9.x',
  ])('a cursor like %s', async (cursor) => {
    expect(await refused(`/changes?after=${cursor}`)).toEqual([400, 'berth.cursor_malformed']);
  });

  it('another media type, and other people', async () => {
    expect((await berth.get('/changes', { accept: 'text/html' })).status).toBe(406);
    const reader = { 'x-auth-token': 'somebody', 'x-roles': 'reader' };
    expect((await berth.get('/changes', reader)).status).toBe(403);
    expect((await berth.get('/changes', { 'x-auth-token': undefined })).status).toBe(401);
  });

  it('a cursor that is older than what is remembered, or of another history, with 410', async () => {
    const cursor = await now();
    await claim();
    const [history = '', point = ''] = cursor.split('.');
    expect(await refused(`/changes?after=${history.replace(/^./, (c) => (c === '0' ? '1' : '0'))}.${point}`)).toEqual([
      410,
      'berth.cursor_expired',
    ]);
    await inDatabase('update supply_changes_floor set stamp = txid_current() where id = 2');
    expect(await refused(`/changes?after=${cursor}&wait=30`)).toEqual([410, 'berth.cursor_expired']);
    const expired = await stream(`?after=${cursor}`);
    expect([expired.status, await expired.text]).toEqual([410, expect.stringContaining('Read everything again')]);
    expect(await changes(`?after=${await now()}`)).toMatchObject({ changes: [] });
  });
});

describe('a server that stops', () => {
  it('lets followers go with what there is, and their cursors hold', async () => {
    const server = await startServer({ databaseUrl: story.database.url });
    const there = client(server.url, { headers: BERTH });
    const cursor = await now();
    const following = await openEventStream(`${server.url}/changes`, HEADERS);
    await waitFor(() => following.events.length > 0, { what: 'the first event' });
    const waiting = changes(`?after=${cursor}&wait=60`, there);
    // The other request is known to wait once a later one was answered.
    await changes('', there);
    expect(await server.stop()).toBe(0);
    const page = await waiting;
    expect(page.changes).toEqual([]);
    expect(await following.ended).toBe(true);
    const consumer = await claim();
    expect((await changes(`?after=${page.cursor}&kind=consumer`)).changes.map(({ uuid }) => uuid)).toEqual([consumer]);
  });
});

async function inDatabase(text: string): Promise<void> {
  const sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
  try {
    await sql.query(text);
  } finally {
    await sql.end();
  }
}
