import { setTimeout as sleep } from 'node:timers/promises';
import { expect, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';

/** Two servers and their meetings take longer than Jest's 5 s on a busy machine. */
jest.setTimeout(120_000);

/** So long writers may need to reach the lock that they meet at. */
const ARRIVAL_LIMIT_MS = 20_000;
const POLL_MS = 3;

/** What writers are held by until all have come: a statement that takes locks, in a transaction that then ends. */
export interface MeetingPoint {
  readonly hold: string;
  readonly values?: readonly unknown[];
  /** How the holder ends; what it wrote is there for the writers only with 'commit'. */
  readonly end?: 'commit' | 'rollback';
  /** The writers write allocations or parts of providers: those of one process wait in a group, behind the one at the lock. */
  readonly grouped?: boolean;
}

/** Two server processes on one database, and a hold on that database that makes writers meet. */
export class TwoServers {
  private constructor(
    private readonly database: TestDatabase,
    private readonly servers: readonly RunningServer[],
    private readonly holder: pg.Client,
    private readonly watcher: pg.Client,
  ) {}

  static async open(): Promise<TwoServers> {
    const database = await createTestDatabase();
    const servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    const clients = [1, 2].map(() => new pg.Client({ connectionString: database.url }));
    await Promise.all(clients.map((one) => one.connect()));
    const [holder, watcher] = clients as [pg.Client, pg.Client];
    return new TwoServers(database, servers, holder, watcher);
  }

  async end(): Promise<void> {
    await Promise.all([this.holder.end(), this.watcher.end()]);
    const codes = await Promise.all(this.servers.map((server) => server.stop()));
    await this.database.drop();
    expect(codes).toEqual([0, 0]);
  }

  /** A client of one of the two processes, in turns. */
  at(index: number, version = '1.39'): Client {
    return client(this.servers[index % this.servers.length]?.url ?? '', { version });
  }

  /**
   * Lets all writers come as far as the lock, each after the one before it waits there (or was answered without), and
   * only then lets them go. Answers what each was answered.
   */
  async meet(point: MeetingPoint, writers: readonly (() => Promise<Reply>)[]): Promise<Reply[]> {
    await this.holder.query('begin');
    await this.holder.query(point.hold, [...(point.values ?? [])]);
    let answered = 0;
    const replies: Promise<Reply>[] = [];
    try {
      for (const write of writers) {
        const reply = write();
        void reply.finally(() => (answered += 1)).catch(() => undefined);
        replies.push(reply);
        await this.arrived(() => replies.length - answered, point.grouped ?? false);
      }
    } finally {
      await this.holder.query(point.end ?? 'rollback');
    }
    return await Promise.all(replies);
  }

  /** What was sent to the servers before this has been read by them: they answer in the order of arrival. */
  private async haveRead(): Promise<boolean> {
    for (let times = 0; times < 2; times += 1) {
      await Promise.all(this.servers.map((_, index) => this.at(index).get('/')));
    }
    return true;
  }

  private async arrived(expected: () => number, grouped: boolean): Promise<void> {
    const deadline = Date.now() + ARRIVAL_LIMIT_MS;
    for (;;) {
      const { rows } = await this.watcher.query<{ waiting: number }>(WAITING);
      const waiting = rows[0]?.waiting ?? 0;
      if (waiting >= expected()) return;
      if (grouped && waiting > 0 && (await this.haveRead())) return;
      if (Date.now() > deadline) throw new Error(`${waiting} of ${expected()} writers wait for the lock`);
      await sleep(POLL_MS);
    }
  }
}

const WAITING = `
select count(*)::int as waiting from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock'`;

/** The same writer in several copies, half of them at each process. */
export function copies(count: number, write: (index: number) => Promise<Reply>): (() => Promise<Reply>)[] {
  return Array.from({ length: count }, (_, index) => () => write(index));
}

/** How often each status was answered. */
export function tally(replies: readonly Reply[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Locks rows of providers against every writer, and against new rows that point to them. */
export function holdProviders(...uuids: readonly string[]): MeetingPoint {
  return { hold: 'select 1 from resource_providers where uuid = any($1) order by id for update', values: [uuids] };
}

/** Both orders of arrival: the one first, then the other. */
export const ORDERS = [
  ['first', 0],
  ['second', 1],
] as const;
