import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

jest.setTimeout(120_000);

const STORE = new URL('../../dist/libs/store/src/index.js', import.meta.url).href;

const COMMANDS = new URL('../../dist/apps/cli/src/database.js', import.meta.url).href;

/** One process that brings the database up to date twice at once, as so many servers do at their start. What it said. */
const MIGRATE = `
const { bringUpToDate } = await import(process.env.COMMANDS);
const said = [];
await Promise.all([1, 2].map(() => bringUpToDate(process.env.URL, (line) => said.push(line))));
console.log(JSON.stringify(said));`;

const VERIFY = `
const { openDataSource, verifySchema } = await import(process.env.STORE);
const source = await openDataSource(process.env.URL, 2);
console.log(JSON.stringify(await verifySchema(source)));
await source.destroy();`;

const PROCESSES = 4;

let url: URL;
let admin: pg.Client;
let sql: pg.Client;

beforeAll(async () => {
  const adminUrl = process.env.BERTH_TEST_ADMIN_URL;
  admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  url = new URL(adminUrl ?? '');
  url.pathname = `/berth_test_${process.pid}_${randomBytes(5).toString('hex')}`;
  await admin.query(`create database ${url.pathname.slice(1)}`);
  sql = new pg.Client({ connectionString: url.href });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await admin.query(`drop database ${url.pathname.slice(1)} with (force)`);
  await admin.end();
});

async function inProcess<T>(script: string): Promise<T> {
  const args = ['--input-type=module', '-e', script];
  const env = { ...process.env, NODE_OPTIONS: '', STORE, COMMANDS, URL: url.href };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as T;
}

async function count(table: string): Promise<unknown> {
  const { rows } = await sql.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count;
}

describe('migrate, by many at once on an empty database', () => {
  it('says before that everything is missing', async () => {
    expect((await inProcess<string[]>(VERIFY))[0]).toBe('there are migrations that were not applied');
  });

  it('is done once', async () => {
    const results = await Promise.all(Array.from({ length: PROCESSES }, () => inProcess<string[]>(MIGRATE)));
    const said = results.flat();
    expect(said).toHaveLength(2 * PROCESSES);
    const working = said.filter((line) => line !== 'the schema is up to date');
    expect(working).toHaveLength(1);
    const applied = working[0]?.replace('applied ', '').split(', ') ?? [];
    expect(applied.slice(-2)).toEqual(['377 standard traits', '21 standard resource classes']);
    expect(await count('berth_migrations')).toBe(applied.length - 2);
    expect([await count('traits'), await count('resource_classes')]).toEqual([377, 21]);
    expect(await count('(select distinct name from traits) as names')).toBe(377);
  });

  it('numbers the standard classes in their order', async () => {
    const { rows } = await sql.query('select id, name from resource_classes order by id');
    expect(rows.slice(0, 3)).toEqual([
      { id: 0, name: 'VCPU' },
      { id: 1, name: 'MEMORY_MB' },
      { id: 2, name: 'DISK_GB' },
    ]);
    expect(rows.at(-1)).toMatchObject({ id: 20 });
  });

  it('adds a standard name that is missing, and leaves all others and custom ones alone', async () => {
    await sql.query(`delete from traits where name = 'HW_CPU_X86_AVX'`);
    await sql.query(`insert into traits (name) values ('CUSTOM_KEPT')`);
    expect((await inProcess<string[]>(MIGRATE)).sort()).toEqual([
      'applied 1 standard traits',
      'the schema is up to date',
    ]);
    expect(await count('traits')).toBe(378);
  });
});

describe('the log of changes of another history, as a restored dump brings it', () => {
  /** Ahead of every transaction of this server. */
  const AHEAD = '4000000000';
  const lines = async (): Promise<unknown> =>
    (
      await sql.query(
        `select (select count(*)::int from supply_changes) as providers, (select count(*)::int from consumer_changes) as consumers,
                (select count(*)::int from change_marks) as marks, (select max(stamp)::text from supply_changes_floor) as floor`,
      )
    ).rows[0];

  it('is emptied where it is ahead of this one, which would take it for new again and again', async () => {
    await sql.query(`insert into supply_changes (stamp, resource_provider_id, shape) values (${AHEAD}, 1, true)`);
    await sql.query(
      `insert into consumer_changes (stamp, id, generation, uuid) values (${AHEAD}, 1, 0, gen_random_uuid()::text)`,
    );
    await sql.query(`insert into change_marks (horizon, snapshot) values (${AHEAD}, '1:${AHEAD}:7')`);
    await sql.query(`update supply_changes_floor set stamp = ${AHEAD}`);
    expect((await inProcess<string[]>(MIGRATE)).sort()).toEqual([
      'applied a change log that begins anew',
      'the schema is up to date',
    ]);
    expect(await lines()).toEqual({ providers: 0, consumers: 0, marks: 0, floor: '0' });
  });

  it('stays where it is of this one', async () => {
    await sql.query(`insert into supply_changes (resource_provider_id, shape) values (1, true)`);
    await sql.query(`insert into consumer_changes (id, generation, uuid) values (2, 0, gen_random_uuid()::text)`);
    await sql.query(`update supply_changes_floor set stamp = txid_current()`);
    await sql.query(
      `insert into change_marks (horizon, snapshot)
       select txid_snapshot_xmax(txid_current_snapshot()), txid_current_snapshot()::text`,
    );
    const before = await lines();
    expect(before).toMatchObject({ providers: 1, consumers: 1, marks: 1 });
    await inProcess<string[]>(MIGRATE);
    expect(await lines()).toEqual(before);
  });
});

describe('verifySchema', () => {
  it('finds nothing amiss afterwards', async () => {
    expect(await inProcess<string[]>(VERIFY)).toEqual([]);
  });

  it('finds a column that was dropped', async () => {
    await sql.query('alter table inventories drop column step_size');
    const differences = await inProcess<string[]>(VERIFY);
    expect(differences.length).toBeGreaterThan(0);
    expect(differences.join('\n')).toMatch(/the schema lacks: .*"inventories".*"step_size"/);
  });
});
