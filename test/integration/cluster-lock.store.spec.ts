import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LockTable, type ClusterHold, type LockMode } from '#berth/domain';
import { ClusterLockStore, listStaleFences, LockspaceStore, type Transactions, type Tx } from '#berth/store';
import { untilSomebodyWaits } from '../support/lock-waits.js';
import { openStore, type OpenStore } from '../support/open-store.js';
import { waitFor } from '../support/wait-for.js';

const SPACE = 'store';

describe('the store of cluster locks', () => {
  let opened: OpenStore;
  let transactions: Transactions;
  const store = new ClusterLockStore();

  beforeAll(async () => {
    opened = await openStore();
    ({ transactions } = opened);
    const lockspace = { name: SPACE, leaseMs: 10_000, graceMs: 0 };
    await transactions.run('put', (tx) => new LockspaceStore().put(tx, lockspace));
  });

  afterAll(() => opened.close());

  /** Gives the lock to an owner, as the service does. */
  async function grant(tx: Tx, name: string, owner: string, mode: LockMode, leaseMs: number): Promise<ClusterHold> {
    const reading = await store.read(tx, [{ lockspace: SPACE, name, owner, make: true }], [], 1);
    const numbers = reading.numbers.values();
    const table = new LockTable(reading.nowMs, reading.locks, reading.requests, () => numbers.next().value as number);
    const [{ id: lockId = '' } = {}] = reading.locks;
    const [hold] = table.grant({
      ...{ id: 0, owner, leaseMs, counted: false, session: null, deadlineMs: 0, isDead: false, isWhole: true },
      wants: [{ lockId, mode, cached: false, converts: null }],
    });
    await store.write(tx, table.changes());
    if (hold === undefined) throw new Error('nothing was granted');
    return hold;
  }

  const given = (name: string, mode: LockMode, leaseMs = 10_000): Promise<ClusterHold> =>
    transactions.run('grant', (tx) => grant(tx, name, 'ann', mode, leaseMs));
  const passes = (name: string, token: number): Promise<boolean> =>
    transactions.run('fence', (tx) => isPassed(tx, name, token));
  const isPassed = async (tx: Tx, name: string, token: number): Promise<boolean> =>
    (await listStaleFences(tx, [{ lockspace: SPACE, name, token }])).length === 0;

  it('keeps what was written, by the clock of the database', async () => {
    const hold = await given('kept', 'shared');
    const reading = await transactions.run('read', (tx) =>
      store.read(tx, [{ lockspace: SPACE, name: 'kept', owner: 'bob', make: false }], [], 0),
    );
    const [lock] = reading.locks;
    const kept = lock?.owners.get('ann');
    expect(kept).toMatchObject({ owner: 'ann', mode: 'shared', token: hold.token, uses: 1, cached: false });
    expect((kept?.expiresAtMs ?? 0) - reading.nowMs).toBeLessThanOrEqual(10_000);
    expect(kept?.expiresAtMs).toBeCloseTo(hold.expiresAtMs, 0);
  });

  describe('a fence', () => {
    it('is passed with the token of an exclusive hold alone', async () => {
      const { token } = await given('fence', 'exclusive');
      expect(await passes('fence', token)).toBe(true);
      expect(await passes('fence', token - 1)).toBe(false);
      expect(await passes('other', token)).toBe(false);
      const next = await given('fence', 'exclusive');
      expect([await passes('fence', token), await passes('fence', next.token)]).toEqual([false, true]);
      const shared = await given('fence', 'shared');
      expect(await passes('fence', shared.token)).toBe(false);
    });

    it('is shut once the lease is over', async () => {
      const { token } = await given('short', 'exclusive', 300);
      expect(await passes('short', token)).toBe(true);
      await waitFor(async () => !(await passes('short', token)), { what: 'the end of the lease' });
    });

    it('keeps the lock as it is until what is done under it is committed', async () => {
      const { token } = await given('kept out', 'exclusive');
      const order: string[] = [];
      let next: Promise<unknown> = Promise.resolve();
      await transactions.run('under the fence', async (tx) => {
        expect(await isPassed(tx, 'kept out', token)).toBe(true);
        next = given('kept out', 'exclusive').then(() => order.push('next'));
        await untilSomebodyWaits(opened);
        order.push('work');
      });
      await next;
      expect(order).toEqual(['work', 'next']);
    });

    it('sees what it had to wait for', async () => {
      const { token } = await given('late', 'exclusive');
      let late: Promise<boolean> = Promise.resolve(true);
      await transactions.run('next', async (tx) => {
        await grant(tx, 'late', 'bob', 'exclusive', 10_000);
        await grant(tx, 'late', 'ann', 'shared', 10_000);
        late = passes('late', token);
        await untilSomebodyWaits(opened);
      });
      expect(await late).toBe(false);
    });
  });
});
