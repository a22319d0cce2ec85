import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { berth } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client } from '../support/http.js';
import { draws, makeMovingWorld } from '../support/moving-world.js';
import { startServer, type RunningServer } from '../support/server.js';
import { readWholeApi } from '../support/whole-api.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

/** What owners and locks leave behind, and what of it can be read. */
const COORDINATION = [
  '/slot_locks?key_prefix=licence',
  '/slot_locks?owner=backup',
  '/lock_pools',
  '/lockspaces',
  '/lockspaces/storage',
];

let directory: string;
let story: Story;
let target: TestDatabase;
let servers: RunningServer[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-moving-'));
  [story, target] = await Promise.all([openStory(), createTestDatabase()]);
}, STORY_LIMIT_MS);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all([target.drop(), story.close()]);
  rmSync(directory, { recursive: true, force: true });
}, STORY_LIMIT_MS);

async function run(database: { url: string }, ...args: string[]): Promise<{ code: unknown; output: string }> {
  const command = berth(args, directory, { DATABASE_URL: database.url });
  return { code: await command.ended, output: command.output() };
}

async function query<Row extends object>({ url }: TestDatabase, text: string): Promise<Row[]> {
  const session = new pg.Client({ connectionString: url });
  await session.connect();
  const { rows } = await session.query<Row>(text);
  await session.end();
  return rows;
}

const path = (name: string): string => join(directory, name);

/** The records of an export, without what says when it was made. */
const recordsOf = (name: string): string[] =>
  readFileSync(path(name), 'utf8')
    .split('\n')
    .filter((line) => !/^\{"(berth_export|checkpoint|end)"/.test(line));

let token: number;

async function sqlOf({ url }: TestDatabase, statement: string): Promise<void> {
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  await sql.query(statement);
  await sql.end();
}

describe('a deployment that moves', () => {
  it('is exported while it serves', async () => {
    const clients = { typed: story.at(39), untyped: story.at(37) };
    const seed = Date.now() % 100_000;
    const consumers = await makeMovingWorld(clients, 12, 60, draws(seed));
    const { body } = await clients.typed.get<{ allocations: object }>(`/allocations/${consumers[0]}`);
    await story.berth.post('/slot_locks', { owner: 'backup', slot_locks: ['volume(1)'], lease_seconds: 3_000 });
    for (const owner of ['a', 'b', 'c']) {
      const slots = [{ key: 'licence', limit: 5 }];
      expect((await story.berth.post('/slot_locks', { owner, slot_locks: slots })).status).toBeLessThan(300);
    }
    await story.berth.put('/lock_pools/uploads', { capacity: 7 });
    await story.berth.put('/lockspaces/storage', { lease_ms: 40_000, grace_ms: 2_000 });
    const lock = { owner: 'host-1', mode: 'exclusive' };
    const held = await story.berth.put<{ token: number }>('/lockspaces/storage/locks/volume', lock);
    token = held.body.token;
    expect([typeof token, typeof body]).toEqual(['number', 'object']);
    // As after locks of it were forgotten.
    await sqlOf(story.database, 'update lockspaces set forgotten = 1');
    const { code, output } = await run(story.database, 'export', '--out', path('one.ndjson'));
    expect({ code, output, seed }).toEqual({
      code: 0,
      output: expect.stringMatching(/^Berth: exported .*provider: 39/),
      seed,
    });
  });

  it('is the same to everybody who reads, after its import into an empty database', async () => {
    const { code, output } = await run(target, 'import', path('one.ndjson'));
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('imported and verified') });
    const server = await startServer({ databaseUrl: target.url });
    servers = [server];
    expect(await readWholeApi(client(server.url, { version: '1.39' }))).toEqual(await readWholeApi(story.at(39)));
    const berthThere = client(server.url, { headers: BERTH });
    for (const one of COORDINATION) {
      const [here, there] = [await story.berth.get(one), await berthThere.get<object>(one)];
      expect(here.status).toBe(200);
      // The hold of the cluster lock stays behind.
      const gone = one === '/lockspaces/storage' ? { held: 0 } : {};
      expect(there.body).toEqual({ ...(here.body as object), ...gone });
    }
  });

  it('exports what it imported, packed as well', async () => {
    const { code } = await run(target, 'export', '--out', path('two.ndjson.gz'));
    expect(code).toBe(0);
    writeFileSync(path('two.ndjson'), gunzipSync(readFileSync(path('two.ndjson.gz'))));
    expect(recordsOf('two.ndjson')).toEqual(recordsOf('one.ndjson'));
    expect(recordsOf('one.ndjson').length).toBeGreaterThan(500);
    expect(readFileSync(path('two.ndjson'), 'utf8')).toContain('"forgotten":1');
  });

  it('gives new ids and higher tokens, and its writes go on from the generations of before', async () => {
    const [server] = servers;
    const there = client(server?.url ?? '', { headers: BERTH });
    const lock = { owner: 'host-2', mode: 'exclusive' };
    const held = await there.put<{ token: number }>('/lockspaces/storage/locks/volume', lock);
    expect(held.status).toBe(200);
    expect(held.body.token).toBeGreaterThan(token);
    const clients = {
      typed: there.with({ version: '1.39', headers: {} }),
      untyped: there.with({ version: '1.37', headers: {} }),
    };
    const { body } = await clients.typed.post<{ uuid: string; generation: number }>('/resource_providers', {
      name: 'new',
    });
    expect(body.generation).toBe(0);
    const listed = await clients.typed.get<{ resource_providers: { uuid: string }[] }>('/resource_providers');
    expect(listed.body.resource_providers.at(-1)?.uuid).toBe(body.uuid);
    const slot = { owner: 'd', slot_locks: [{ key: 'licence', limit: 5 }] };
    expect((await there.post('/slot_locks', slot)).status).toBeLessThan(300);
  });
});

describe('an import', () => {
  it('is refused where there is something already, or somebody', async () => {
    const served = await run(target, 'import', path('one.ndjson'));
    expect(served).toEqual({ code: 1, output: expect.stringMatching(/in use by another Berth \(\d+ connections\)/) });
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
    const full = await run(target, 'import', path('one.ndjson'));
    expect(full).toEqual({ code: 1, output: expect.stringContaining('not empty: there are resource providers') });
  });

  it('of a file that was changed or cut writes nothing', async () => {
    const empty = await createTestDatabase();
    const whole = readFileSync(path('one.ndjson'), 'utf8');
    const at = whole.indexOf('"total":64') + '"total":'.length;
    writeFileSync(path('changed.ndjson'), `${whole.slice(0, at)}9${whole.slice(at + 1)}`);
    writeFileSync(path('cut.ndjson'), whole.slice(0, whole.length / 2));
    writeFileSync(path('cut.ndjson.gz'), readFileSync(path('two.ndjson.gz')).subarray(0, 5_000));
    for (const name of ['changed.ndjson', 'cut.ndjson', 'cut.ndjson.gz']) {
      const { code, output } = await run(empty, 'import', path(name));
      expect([code, output]).toEqual([1, expect.stringMatching(/checksum does not fit|cut off|cannot be read/)]);
    }
    const dry = await run(empty, 'import', '--dry-run', path('two.ndjson.gz'));
    expect(dry).toEqual({ code: 0, output: expect.stringContaining('the file is whole') });
    expect(await query(empty, 'select * from resource_providers')).toEqual([]);
    expect(await query(empty, 'select * from transfers')).toEqual([]);
    await empty.drop();
  });

  it('that is not finished is not served, nor begun again', async () => {
    const empty = await createTestDatabase();
    await query(empty, `insert into transfers (id, kind, source) values (1, 'file', 'export x')`);
    const serving = await run(empty, 'serve');
    expect(serving).toEqual({
      code: 1,
      output: expect.stringContaining('an import of export x into this database is not finished'),
    });
    const again = await run(empty, 'import', path('one.ndjson'));
    expect(again).toEqual({ code: 1, output: expect.stringContaining('go on with --resume') });
    const another = await run(empty, 'import', '--resume', path('one.ndjson'));
    expect(another).toEqual({ code: 1, output: expect.stringContaining('the import that was begun is of export x') });
    await empty.drop();
  });

  it('whose counters are not the sums of what is held ends unfinished', async () => {
    const wrong = await createTestDatabase();
    await query(
      target,
      `update inventories set used = used + 1 where ctid = (select ctid from inventories where used > 0 limit 1)`,
    );
    await run(target, 'export', '--out', path('wrong.ndjson'));
    const { code, output } = await run(wrong, 'import', path('wrong.ndjson'));
    expect([code, output]).toEqual([1, expect.stringMatching(/not what it should be: .* of .*: \d+ used, \d+ held/)]);
    expect(await query(wrong, 'select kind from transfers')).toEqual([{ kind: 'file' }]);
    await wrong.drop();
  });
});
