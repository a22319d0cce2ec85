import { LockLost, lockNameKey, LockWaitOver, type LockName } from '#berth/domain';
import type { AdvisoryHold, AdvisorySessions } from '#berth/store';
import type { ExclusiveHold, ExclusiveLock } from '../exclusive-lock.js';
import { FifoLocks, type Release } from './fifo-locks.js';
import { holding, locksHeld } from './locks-held.js';

/** Longer than any work that is done under such a lock by a service; whoever expects more says so: ms. */
const DEFAULT_WAIT_MS = 60_000;

export interface NamedLockOptions {
  /** Names of different parts of the program, kept apart. */
  readonly prefix?: string | undefined;
  /** Whether it holds in all processes on all machines that use the same database, and not only in this one. */
  readonly external?: boolean | undefined;
  readonly waitMs?: number | undefined;
  /** Ends the waiting. It does not end the work. */
  readonly signal?: AbortSignal | undefined;
}

/** A named lock that is held. */
export interface NamedHold extends ExclusiveHold {
  /** Aborted once the lock is lost: somebody else may have it now. Never, for a lock of this process. */
  readonly lost: AbortSignal;
}

/** All of one process, whoever makes a `NamedLocks` of his own. */
const ofThisProcess = new FifoLocks();

/** Locks by name, first come first served within a process. Source: docs/locks/named-locks.md. */
export class NamedLocks implements ExclusiveLock {
  /** Without `sessions` there are no external locks. `local`: another set of locks of this process, for tests. */
  constructor(
    private readonly sessions?: AdvisorySessions,
    private readonly local: FifoLocks = ofThisProcess,
  ) {}

  /**
   * Runs `work` alone among all that is synchronized under this name, and answers what it answers. Its signal aborts if an external
   * lock is lost meanwhile; then LockLost is thrown at the end, whatever came of the work. Throws LockWaitOver, and an
   * Error if the calling code holds this very lock. A failing `work` frees the lock as any other end does.
   */
  async synchronized<T>(
    name: string,
    options: NamedLockOptions,
    work: (lost: AbortSignal) => Promise<T> | T,
  ): Promise<T> {
    const lock = nameOf(name, options);
    const hold = await this.acquire(name, options);
    const held = { ...lock, external: options.external ?? false };
    let failure: unknown;
    try {
      return await holding(held, () => work(hold.lost));
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      if (!(await hold.release())) throwLost(lock, failure ?? hold.lost.reason);
    }
  }

  /**
   * Holds the lock until it is released. Prefer `synchronized`: what is held this way does not show in `locksHeld`. Throws as that.
   */
  async acquire(name: string, options: NamedLockOptions): Promise<NamedHold> {
    const lock = nameOf(name, options);
    refuseTwice(lock);
    const { waitMs = DEFAULT_WAIT_MS, signal, external = false } = options;
    const deadlineMs = performance.now() + waitMs;
    const key = lockNameKey(lock);
    const release = await this.local.acquire(key, { waitMs, signal });
    if (release === undefined) throw new LockWaitOver(lock, waitMs);
    if (!external) return { lost: NEVER, release: () => Promise.resolve(release()) };
    try {
      const leftMs = Math.max(0, deadlineMs - performance.now());
      const hold = await this.external().take(key, leftMs, signal);
      if (hold === undefined) throw new LockWaitOver(lock, waitMs);
      return { lost: hold.lost, release: () => releaseBoth(hold, release) };
    } catch (error) {
      release();
      throw error;
    }
  }

  private external(): AdvisorySessions {
    if (this.sessions === undefined) throw new Error('external locks need a database, and none was given');
    return this.sessions;
  }
}

const NEVER = new AbortController().signal;

function nameOf(name: string, { prefix = '' }: NamedLockOptions): LockName {
  return { prefix, name };
}

/** The database first: who comes next in this process shall not wait for what this one is giving back. */
async function releaseBoth(hold: AdvisoryHold, release: Release): Promise<boolean> {
  try {
    return await hold.release();
  } finally {
    release();
  }
}

function refuseTwice({ prefix, name }: LockName): void {
  if (!locksHeld().some((held) => held.prefix === prefix && held.name === name)) return;
  throw new Error(
    `the lock ${JSON.stringify(name)} (prefix ${JSON.stringify(prefix)}) is held by the code that asks for it: ` +
      'waiting for it would never end. Take it once, further out.',
  );
}

function throwLost(lock: LockName, cause: unknown): never {
  throw new LockLost(lock, cause);
}
