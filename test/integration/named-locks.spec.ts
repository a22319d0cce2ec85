import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LockLost, LockWaitOver } from '#berth/domain';
import { FifoLocks, NamedLocks } from '#berth/locks';
import { AdvisorySessions, openDataSource } from '#berth/store';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

type Source = Awaited<ReturnType<typeof openDataSource>>;

const EXTERNAL = { external: true, waitMs: 30_000 };

const ROOMS = new URL('../../dist/libs/', import.meta.url).href;

/** A process that takes the lock, says so, and holds it until it is told to let go, or dies. */
const HOLD = `
const { NamedLocks } = await import(process.env.ROOMS + 'locks/src/index.js');
const { AdvisorySessions, openDataSource } = await import(process.env.ROOMS + 'store/src/index.js');
const source = await openDataSource(process.env.URL, 1);
const locks = new NamedLocks(new AdvisorySessions(source));
await locks.synchronized('held', { external: true, waitMs: 30_000 }, async () => {
  console.log('held');
  await new Promise((resolve) => process.stdin.once('data', resolve));
});
console.log('released');
await source.destroy();
process.exit(0);`;

let database: TestDatabase;
let sources: Source[];
let pools: NamedLocks[];
let sql: pg.Client;
const living = new Set<ChildProcess>();

beforeAll(async () => {
  database = await createTestDatabase();
  sources = await Promise.all([1, 2].map(() => openDataSource(database.url, 2)));
  // As in two processes: what is held inside of one is not seen by the other.
  pools = sources.map((source) => new NamedLocks(new AdvisorySessions(source), new FifoLocks()));
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});

afterAll(async () => {
  for (const child of living) child.kill('SIGKILL');
  await sql.end();
  await Promise.all(sources.map((source) => source.destroy()));
  await database.drop();
});

const at = (index: number): NamedLocks => pools[index % pools.length] as NamedLocks;

/** Connections that hold or await a lock. */
async function sessions(): Promise<{ pid: number; waits: boolean }[]> {
  const { rows } = await sql.query<{ pid: number; waits: boolean }>(
    `select pid, wait_event_type is not distinct from 'Lock' as waits from pg_stat_activity
      where datname = current_database() and application_name = 'berth lock' order by pid`,
  );
  return rows;
}

const nobodyIsLeft = (): Promise<boolean> =>
  waitFor(async () => (await sessions()).length === 0, { what: 'all connections of locks to end' });

async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD], {
    env: { ...process.env, NODE_OPTIONS: '', ROOMS, URL: database.url },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  living.add(child);
  child.once('exit', () => living.delete(child));
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  expect(line.toString()).toBe('held\n');
  return child;
}

describe('an external named lock, through two pools', () => {
  it('lets in one at a time', async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        at(index).synchronized('one', EXTERNAL, async () => {
          most = Math.max(most, (inside += 1));
          await sleep(2);
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    await nobodyIsLeft();
  });

  it('holds another name, another prefix and the lock of one process alone apart', async () => {
    const hold = await at(0).acquire('a', { ...EXTERNAL, prefix: 'p' });
    for (const options of [{ ...EXTERNAL, prefix: 'q' }, EXTERNAL, { waitMs: 0, prefix: 'p' }]) {
      expect(await at(1).synchronized('a', options, () => 'in')).toBe('in');
    }
    await expect(at(1).acquire('a', { ...EXTERNAL, prefix: 'p', waitMs: 0 })).rejects.toThrow(LockWaitOver);
    expect(await hold.release()).toBe(true);
    expect(await hold.release()).toBe(false);
  });

  it('is waited for by one connection a process, without asking again and again', async () => {
    const hold = await at(0).acquire('busy', EXTERNAL);
    const waits = Array.from({ length: 5 }, () => at(1).synchronized('busy', EXTERNAL, () => 'in'));
    await waitFor(async () => (await sessions()).filter(({ waits: one }) => one).length === 1, { what: 'one waits' });
    expect(await sessions()).toHaveLength(2);
    const asked = async (): Promise<unknown[]> =>
      (
        await sql.query(
          `select query_start from pg_stat_activity where application_name = 'berth lock' and wait_event_type = 'Lock'`,
        )
      ).rows;
    const before = await asked();
    await sleep(300);
    expect(await asked()).toEqual(before);
    await hold.release();
    expect(await Promise.all(waits)).toEqual(Array(5).fill('in'));
    await nobodyIsLeft();
  });

  it('is given up by who waits too long, or no longer wants it, at the server too', async () => {
    const hold = await at(0).acquire('busy', EXTERNAL);
    await expect(at(1).acquire('busy', { ...EXTERNAL, waitMs: 50 })).rejects.toThrow(LockWaitOver);
    const gone = new AbortController();
    const wait = at(1).acquire('busy', { ...EXTERNAL, signal: gone.signal });
    await waitFor(async () => (await sessions()).some(({ waits }) => waits), { what: 'it waits' });
    gone.abort(new Error('no more'));
    await expect(wait).rejects.toThrow('no more');
    await waitFor(async () => (await sessions()).length === 1, { what: 'only the holder is left' });
    expect(await hold.release()).toBe(true);
  });

  it('that is lost is told to the work, and to whoever asked for it', async () => {
    let told: unknown;
    const work = async (lost: AbortSignal): Promise<void> => {
      await sql.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth lock' and datname = current_database()`,
      );
      await waitFor(() => lost.aborted, { what: 'the loss' });
      told = lost.reason;
    };
    await expect(at(0).synchronized('cut', EXTERNAL, work)).rejects.toThrow(LockLost);
    expect(told).toBeInstanceOf(Error);
    expect(await at(1).synchronized('cut', EXTERNAL, () => 'free')).toBe('free');
  });

  it('is refused beyond twenty connections of a process, and none of them is forgotten', async () => {
    const holds = await Promise.all(Array.from({ length: 20 }, (_, index) => at(0).acquire(`many ${index}`, EXTERNAL)));
    await expect(at(0).acquire('one more', EXTERNAL)).rejects.toThrow('takes no more at once');
    await Promise.all(holds.map((hold) => hold.release()));
    await (await at(0).acquire('one more', EXTERNAL)).release();
    await nobodyIsLeft();
  });
});

describe('an external named lock, between processes', () => {
  it('is freed at once when its holder is killed', async () => {
    const child = await holder();
    await expect(at(0).acquire('held', { ...EXTERNAL, waitMs: 0 })).rejects.toThrow(LockWaitOver);
    const next = at(0).acquire('held', EXTERNAL);
    await waitFor(async () => (await sessions()).some(({ waits }) => waits), { what: 'the next waits' });
    child.kill('SIGKILL');
    await (await next).release();
  });

  it('goes from one to the next when it is released', async () => {
    const child = await holder();
    const end = once(child, 'exit');
    const next = at(0).acquire('held', EXTERNAL);
    child.stdin?.write('let go\n');
    await (await next).release();
    expect((await end)[0]).toBe(0);
  });
});

describe('a database that is not there', () => {
  it('is told, and counts for nothing', async () => {
    const nowhere = { options: { url: 'postgres://u@127.0.0.1:1/none' } } as unknown as Source;
    const locks = new NamedLocks(new AdvisorySessions(nowhere), new FifoLocks());
    for (let times = 0; times < 25; times += 1) {
      await expect(locks.acquire('x', EXTERNAL)).rejects.toThrow('The database is not available.');
    }
  });
});
