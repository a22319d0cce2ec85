import { setTimeout as sleep } from 'node:timers/promises';
import { expect, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Client, Reply } from '../support/http.js';
import { WAITING } from '../support/lock-waits.js';
import { startTwoProcesses, type TwoProcesses } from './two-processes.js';

/** Two processes and their meetings take longer than Jest's 5 s on a busy machine. */
jest.setTimeout(120_000);

/** So long writers may need to reach the lock that they meet at. */
const ARRIVAL_LIMIT_MS = 60_000;
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

/** Two processes of the service on one database, and a hold on that database that makes writers meet. */
export class Race {
  private constructor(
    private readonly database: TestDatabase,
    private readonly processes: TwoProcesses,
    private readonly holder: pg.Client,
    private readonly watcher: pg.Client,
  ) {}

  static async open(): Promise<Race> {
    const database = await createTestDatabase();
    const processes = await startTwoProcesses(database.url);
    const clients = [1, 2].map(() => new pg.Client({ connectionString: database.url }));
    await Promise.all(clients.map((one) => one.connect()));
    const [holder, watcher] = clients as [pg.Client, pg.Client];
    return new Race(database, processes, holder, watcher);
  }

  async end(): Promise<void> {
    await Promise.all([this.holder.end(), this.watcher.end()]);
    const ends = await this.processes.stop();
    await this.database.drop();
    expect(new Set(ends)).toEqual(new Set([0]));
  }

  /** A client of one of the two processes, in turns. */
  at(index: number, version = '1.39'): Client {
    return this.processes.at(index, version);
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

  /** How many processes have looked for what has changed: each keeps a connection of its own for that question. */
  async processesAsked(): Promise<number> {
    const { rows } = await this.watcher.query<{ asked: number }>(ASKED);
    return rows[0]?.asked ?? 0;
  }

  /** What was sent to the processes before this has been read by them: they answer in the order of arrival. */
  private async haveRead(): Promise<boolean> {
    for (let times = 0; times < 2; times += 1) {
      await Promise.all([0, 1].map((index) => this.at(index).get('/')));
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

const ASKED = `
select count(*)::int as asked from pg_stat_activity
 where datname = current_database() and application_name = 'berth freshness'`;

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
