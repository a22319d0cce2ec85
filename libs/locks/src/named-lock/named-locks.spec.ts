import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LockLost, lockNameKey, LockWaitOver } from '#berth/domain';
import type { AdvisorySessions } from '#berth/store';
import { FifoLocks } from './fifo-locks.js';
import { locksHeld } from './locks-held.js';
import { NamedLocks } from './named-locks.js';
import { Synchronized } from './synchronized.decorator.js';

/** Long enough that nothing but what is expected ends a wait. */
const LONG = { waitMs: 30_000 };

const NAMES = 1_000_000;

describe('a named lock inside of one process', () => {
  it('lets in one at a time, in the order in which they came', async () => {
    const locks = new NamedLocks();
    const story: string[] = [];
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((who) =>
        locks.synchronized('one', LONG, async () => {
          story.push(`${who} in`);
          await turn();
          story.push(`${who} out`);
        }),
      ),
    );
    expect(story).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out', 'd in', 'd out']);
  });

  it('is one lock for all who make locks of their own', async () => {
    const hold = await new NamedLocks().acquire('shared', LONG);
    await expect(new NamedLocks().acquire('shared', { waitMs: 0 })).rejects.toThrow(LockWaitOver);
    expect(await hold.release()).toBe(true);
  });

  it('says once that it was released, and a second release frees nobody else', async () => {
    const locks = new NamedLocks(undefined, new FifoLocks());
    const first = await locks.acquire('x', LONG);
    expect(await first.release()).toBe(true);
    const second = await locks.acquire('x', LONG);
    expect(await first.release()).toBe(false);
    await expect(locks.acquire('x', { waitMs: 1 })).rejects.toThrow('was not free within 1 ms');
    expect(await second.release()).toBe(true);
  });

  it('is freed by work that fails, in whatever way', async () => {
    const locks = new NamedLocks();
    const failing: (() => Promise<void> | never)[] = [
      () => Promise.reject(new Error('later')),
      () => {
        throw new Error('at once');
      },
    ];
    for (const work of failing) await expect(locks.synchronized('fails', LONG, work)).rejects.toThrow(/later|at once/);
    expect(await locks.synchronized('fails', { waitMs: 0 }, () => 'free')).toBe('free');
  });

  it('refuses the code that holds it already, also through other code, and says why', async () => {
    const locks = new NamedLocks();
    const inner = (): Promise<string> => locks.synchronized('again', LONG, () => 'never');
    await expect(locks.synchronized('again', LONG, () => locks.synchronized('other', LONG, inner))).rejects.toThrow(
      /the lock "again" .* is held by the code that asks for it/,
    );
    expect(await inner()).toBe('never');
  });

  it('lets code that outlived the hold take it again', async () => {
    const locks = new NamedLocks();
    let late: Promise<string> | undefined;
    await locks.synchronized('outlived', LONG, () => {
      late = sleep(20).then(() => locks.synchronized('outlived', LONG, () => 'taken'));
    });
    expect(await late).toBe('taken');
  });
});

describe('waiting for a named lock', () => {
  it('ends with its time or its signal, and the line goes on as if nobody had been there', async () => {
    const lines = new FifoLocks();
    const locks = new NamedLocks(undefined, lines);
    const holder = await locks.acquire('line', LONG);
    const gone = new AbortController();
    const story: string[] = [];
    const wait = (who: string, options: object): Promise<unknown> =>
      locks.synchronized('line', { ...LONG, ...options }, () => story.push(who)).catch((error: Error) => error);
    const waits = [
      wait('first', {}),
      wait('times out', { waitMs: 5 }),
      wait('second', {}),
      wait('leaves', { signal: gone.signal }),
      wait('third', {}),
    ];
    expect(await waits[1]).toBeInstanceOf(LockWaitOver);
    gone.abort(new Error('no more'));
    expect(await waits[3]).toEqual(new Error('no more'));
    await holder.release();
    await Promise.all(waits);
    expect(story).toEqual(['first', 'second', 'third']);
    expect(lines.size).toBe(0);
  });

  it('is refused where it would never end', async () => {
    await expect(new NamedLocks().acquire('x', { waitMs: Number.NaN })).rejects.toThrow(RangeError);
  });
});

describe('names', () => {
  it('stand for one lock only if prefix and name are the same', () => {
    const pairs = [
      ['a', 'b'],
      ['', 'ab'],
      ['ab', ''],
      ['a', 'B'],
      ['a"', 'b'],
      ['a', '"b'],
      ['a', 'b '],
      ['a', '\u00e4'],
      ['a', 'a\u0308'],
      ['a', '\ud800'],
      ['a', '\ud801'],
      ['a', '\ufffd'],
      ['a', '\\ud800'],
      ['a', '\0'],
    ] as const;
    const keys = pairs.map(([prefix, name]) => lockNameKey({ prefix, name }));
    expect(new Set(keys).size).toBe(pairs.length);
  });

  it('leave nothing behind, a million of them', async () => {
    const lines = new FifoLocks();
    const locks = new NamedLocks(undefined, lines);
    let at = 0;
    const worker = async (): Promise<void> => {
      while (at < NAMES) await locks.synchronized(`name ${(at += 1)}`, LONG, () => undefined);
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    expect(lines.size).toBe(0);
  });
});

describe('locksHeld', () => {
  it('tells what the running code holds, and not what others do', async () => {
    const locks = new NamedLocks();
    const other = locks.synchronized('of somebody else', LONG, () => sleep(20));
    await locks.synchronized('outer', { ...LONG, prefix: 'p' }, async () => {
      await locks.synchronized('inner', LONG, async () => {
        await turn();
        expect(locksHeld()).toEqual([
          { prefix: 'p', name: 'outer', external: false },
          { prefix: '', name: 'inner', external: false },
        ]);
      });
      expect(locksHeld().map(({ name }) => name)).toEqual(['outer']);
    });
    expect(locksHeld()).toEqual([]);
    await other;
  });
});

class Worker {
  readonly namedLocks = new NamedLocks();
  readonly story: string[] = [];

  @Synchronized('resource-{0}', LONG)
  async touch(id: string, answer: number): Promise<number> {
    this.story.push(`${id} in ${locksHeld()[0]?.name}`);
    await turn();
    this.story.push(`${id} out`);
    return answer;
  }

  @Synchronized('move-{0}-{1}', LONG)
  move(_from: string, _to: string): Promise<string> {
    return Promise.resolve(locksHeld()[0]?.name ?? '');
  }
}

describe('@Synchronized', () => {
  it('names the lock after the arguments and answers as the method does', async () => {
    const worker = new Worker();
    expect(await Promise.all([worker.touch('7', 1), worker.touch('7', 2)])).toEqual([1, 2]);
    expect(worker.story).toEqual(['7 in resource-7', '7 out', '7 in resource-7', '7 out']);
    await Promise.all([worker.touch('8', 1), worker.touch('9', 1)]);
    expect(worker.story.slice(4)).toEqual(['8 in resource-8', '9 in resource-9', '8 out', '9 out']);
  });

  it('keeps apart what several arguments would make of one text', async () => {
    const worker = new Worker();
    expect(await worker.move('a-b', 'c')).not.toBe(await worker.move('a', 'b-c'));
    expect(await worker.move('a', 'b')).toBe('move-"a"-"b"');
  });

  it('refuses an argument that is no name', async () => {
    const worker = new Worker();
    await expect(worker.touch(undefined as unknown as string, 1)).rejects.toThrow('argument 0 is undefined');
  });
});

describe('an external lock that is lost while the work goes on', () => {
  const losing = (reason: Error): AdvisorySessions => {
    const gone = new AbortController();
    const hold = { lost: gone.signal, release: () => Promise.resolve(false) };
    setTimeout(() => gone.abort(reason), 5);
    return { take: () => Promise.resolve(hold) } as unknown as AdvisorySessions;
  };

  it('is told to the work at once, and to whoever asked for it at the end', async () => {
    const reason = new Error('cut off');
    const locks = new NamedLocks(losing(reason), new FifoLocks());
    let told: unknown;
    const work = async (lost: AbortSignal): Promise<string> => {
      while (!lost.aborted) await sleep(1);
      told = lost.reason;
      return 'done';
    };
    const failure = await locks.synchronized('x', { external: true }, work).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(LockLost);
    expect((failure as LockLost).cause).toBe(reason);
    expect(told).toBe(reason);
    expect(await locks.synchronized('x', { waitMs: 0 }, () => 'free')).toBe('free');
  });

  it('needs a database', async () => {
    const lines = new FifoLocks();
    const locks = new NamedLocks(undefined, lines);
    await expect(locks.synchronized('x', { external: true }, () => 1)).rejects.toThrow('need a database');
    expect(lines.size).toBe(0);
  });
});
