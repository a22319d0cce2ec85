import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { startOwner, type Owner, type OwnerOptions } from '../support/owner-process.js';
import { waitFor } from '../support/wait-for.js';

// Each test starts processes that start a database server; on a busy machine that takes its time.
jest.setTimeout(120_000);

let base: string;
const owners: Owner[] = [];

async function start(options: OwnerOptions): Promise<Owner> {
  const owner = await startOwner(options);
  owners.push(owner);
  return owner;
}

async function query(url: string | undefined, statement: string): Promise<Record<string, unknown>[]> {
  const session = new pg.Client({ connectionString: url ?? '' });
  // The server may be killed under it, which is reported here as well as by the query.
  session.on('error', () => undefined);
  await session.connect();
  try {
    return (await session.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await session.end();
  }
}

const readNotes = (url: string | undefined): Promise<unknown[]> =>
  query(url, 'select text from notes order by text').then((rows) => rows.map(({ text }) => text));

const log = (home: string | undefined): string => readFileSync(join(home ?? '', 'server.log'), 'utf8');
const pidFile = (home: string | undefined): string => join(home ?? '', 'data', 'postmaster.pid');

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'berth-own-'));
  // Else root's own temporary directory would be closed to the account that PostgreSQL runs as.
  chmodSync(base, 0o755);
});

afterEach(async () => {
  for (const owner of owners.splice(0)) await owner.stop();
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('a PostgreSQL of its own', () => {
  // One story: each part goes on with the data of the one before.
  const directory = (): string => join(base, 'story');

  it('starts from nothing, in UTF-8 and with durable commits, reachable through a private socket only', async () => {
    const { report } = await start({ directory: directory() });
    expect(report).toMatchObject({ adopted: false, home: directory() });
    const settings = await query(
      report.url,
      `select name, setting from pg_settings where name in
        ('server_encoding', 'lc_collate', 'fsync', 'synchronous_commit', 'listen_addresses', 'data_checksums') order by name`,
    );
    expect(settings.map(({ name, setting }) => `${String(name)}=${String(setting)}`)).toEqual([
      'data_checksums=on',
      'fsync=on',
      'listen_addresses=',
      'server_encoding=UTF8',
      'synchronous_commit=on',
    ]);
    const sockets = new URL(report.url ?? '').searchParams.get('host') ?? '';
    expect(lstatSync(sockets).mode & 0o777).toBe(0o700);
    await query(report.url, `create table notes as select 'first' as text`);
  });

  it('stops cleanly on SIGTERM and keeps its data over the restart', async () => {
    const owner = await start({ directory: directory() });
    expect(owner.report.adopted).toBe(false);
    expect(await readNotes(owner.report.url)).toEqual(['first']);
    expect(existsSync(pidFile(owner.report.home))).toBe(true);
    expect(await owner.stop()).toBe(0);
    expect(existsSync(pidFile(owner.report.home))).toBe(false);
    expect(log(owner.report.home).trimEnd()).toMatch(/database system is shut down$/);
    expect(log(owner.report.home)).not.toContain('was not properly shut down');
  });

  it('refuses a second owner with the first one named, and takes nothing from the first', async () => {
    const first = await start({ directory: directory() });
    const second = await start({ directory: directory() });
    expect(second.report.refused).toBe(`another Berth (process ${first.pid}) is already running on ${directory()}`);
    expect(await second.ended).toBe(1);
    expect(await readNotes(first.report.url)).toEqual(['first']);
  });

  it('is back, with all that was committed, after the server was killed', async () => {
    const { report } = await start({ directory: directory() });
    await query(report.url, `insert into notes values ('second')`);
    process.kill(report.pid ?? 0, 'SIGKILL');
    const notes = await waitFor(() => readNotes(report.url).catch(() => undefined), { what: 'the server' });
    expect(notes).toEqual(['first', 'second']);
    expect(log(report.home)).toContain('was not properly shut down');
  });

  it('is taken over, still running, after its owner was killed', async () => {
    const owner = await start({ directory: directory() });
    await query(owner.report.url, `insert into notes values ('third')`);
    await owner.kill();
    const { report } = await start({ directory: directory() });
    expect(report).toMatchObject({ adopted: true, pid: owner.report.pid, url: owner.report.url });
    expect(await readNotes(report.url)).toEqual(['first', 'second', 'third']);
  });

  it('starts after a crash of both, even if the number of the dead server belongs to another process now', async () => {
    const owner = await start({ directory: directory() });
    const { home, pid = 0 } = owner.report;
    await owner.kill();
    const file = readFileSync(pidFile(home), 'utf8');
    process.kill(pid, 'SIGKILL');
    await waitFor(() => !existsSync(`/proc/${pid}`), { what: 'the death of the server' });
    writeFileSync(pidFile(home), file.replace(`${pid}`, `${process.pid}`));
    const { report } = await start({ directory: directory() });
    expect(report).toMatchObject({ adopted: false });
    expect(await readNotes(report.url)).toEqual(['first', 'second', 'third']);
  });
});

describe('the place of a PostgreSQL of its own', () => {
  it('goes to exactly one of two that start at once, where nothing was before', async () => {
    const directory = join(base, 'meeting');
    const all = await Promise.all([1, 2].map(() => start({ directory })));
    expect(all.filter(({ report }) => report.url !== undefined)).toHaveLength(1);
    const winner = all.find(({ report }) => report.url !== undefined);
    const refusal = `another Berth (process ${winner?.pid}) is already running on ${directory}`;
    expect(all.filter(({ report }) => report.refused === refusal)).toHaveLength(1);
  });

  it('may have a path that is too long for a socket', async () => {
    const { report } = await start({ directory: join(base, 'long'.repeat(25), 'postgres') });
    expect(await query(report.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const sockets = new URL(report.url ?? '').searchParams.get('host') ?? '';
    expect(sockets.startsWith(base)).toBe(false);
    rmSync(sockets, { recursive: true, force: true });
  });

  // Only root runs PostgreSQL as somebody else, who may not get where root gets.
  const asRoot = process.getuid?.() === 0 ? it : it.skip;

  asRoot('may lie where the account of PostgreSQL cannot go: the data are elsewhere then, and stay there', async () => {
    const closed = join(base, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const options = { directory: join(closed, 'postgres'), account: 'nobody', relocated: join(base, 'moved') };
    const first = await start(options);
    expect(first.report.home?.startsWith(options.relocated)).toBe(true);
    await query(first.report.url, `create table notes as select 'kept' as text`);
    await first.stop();
    chmodSync(closed, 0o755);
    const second = await start({ directory: options.directory });
    expect(second.report.home).toBe(first.report.home);
    expect(await readNotes(second.report.url)).toEqual(['kept']);
  });
});
