import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { ChangedProvider } from '#berth/domain';
import { ChangeLogStore, ChangeSession, ChangeStore, openDataSource, Transactions, type Reading } from '#berth/store';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const PROVIDERS = 40;
const WRITERS = 8;
const TRANSACTIONS = 60;
const READERS = 3;

/** Provider to the generation at which it is known; a provider that was removed is not in it. */
type World = Map<number, number>;

/** A reader of changes with a point of its own: it never reads everything after the first time. */
class Reader {
  readonly world: World = new Map();
  private reading: Reading = { at: '', run: '' };

  constructor(
    private readonly session: ChangeSession,
    private readonly transactions: Transactions,
    private readonly store: ChangeStore,
  ) {}

  async readAll(): Promise<void> {
    this.reading = await this.transactions.read('test', async (tx) => {
      const { reading } = await this.store.begin(tx);
      for await (const portion of this.store.portions(tx)) {
        for (const { provider } of portion) this.world.set(provider.id, provider.generation);
      }
      return reading;
    });
  }

  async follow(): Promise<void> {
    const changes = await this.session.run((tx) => this.store.since(tx, this.reading));
    if (changes.status === 'forgotten') throw new Error('nothing was forgotten');
    this.reading = { ...this.reading, at: changes.at };
    if (changes.status === 'unchanged') return;
    for (const { provider } of changes.delta.changed) this.world.set(provider.id, provider.generation);
    for (const id of changes.delta.removed) this.world.delete(id);
  }
}

describe('what has changed', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  /** What was answered as committed, no earlier and no later. */
  const committed: World = new Map();
  const removed = new Set<number>();
  /** Whose removal is on its way: a reader may see it before its commit was answered. */
  const leaving = new Set<number>();

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    await dataSource.query(
      `insert into resource_providers (id, uuid, name, root_provider_id)
       select id, gen_random_uuid()::text, 'p' || id, id from generate_series(1, $1::int) as id`,
      [PROVIDERS],
    );
    for (let id = 1; id <= PROVIDERS; id += 1) committed.set(id, 0);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('is never missed, whatever the order of commits, with long transactions, rollbacks and savepoints between', async () => {
    const transactions = new Transactions(dataSource);
    const sessions = Array.from({ length: READERS }, () => new ChangeSession(dataSource));
    const readers = sessions.map((session) => new Reader(session, transactions, new ChangeStore()));
    for (const reader of readers) await reader.readAll();
    const writing = { done: false };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    const reading = readers.map(async (reader) => {
      let reads = 0;
      for (; !writing.done; reads += 1) {
        const before = new Map(committed);
        const gone = new Set(removed);
        await reader.follow();
        for (const [id, generation] of before) {
          // Removed meanwhile is as good as seen at a later generation.
          if (leaving.has(id)) continue;
          expect({ id, seen: reader.world.get(id) ?? -1, before: generation }).toEqual({
            id,
            seen: Math.max(generation, reader.world.get(id) ?? -1),
            before: generation,
          });
        }
        for (const id of gone) expect(reader.world.has(id)).toBe(false);
      }
      return reads;
    });
    await Promise.all(writers);
    writing.done = true;
    const reads = await Promise.all(reading);
    expect(Math.min(...reads)).toBeGreaterThan(20);
    const rows = (await dataSource.query('select id, generation from resource_providers order by id')) as {
      id: number;
      generation: number;
    }[];
    const truth = new Map(rows.map(({ id, generation }) => [id, generation]));
    for (const reader of readers) {
      await reader.follow();
      expect(new Map([...reader.world].sort(([a], [b]) => a - b))).toEqual(truth);
    }
    await Promise.all(sessions.map((session) => session.onApplicationShutdown()));
  });

  it('is read anew by whoever is behind what was forgotten', async () => {
    const store = new ChangeStore();
    const transactions = new Transactions(dataSource);
    const session = new ChangeSession(dataSource);
    const { reading } = await transactions.read('test', (tx) => store.begin(tx));
    await dataSource.query('insert into supply_changes (resource_provider_id, shape) values (1, false)');
    // Nothing is forgotten that is not older than every transaction under way, in other tests' databases, too.
    const changes = await waitFor(
      async () => {
        await transactions.run('test', (tx) => new ChangeLogStore().forget(tx, 0));
        const since = await session.run((tx) => store.since(tx, reading));
        return since.status === 'forgotten' ? since : undefined;
      },
      { what: 'the log to forget' },
    );
    expect(changes).toEqual({ status: 'forgotten' });
    const { reading: later } = await transactions.read('test', (tx) => store.begin(tx));
    expect((await session.run((tx) => store.since(tx, later))).status).toBe('unchanged');
    await session.onApplicationShutdown();
  });

  it('says the same of a provider as a reading of everything does, in portions of any size', async () => {
    const store = new ChangeStore();
    const transactions = new Transactions(dataSource);
    const session = new ChangeSession(dataSource);
    const { reading } = await transactions.read('test', (tx) => store.begin(tx));
    await dataSource.query(FURNISH);
    const changes = await session.run((tx) => store.since(tx, reading));
    const told = changes.status === 'changed' ? changes.delta.changed.map(sorted) : [];
    expect(told.some(({ inventories }) => inventories.length === 2)).toBe(true);
    expect(told.some(({ shape }) => shape?.aggregates.length === 2 && shape.traitIds.length === 3)).toBe(true);
    expect(told.flatMap(({ inventories }) => inventories)).toContainEqual(
      expect.objectContaining({ ...RULES, allocationRatio: 0.1, used: 4_000_000_000 }),
    );
    for (const size of [1, 3, told.length, 1_000]) {
      const whole: ChangedProvider[] = [];
      await transactions.read('test', async (tx) => {
        for await (const portion of store.portions(tx, size)) {
          expect(portion.length).toBeLessThanOrEqual(size);
          whole.push(...portion);
        }
      });
      expect(whole.map(sorted)).toEqual(told.sort((a, b) => a.provider.id - b.provider.id));
    }
    await session.onApplicationShutdown();
  });

  /** Raises and removes providers in transactions of all lengths, and notes each when its commit was answered. */
  async function write(writer: number): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    for (let done = 0; done < TRANSACTIONS; done += 1) {
      await client.query('begin');
      const raised = new Map<number, number>();
      const dropped: number[] = [];
      const ids = pickAscending(1 + Math.floor(Math.random() * 3));
      for (const id of ids) {
        const undone = Math.random() < 0.2;
        if (undone) await client.query('savepoint s');
        if (writer === 0 && Math.random() < 0.02 && !undone) {
          await client.query('delete from resource_providers where id = $1', [id]);
          dropped.push(id);
          leaving.add(id);
        } else {
          const { rows } = await client.query<{ generation: number }>(
            `update resource_providers set generation = generation + 1, name = $2 where id = $1 returning generation`,
            [id, `${id}-${randomUUID()}`],
          );
          if (rows[0] !== undefined && !undone) raised.set(id, rows[0].generation);
        }
        await client.query('insert into supply_changes (resource_provider_id, shape) values ($1, $2)', [
          id,
          Math.random() < 0.5,
        ]);
        if (undone) await client.query('rollback to savepoint s');
      }
      // Most transactions are short, some stay open across many readings.
      const openMs = Math.random() < 0.1 ? 60 : Math.random() * 4;
      await new Promise((resolve) => setTimeout(resolve, openMs));
      if (Math.random() < 0.15) {
        await client.query('rollback');
        continue;
      }
      await client.query('commit');
      for (const [id, generation] of raised) committed.set(id, Math.max(generation, committed.get(id) ?? 0));
      for (const id of dropped) removed.add(id);
    }
    await client.end();
  }
});

function pickAscending(count: number): number[] {
  const ids = new Set<number>();
  while (ids.size < count) ids.add(1 + Math.floor(Math.random() * PROVIDERS));
  return [...ids].sort((a, b) => a - b);
}

const RULES = { total: 8, reserved: 1, minUnit: 2, maxUnit: 6, stepSize: 2 };

/** Every third provider gets two inventories, every fourth three traits, every fifth two aggregates; all are told of as changed. */
const FURNISH = `
  insert into resource_classes (id, name) values (9001, 'CUSTOM_A'), (9002, 'CUSTOM_B');
  insert into traits (name) values ('CUSTOM_X'), ('CUSTOM_Y'), ('CUSTOM_Z');
  insert into aggregates (uuid) values (gen_random_uuid()::text), (gen_random_uuid()::text);
  insert into inventories (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size, allocation_ratio, used)
  select rp.id, c.id, 8, 1, 2, 6, 2, 0.1, 4000000000 from resource_providers rp, resource_classes c
   where rp.id % 3 = 0 and c.id > 9000;
  insert into resource_provider_traits (resource_provider_id, trait_id)
  select rp.id, t.id from resource_providers rp, traits t where rp.id % 4 = 0 and t.name ~ '^CUSTOM_[XYZ]$';
  insert into resource_provider_aggregates (resource_provider_id, aggregate_id)
  select rp.id, a.id from resource_providers rp, aggregates a where rp.id % 5 = 0;
  insert into supply_changes (resource_provider_id, shape) select id, true from resource_providers`;

/** Order of the lists means nothing. */
function sorted({ provider, inventories, shape }: ChangedProvider) {
  return {
    provider,
    inventories: inventories.toSorted((a, b) => a.resourceClassId - b.resourceClassId),
    shape: shape && { traitIds: shape.traitIds.toSorted((a, b) => a - b), aggregates: shape.aggregates.toSorted() },
  };
}
