import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LockPoolBusy } from '#berth/domain';
import { LockPool } from './lock-pool.js';

/** Long enough that nothing but what is expected ends a wait. */
const LONG = { waitMs: 60_000 };

const FAILURES = Number(process.env.LOCK_POOL_FAILURES ?? 100_000);

describe('a lock pool inside of one process', () => {
  it('lets B in at once while twenty wait for A', async () => {
    const pool = new LockPool();
    const holder = await pool.acquire('A', LONG);
    const order: number[] = [];
    const waiters = Array.from({ length: 20 }, (_, index) =>
      pool.use('A', LONG, async () => {
        order.push(index);
        await turn();
      }),
    );
    expect(pool.counts).toEqual({ active: 1, waiting: 20 });
    const other = await pool.acquire('B', { waitMs: 0 });
    expect(pool.counts).toEqual({ active: 2, waiting: 20 });
    await holder.release();
    await Promise.all(waiters);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await other.release()).toBe(true);
    expect(await other.release()).toBe(false);
    expect(pool.counts).toEqual({ active: 0, waiting: 0 });
  });

  it('makes other keys wait for room, in the order in which they came', async () => {
    const pool = new LockPool({ capacity: 2 });
    const [a, b] = await Promise.all([pool.acquire('a', LONG), pool.acquire('b', LONG)]);
    const order: string[] = [];
    const waits = ['c', 'a', 'd'].map((key) => pool.use(key, LONG, () => void order.push(key)));
    await expect(pool.acquire('e', { waitMs: 0 })).rejects.toThrow(LockPoolBusy);
    await expect(pool.acquire('e', { waitMs: 1 })).rejects.toMatchObject({
      facts: { capacity: 2, active: 2, waiting: 3, holder: null },
    });
    await a.release();
    await Promise.all(waits);
    expect(order).toEqual(['c', 'a', 'd']);
    await b.release();
    expect(b.token).toBeGreaterThan(a.token);
  });

  it('gives more permits when it grows', async () => {
    const pool = new LockPool({ capacity: 1 });
    const first = await pool.acquire('a', LONG);
    const second = pool.acquire('b', LONG);
    pool.resize(2);
    await Promise.all([(await second).release(), first.release()]);
    expect(() => pool.resize(0)).toThrow(RangeError);
  });
});

describe('what goes wrong in it', () => {
  it(`leaks nothing, ${FAILURES} times over`, async () => {
    const pool = new LockPool();
    const inside = new Map<string, number>();
    const counts = { in: 0, most: 0, doubled: 0, left: FAILURES };
    const enter = async (key: string, fate: number): Promise<void> => {
      inside.set(key, (inside.get(key) ?? 0) + 1);
      if (inside.get(key) !== 1) counts.doubled += 1;
      counts.most = Math.max(counts.most, (counts.in += 1));
      try {
        if (fate % 3 === 0) await turn();
        if (fate % 2 === 0) throw new Error('work failed');
      } finally {
        counts.in -= 1;
        inside.set(key, (inside.get(key) ?? 0) - 1);
      }
    };
    const attempt = async (): Promise<void> => {
      const fate = Math.floor(Math.random() * 12);
      const key = `volume ${Math.floor(Math.random() * 9)}`;
      const gone = new AbortController();
      if (fate === 1) gone.abort(new Error('gone before'));
      if (fate === 2 || fate === 3) setImmediate(() => gone.abort(new Error('gone')));
      const waitMs = fate === 4 ? 0 : fate < 7 ? 1 : LONG.waitMs;
      const work = (): Promise<void> => {
        if (fate === 11) throw new Error('work failed at once');
        return enter(key, fate);
      };
      await pool.use(key, { waitMs, signal: gone.signal }, work).catch(() => undefined);
    };
    const worker = async (): Promise<void> => {
      while ((counts.left -= 1) >= 0) await attempt();
    };
    await Promise.all(Array.from({ length: 40 }, worker));
    expect(counts).toMatchObject({ in: 0, doubled: 0, most: 5 });
    expect(pool.counts).toEqual({ active: 0, waiting: 0 });
    expect((pool as unknown as { admitted: Map<number, unknown> }).admitted.size).toBe(0);
  }, 600_000);
});
