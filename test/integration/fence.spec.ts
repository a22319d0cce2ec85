import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FenceStale, type Fence } from '#berth/domain';
import { listStaleFences, outsideFences, underFence, type Transactions, type Tx } from '#berth/store';
import type { DataSource } from 'typeorm';
import { untilSomebodyWaits } from '../support/lock-waits.js';
import { openStore, type OpenStore } from '../support/open-store.js';

const MODES = { monitor: 1, shared: 2, exclusive: 3 } as const;

const SPACE = 'space';

let store: OpenStore;
let dataSource: DataSource;
let transactions: Transactions;
let tokens = 100;

beforeAll(async () => {
  store = await openStore();
  ({ dataSource, transactions } = store);
  await dataSource.query(`insert into lockspaces (name, lease_ms, grace_ms) values ('${SPACE}', 1000, 1000)`);
});

afterAll(() => store.close());

/** A lock of which somebody has a hold that lasts so many seconds more; answers the fence that its holder would name. */
async function held(mode: keyof typeof MODES = 'exclusive', seconds = 60): Promise<Fence> {
  const token = (tokens += 1);
  const name = `lock ${token}`;
  await dataSource.query(
    `with made as (
       insert into cluster_locks (lockspace_id, name) select id, '${name}' from lockspaces where name = '${SPACE}' returning id)
     insert into cluster_lock_owners (lock_id, owner, mode, token, seen, since, expires_at, ends_at)
     select id, 'owner', ${MODES[mode]}, ${token}, 0, now(), now() + interval '${seconds} s', now() + interval '${seconds} s' from made`,
  );
  return { lockspace: SPACE, name, token };
}

const staleOf = (fences: readonly Fence[]): Promise<readonly Fence[]> =>
  transactions.run('test', (tx) => listStaleFences(tx, fences));

describe('a fence', () => {
  it('is passed by the token of an exclusive hold that lasts, and by no other', async () => {
    const good = await held();
    const others: Fence[] = [
      { ...good, token: good.token + 1 },
      { ...good, name: 'another' },
      { ...good, lockspace: 'nowhere' },
      await held('shared'),
      await held('monitor'),
      await held('exclusive', -1),
    ];
    expect(await staleOf([good])).toEqual([]);
    // In one go with good ones between them: each is told by itself.
    expect(await staleOf([good, ...others, good])).toEqual(others);
  });

  it('keeps the lock as it is until the transaction ends', async () => {
    const fence = await held();
    const grant = `select 1 from cluster_locks where name = '${fence.name}' for update nowait`;
    await transactions.run('test', async (tx) => {
      expect(await listStaleFences(tx, [fence])).toEqual([]);
      await expect(dataSource.query(grant)).rejects.toMatchObject({ code: '55P03' });
    });
    await expect(dataSource.query(grant)).resolves.toHaveLength(1);
  });

  it('sees what was released while it waited for the lock', async () => {
    const fence = await held();
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select 1 from cluster_locks where name = '${fence.name}' for update`);
    await runner.query(`update cluster_lock_owners set mode = 0 where token = ${fence.token}`);
    const waiting = staleOf([fence]);
    await untilSomebodyWaits(store);
    await runner.commitTransaction();
    await runner.release();
    expect(await waiting).toEqual([fence]);
  });
});

describe('work under a fence', () => {
  const write = (tx: Tx): Promise<unknown> =>
    tx.client.query(`insert into projects (external_id) values ('${tokens}')`);
  const written = async (): Promise<number> =>
    ((await dataSource.query(`select 1 from projects where external_id = '${tokens}'`)) as unknown[]).length;

  it('is written while the hold lasts', async () => {
    const fence = await held();
    await underFence(fence, () => transactions.run('test', write));
    expect(await written()).toBe(1);
  });

  it('leaves nothing once it has ended, also when that is found out after the writing', async () => {
    const fence = { ...(await held()), token: 1 };
    await expect(underFence(fence, () => transactions.run('test', write))).rejects.toThrow(FenceStale);
    expect(await written()).toBe(0);
  });

  it('goes on in what it awaits, and not in what is done outside of it', async () => {
    const fence = { ...(await held()), token: 1 };
    await underFence(fence, async () => {
      await Promise.resolve();
      await expect(transactions.run('test', write)).rejects.toThrow(FenceStale);
      await outsideFences(() => transactions.run('test', write));
    });
    expect(await written()).toBe(1);
    await dataSource.query(`delete from projects where external_id = '${tokens}'`);
    await transactions.run('test', write);
    expect(await written()).toBe(1);
  });
});
