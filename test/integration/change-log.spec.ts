import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { CursorExpired, passes, type ChangeFilter } from '#berth/domain';
import { ChangeLogStore, LogSession, type Transactions } from '#berth/store';
import { ChangeHead } from '../../libs/placement/src/changes/change-head.js';
import { ChangesService, type FollowedChange } from '../../libs/placement/src/changes/changes.service.js';
import { addedConsumers, keyOf, LogWriter, providerUuid, type Told } from './log-writer.js';
import { openStore, type OpenStore } from '../support/open-store.js';
import { waitFor } from '../support/wait-for.js';

const PROVIDERS = 40;
const WRITERS = 8;
const TRANSACTIONS = 150;
const RESTARTS = 5;
const NEVER = new AbortController().signal;

let store: OpenStore;
let dataSource: DataSource;
let transactions: Transactions;
const log = new ChangeLogStore();

beforeAll(async () => {
  store = await openStore();
  ({ dataSource, transactions } = store);
  await dataSource.query(
    `insert into resource_providers (id, uuid, name, root_provider_id)
     select id, '00000000-0000-4000-8000-' || lpad(id::text, 12, '0'), 'p' || id, id from generate_series(1, $1::int) as id`,
    [PROVIDERS],
  );
});

afterAll(() => store.close());

/** A process with followers: what it holds in memory is its own. */
class Process {
  private readonly session = new LogSession(dataSource);
  private readonly head = new ChangeHead(this.session, log);
  private readonly service = new ChangesService(this.head, transactions, log);

  read(after: string | undefined, { limit = 1000, waitMs = 0, filter = {} as ChangeFilter } = {}) {
    return this.service.read({ after, limit, waitMs, filter, signal: NEVER });
  }

  async end(): Promise<void> {
    this.head.beforeApplicationShutdown();
    await this.session.onApplicationShutdown();
  }
}

async function inProcess<T>(work: (process: Process) => Promise<T>): Promise<T> {
  const process = new Process();
  try {
    return await work(process);
  } finally {
    await process.end();
  }
}

/** What was told of each provider and consumer, in the order in which it was. */
function byKey(told: readonly Told[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of told) {
    const list = found.get(keyOf(one));
    const text = `${one.generation}${one.deleted ? ' deleted' : ''}`;
    if (list === undefined) found.set(keyOf(one), [text]);
    else list.push(text);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const toTold = ({ change }: FollowedChange): Told => change;

describe('the log of changes', () => {
  let begin: string;
  let committed: Map<string, string[]>;

  it('is followed without loss, once each, in order for each provider and consumer, whatever commits when', async () => {
    begin = await inProcess(async (process) => (await process.read(undefined)).cursor);
    const writing = { done: false };
    const marks = (async () => {
      while (!writing.done) {
        await transactions.single('test', (tx) => log.mark(tx, 0));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();
    const writers = Array.from({ length: WRITERS }, (_, index) => new LogWriter(store.url, index, PROVIDERS));
    // One reads as fast as it can, one small pages, one comes back late each time; none of them keeps anything but its cursor.
    const followers = [follow(1000, 0), follow(7, 0), follow(100, 150)];
    await Promise.all(writers.map((writer) => writer.write(TRANSACTIONS)));
    writing.done = true;
    await marks;
    committed = byKey(writers.flatMap(({ told }) => told).sort((a, b) => a.order - b.order));
    expect(committed.size).toBeGreaterThan(PROVIDERS);
    for (const told of await Promise.all(followers)) expect(byKey(told)).toEqual(committed);

    async function follow(limit: number, pauseMs: number): Promise<Told[]> {
      const told: Told[] = [];
      let cursor = begin;
      for (let life = 0; life <= RESTARTS; life += 1) {
        await inProcess(async (process) => {
          const enough = ((life + 1) * WRITERS * TRANSACTIONS) / RESTARTS;
          for (let last = false; !last && (life === RESTARTS || told.length < enough);) {
            last = writing.done;
            const page = await process.read(cursor, { limit, waitMs: 20 });
            expect(page.changes.length).toBeLessThanOrEqual(limit);
            // It may die in the middle of a page: what it has seen of it is what its cursor says.
            const dies = Math.random() < 0.1 && page.changes.length > 0;
            const seen = dies ? page.changes.slice(0, Math.ceil(Math.random() * page.changes.length)) : page.changes;
            told.push(...seen.map(toTold));
            cursor = dies ? (seen.at(-1)?.cursor ?? cursor) : page.cursor;
            if (page.changes.length > 0) last = false;
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
          }
        });
      }
      return told;
    }
  });

  it('tells those who begin in the past the same, mark by mark and page by page', async () => {
    await inProcess(async (process) => {
      const told: Told[] = [];
      for (let cursor = begin, more = true; more;) {
        const page = await process.read(cursor, { limit: 50 });
        told.push(...page.changes.map(toTold));
        more = page.changes.length > 0;
        cursor = page.cursor;
      }
      expect(byKey(told)).toEqual(committed);
    });
    expect(await countOf('change_marks')).toBeGreaterThan(3);
  });

  it.each<ChangeFilter>([
    { kinds: ['consumer'] },
    { kinds: ['provider'], uuids: [providerUuid(1), providerUuid(2)] },
    { uuids: [providerUuid(3)] },
    { kinds: [] },
  ])('filters in the database as in memory: %j', async (filter) => {
    await inProcess(async (process) => {
      const all = await everything(process, {});
      const some = await everything(process, filter);
      expect(some).toEqual(all.filter((change) => passes(change, filter)));
    });

    async function everything(process: Process, wanted: ChangeFilter) {
      const found = [];
      for (let cursor = begin; ;) {
        const page = await process.read(cursor, { filter: wanted });
        if (page.changes.length === 0 && page.cursor === cursor) return found;
        found.push(...page.changes.map(({ change }) => change));
        cursor = page.cursor;
      }
    }
  });

  it('wakes whoever waits, and lets go of whoever has waited long enough', async () => {
    await inProcess(async (process) => {
      const { cursor } = await process.read(undefined);
      expect(await process.read(cursor, { waitMs: 60 })).toMatchObject({ changes: [] });
      const waiting = Promise.all([1, 2, 3].map(() => process.read(cursor, { waitMs: 30_000 })));
      await new LogWriter(store.url, 1, PROVIDERS).raise(1);
      for (const page of await waiting) {
        expect(page.changes.map(({ change }) => change)).toEqual([
          expect.objectContaining({ kind: 'provider', uuid: providerUuid(1), deleted: false }),
        ]);
      }
    });
  });

  it('lets everybody go who waits when the process ends', async () => {
    const process = new Process();
    const { cursor } = await process.read(undefined);
    const waiting = process.read(cursor, { waitMs: 30_000 });
    setTimeout(() => void process.end(), 30);
    expect(await waiting).toEqual({ changes: [], cursor, isLast: true });
  });

  it('forgets in portions what is older than it must remember, and tells those who stand there', async () => {
    await inProcess(async (process) => {
      const now = await waitFor(() => cursorBehindAll(process), { what: 'a reading with nothing open before it' });
      // A transaction that is still open keeps what it has written.
      const open = await addedConsumers(store.url, 3);
      await query(`update supply_changes set created_at = now() - interval '1 hour' where id % 2 = 0`);
      await forgetAll(60, 10);
      expect(await process.read(now)).toMatchObject({ changes: [] });
      // Only a beginning of the log can be forgotten: not one line between two that stay.
      expect(await countOf(`supply_changes where created_at > now() - interval '1 minute'`)).toBeGreaterThan(100);
      for (const table of ['supply_changes', 'consumer_changes']) {
        await query(`update ${table} set created_at = now() - interval '1 hour'`);
      }
      // Transactions of other databases of the server may hold it up for a moment.
      await waitFor(
        async () => {
          await forgetAll(60, 100);
          return (await countOf('supply_changes')) + (await countOf('consumer_changes')) === 0;
        },
        { what: 'an empty log' },
      );
      await expect(process.read(begin)).rejects.toThrow(CursorExpired);
      await open.commit();
      const { changes } = await process.read(now);
      expect(changes.map(({ change }) => change.kind)).toEqual(['consumer', 'consumer', 'consumer']);
    });

    /** Answers undefined while a transaction is open that may have lines among those that are there. */
    async function cursorBehindAll(process: Process): Promise<string | undefined> {
      const { cursor } = await process.read(undefined);
      const xmin = cursor.split('.')[1]?.split('-')[0] ?? '';
      return (await countOf(`supply_changes where stamp >= ${xmin}`)) === 0 ? cursor : undefined;
    }

    async function forgetAll(ageSeconds: number, portion: number): Promise<void> {
      let portions = 0;
      while (await transactions.run('test', (tx) => log.forget(tx, ageSeconds, portion))) portions += 1;
      expect(portions).toBeLessThan(1_000);
    }
  });

  it('is not followed from a cursor of the future, or of another database', async () => {
    await inProcess(async (process) => {
      const { cursor } = await process.read(undefined);
      const [history = ''] = cursor.split('.');
      await expect(process.read(`${history}.999999999-999999999`)).rejects.toThrow(CursorExpired);
      await expect(process.read(cursor.replace(history, '00000000'))).rejects.toThrow(CursorExpired);
    });
  });
});

async function countOf(rows: string): Promise<number> {
  const [row] = await query<{ count: number }>(`select count(*)::int as count from ${rows}`);
  return row?.count ?? 0;
}

async function query<Row>(text: string): Promise<Row[]> {
  return await dataSource.query<Row[]>(text);
}
