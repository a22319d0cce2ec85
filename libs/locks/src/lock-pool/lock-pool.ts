import {
  decidePool,
  DEFAULT_POOL_CAPACITY,
  LockPoolBusy,
  MAX_POOL_CAPACITY,
  obstacleOf,
  type PoolOperation,
  type PoolState,
} from '#berth/domain';
import type { ExclusiveHold, ExclusiveLock } from '../exclusive-lock.js';

/** Timers count no further: some 24 days, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface LockPoolOptions {
  readonly name?: string;
  /** So many keys are held at once at most. */
  readonly capacity?: number;
}

export interface PoolWait {
  readonly waitMs: number;
  readonly owner?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A permit that is held. */
export interface PoolHold extends ExclusiveHold {
  /** Rises from permit to permit of the pool. */
  readonly token: number;
}

/**
 * At most so many keys at once, and of each key one at a time, within this process. Who waits for a key that is held takes no room, so
 * others come in past him; else everybody comes in the order in which they asked. What decides is `decidePool`. Source:
 * docs/locks/lock-pools.md.
 */
export class LockPool implements ExclusiveLock {
  private readonly name: string;
  private readonly admitted = new Map<number, () => void>();
  private state: PoolState;
  private lastId = 0;
  private lastToken = 0;

  constructor({ name = 'local', capacity = DEFAULT_POOL_CAPACITY }: LockPoolOptions = {}) {
    this.name = name;
    this.state = { capacity: checked(capacity), requests: [] };
  }

  /** How many keys are held, and how many requests wait. With nobody there: none, nothing is kept. */
  get counts(): { readonly active: number; readonly waiting: number } {
    const active = this.state.requests.filter(({ grantedMs }) => grantedMs !== null).length;
    return { active, waiting: this.state.requests.length - active };
  }

  /** From now on so many keys at most; who holds one keeps it. */
  resize(capacity: number): void {
    this.decide({ kind: 'resize', capacity: checked(capacity) });
  }

  /** Runs `work` with a permit for the key, and gives it back however the work ends. Throws as `acquire`, and what `work` throws. */
  async use<T>(key: string, wait: PoolWait, work: () => Promise<T> | T): Promise<T> {
    const hold = await this.acquire(key, wait);
    try {
      return await work();
    } finally {
      await hold.release();
    }
  }

  /** A permit for the key. Throws LockPoolBusy when `waitMs` are over first, the reason of the signal when that comes first. */
  async acquire(key: string, { waitMs, owner = '', signal }: PoolWait): Promise<PoolHold> {
    if (!(waitMs >= 0)) throw new RangeError(`waitMs: ${waitMs}; expected 0 or more`);
    signal?.throwIfAborted();
    const id = (this.lastId += 1);
    const asked: PoolOperation = { kind: 'ask', request: { id, key, owner, leaseMs: null, expiresMs: null } };
    let isIn = false;
    this.admitted.set(id, () => (isIn = true));
    this.decide(asked);
    if (!isIn && !(await this.turn(id, waitMs, signal))) {
      throw new LockPoolBusy(this.name, key, obstacleOf(this.state, key));
    }
    const token = (this.lastToken += 1);
    return { token, release: () => Promise.resolve(this.leave(id)) };
  }

  private turn(id: number, waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (waitMs === 0) return Promise.resolve(!this.leave(id));
    return new Promise((resolve, reject) => {
      const end = (tell: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        tell();
      };
      const stop = (): void => {
        this.leave(id);
        end(() => reject(signal?.reason as Error));
      };
      const giveUp = (): void => {
        this.leave(id);
        end(() => resolve(false));
      };
      const timer = setTimeout(giveUp, Math.min(waitMs, MAX_TIMER_MS));
      signal?.addEventListener('abort', stop, { once: true });
      this.admitted.set(id, () => end(() => resolve(true)));
    });
  }

  /** Out of the pool, in whatever state; false if it was out already. */
  private leave(id: number): boolean {
    this.admitted.delete(id);
    return this.decide({ kind: 'leave', id });
  }

  private decide(operation: PoolOperation): boolean {
    const { state, granted, found } = decidePool(this.state, operation, Date.now());
    this.state = state;
    for (const { id } of granted) {
      const admit = this.admitted.get(id);
      this.admitted.delete(id);
      admit?.();
    }
    return found;
  }
}

function checked(capacity: number): number {
  if (Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_POOL_CAPACITY) return capacity;
  throw new RangeError(`capacity: ${capacity}; expected 1 to ${MAX_POOL_CAPACITY}`);
}
