import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { toGeneration } from '#berth/domain';
import { GenerationService, LostRace, type Transactions } from '#berth/store';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { openStore, type OpenStore } from '../support/open-store.js';

const generations = new GenerationService();
let store: OpenStore;
let source: DataSource;
let transactions: Transactions;
let ids: number[];

beforeAll(async () => {
  // Losing on purpose is written to the log, attempt by attempt.
  Logger.overrideLogger(false);
  store = await openStore(4);
  ({ dataSource: source, transactions } = store);
});

afterAll(() => store.close());

/** Three providers at generations 5, 6 and 7. */
beforeEach(async () => {
  ids = [];
  for (const generation of [5, 6, 7]) {
    const rows = (await source.query(
      `with id as (select nextval(pg_get_serial_sequence('resource_providers', 'id'))::int as id)
       insert into resource_providers (id, uuid, name, generation, root_provider_id)
       select id, $1, $1, $2, id from id returning id`,
      [randomUUID(), generation],
    )) as { id: number }[];
    ids.push(rows[0]?.id ?? 0);
  }
});

async function stored(): Promise<number[]> {
  const rows = (await source.query('select generation from resource_providers where id = any($1) order by id', [
    ids,
  ])) as { generation: number }[];
  return rows.map(({ generation }) => generation);
}

describe('increment', () => {
  const increment = (claimed: number, id = ids[0] ?? 0): ReturnType<GenerationService['increment']> =>
    transactions.run('test', (tx) => generations.increment(tx, 'provider', id, claimed));

  it('raises what still is as claimed', async () => {
    expect(await increment(5)).toEqual({ status: 'bumped', generation: 6 });
    expect(await stored()).toEqual([6, 6, 7]);
  });

  it.each([4, 6, -1, 0, 10 ** 12, -(10 ** 12)])('finds a claim of %p stale, and writes nothing', async (claimed) => {
    expect(await increment(claimed)).toEqual({ status: 'stale', found: 5 });
    expect(await stored()).toEqual([5, 6, 7]);
  });

  it('misses what is not there', async () => {
    expect(await increment(5, 2_000_000_000)).toEqual({ status: 'missing' });
  });

  it('lets one of two writers win, the second waiting for the first', async () => {
    const outcomes = await Promise.all([1, 2].map(() => increment(5)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['bumped', 'stale']);
    expect(await stored()).toEqual([6, 6, 7]);
  });

  it('is undone with its transaction', async () => {
    const failure = transactions.run('test', async (tx) => {
      await generations.increment(tx, 'provider', ids[0] ?? 0, 5);
      throw new Error('changed my mind');
    });
    await expect(failure).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([5, 6, 7]);
  });
});

describe('advance', () => {
  const advance = (from: readonly number[]): Promise<void> =>
    transactions.run('test', (tx) =>
      generations.advance(
        tx,
        'provider',
        from.map((seen, index) => ({
          id: ids[index] ?? 0,
          from: toGeneration(seen),
          to: toGeneration(seen + 1 + index),
        })),
      ),
    );

  it('moves many at once, each by steps of its own', async () => {
    await advance([5, 6, 7]);
    expect(await stored()).toEqual([6, 8, 10]);
  });

  it('moves none when one has moved meanwhile', async () => {
    await expect(advance([5, 99, 7])).rejects.toBeInstanceOf(LostRace);
    expect(await stored()).toEqual([5, 6, 7]);
  });

  it('has nothing to do for nobody', async () => {
    await advance([]);
    expect(await stored()).toEqual([5, 6, 7]);
  });
});
