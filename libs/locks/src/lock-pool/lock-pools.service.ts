import {
  decidePool,
  DEFAULT_POOL_CAPACITY,
  LockPoolBusy,
  LockPoolInUse,
  LockPoolNotFound,
  LockPoolOverloaded,
  MAX_POOL_REQUESTS,
  obstacleOf,
  PermitNotFound,
  WAITER_LEASE_MS,
  type PoolDecision,
  type PoolOperation,
  type PoolRequest,
  type PoolState,
} from '#berth/domain';
import {
  LockPoolStore,
  Notices,
  Transactions,
  type LockedPool,
  type PoolSummary,
  type StoredRequest,
  type Tx,
} from '#berth/store';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { FifoLocks } from '../named-lock/fifo-locks.js';
import { PoolWaiters } from './pool-waiters.js';

/** Where nobody waits nobody misses what is over its lease: ms. */
const SWEEP_MS = 10_000;

/** Requests over their time that are looked at in one go; what is left is for the next. */
const SWEPT_AT_ONCE = 500;

/** As long as a statement may wait for the pool's row: ms. */
const TURN_LIMIT_MS = 10_000;

/** A permit of a pool. */
export interface Permit {
  readonly key: string;
  readonly owner: string;
  /** Rises from permit to permit. */
  readonly token: number;
  readonly sinceMs: number;
  readonly expiresMs: number;
}

export interface AskPermit {
  readonly key: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A pool and all that hold or await something of it, in the order in which they came. */
export interface PoolView {
  readonly name: string;
  readonly capacity: number;
  readonly requests: readonly StoredRequest[];
}

/** What came of one operation. */
interface Outcome {
  readonly decision: PoolDecision;
  readonly read: LockedPool;
  readonly tokens: ReadonlyMap<number, number>;
}

/** The operation as it is decided on, once the pool is read; undefined: nothing is done. */
type Plan = (read: LockedPool) => PoolOperation;

/** Lock pools of the database, for any number of servers and clients. Source: docs/locks/lock-pools.md. */
@Injectable()
export class LockPoolsService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(LockPoolsService.name);
  /** One operation on a pool at a time from here: more would each hold a connection and wait for the pool's row. */
  private readonly turns = new FifoLocks();
  readonly waiters: PoolWaiters;
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly store: LockPoolStore,
    notices: Notices,
  ) {
    this.waiters = new PoolWaiters(transactions, store, notices, async () => void (await this.sweep()));
  }

  onApplicationBootstrap(): void {
    this.sweeping = setInterval(() => void this.sweepQuietly(), SWEEP_MS).unref();
  }

  /** As soon as the end is announced: who waits is told, and goes. */
  onModuleDestroy(): void {
    clearInterval(this.sweeping);
    this.waiters.close();
  }

  /** Makes the pool, or gives it another capacity. A smaller one takes no permit away. */
  async put(name: string, capacity: number): Promise<PoolSummary> {
    const { decision } = await this.change(
      name,
      'lockPools.put',
      (tx) => this.store.put(tx, name, capacity, capacity),
      {
        plan: () => ({ kind: 'resize', capacity }),
      },
    );
    return { name, capacity, ...countsOf(decision.state) };
  }

  /** Makes the pool if there is none; leaves it alone otherwise. */
  async ensure(name: string): Promise<void> {
    const put = (tx: Tx): Promise<LockedPool | undefined> => this.store.put(tx, name, null, DEFAULT_POOL_CAPACITY);
    await this.change(name, 'lockPools.ensure', put, { plan: () => ({ kind: 'look' }) });
  }

  /** The pool as it is. Throws LockPoolNotFound. */
  async get(name: string): Promise<PoolView> {
    const found = await this.transactions.read('lockPools.get', (tx) => this.store.find(tx, name));
    if (found === undefined) throw new LockPoolNotFound(name);
    const requests = found.state.requests.filter(({ expiresMs }) => expiresMs > found.nowMs);
    return { name, capacity: found.state.capacity, requests };
  }

  /** At most `limit` pools behind `after`, in order of name. */
  list(after: string, limit: number): Promise<readonly PoolSummary[]> {
    return this.transactions.single('lockPools.list', (tx) => this.store.list(tx, after, limit));
  }

  /** Removes a pool of which nobody holds or awaits anything. Throws LockPoolNotFound, LockPoolInUse. */
  async remove(name: string): Promise<void> {
    await this.change(name, 'lockPools.remove', (tx) => this.store.lock(tx, name), {
      plan: () => ({ kind: 'look' }),
      after: async (tx, { decision }) => {
        if (decision.state.requests.length > 0) throw new LockPoolInUse(name, countsOf(decision.state));
        await this.store.remove(tx, name);
      },
    });
  }

  /**
   * A permit for the key, once it can be had. Throws LockPoolBusy when `waitMs` are over first, the reason of the signal when that
   * comes first, LockPoolNotFound, LockPoolOverloaded. Whatever it throws, nothing of the request is left.
   */
  async acquire(name: string, { key, owner, leaseMs, waitMs, signal }: AskPermit): Promise<Permit> {
    signal?.throwIfAborted();
    const asked = await this.ask(name, { key, owner, leaseMs, mayWait: waitMs > 0 });
    const permit = 'token' in asked ? asked : await this.awaited(name, asked, waitMs, signal);
    if (signal?.aborted !== true) return permit;
    await this.release(name, permit.token, owner);
    throw signal.reason;
  }

  /** Begins the lease of a permit anew. Throws PermitNotFound if this owner does not hold it any more, LockPoolNotFound. */
  async renew(name: string, token: number, owner: string, leaseMs: number): Promise<Permit> {
    const { decision, read } = await this.change(name, 'lockPools.renew', (tx) => this.store.lock(tx, name), {
      plan: (pool) => ({ kind: 'renew', id: idOf(pool, token), owner, leaseMs }),
    });
    const [renewed] = decision.renewed;
    if (renewed === undefined) throw new PermitNotFound(name, token);
    return toPermit(renewed, read.nowMs, token);
  }

  /** Gives a permit back, and says whether this owner held it until now. Throws LockPoolNotFound. */
  async release(name: string, token: number, owner: string): Promise<boolean> {
    const { decision } = await this.change(name, 'lockPools.release', (tx) => this.store.lock(tx, name), {
      plan: (pool) => ({ kind: 'leave', id: idOf(pool, token), owner }),
    });
    return decision.gone.length > 0;
  }

  /** Removes what is over its time, gives its room to those who wait, and answers in how many pools. */
  async sweep(): Promise<number> {
    const pools = await this.transactions.single('lockPools.expired', (tx) =>
      this.store.listExpiredPools(tx, SWEPT_AT_ONCE),
    );
    for (const name of pools) {
      await this.change(name, 'lockPools.sweep', (tx) => this.store.lock(tx, name), { plan: () => ({ kind: 'look' }) });
    }
    return pools.length;
  }

  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      // The next look does what this one could not.
      this.logger.debug(`permits over their lease stay for now: ${(error as Error).message}`);
    }
  }

  /** The permit if it is to be had at once, otherwise the place in line; nothing of it if it may not wait. */
  private async ask(
    name: string,
    { mayWait, ...wanted }: Omit<AskPermit, 'waitMs' | 'signal'> & { readonly mayWait: boolean },
  ): Promise<Permit | { readonly id: number; readonly key: string }> {
    const { key } = wanted;
    const { decision, read, tokens } = await this.change(name, 'lockPools.ask', (tx) => this.store.lock(tx, name), {
      plan: ({ nextId: id, nowMs, state }) => {
        if (state.requests.length >= MAX_POOL_REQUESTS) throw new LockPoolOverloaded(name);
        return { kind: 'ask', request: { ...wanted, id, expiresMs: nowMs + WAITER_LEASE_MS } };
      },
      ifNotGiven: mayWait ? 'waits' : 'leaves',
    });
    const id = read.nextId;
    const granted = decision.granted.find((one) => one.id === id);
    if (granted !== undefined) return toPermit(granted, read.nowMs, tokens.get(id) ?? 0);
    if (mayWait) return { id, key };
    throw new LockPoolBusy(name, key, obstacleOf(decision.state, key));
  }

  /** Waits for the permit, and leaves the line on every other way out of it. */
  private async awaited(
    name: string,
    { id, key }: { readonly id: number; readonly key: string },
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Permit> {
    let permit: StoredRequest | undefined;
    try {
      permit = await this.waiters.wait(id, waitMs, signal);
    } catch (error) {
      // Where even this fails, the request goes with its short lease.
      await this.leave(name, id).catch(() => undefined);
      throw error;
    }
    if (permit !== undefined) return toPermit(permit, permit.expiresMs, permit.token ?? 0);
    const { decision } = await this.leave(name, id);
    throw new LockPoolBusy(name, key, obstacleOf(decision.state, key));
  }

  private leave(name: string, id: number): Promise<Outcome> {
    return this.change(name, 'lockPools.leave', (tx) => this.store.lock(tx, name), {
      plan: () => ({ kind: 'leave', id }),
    });
  }

  /** One operation on a pool, in one transaction under its lock; whom it gives a permit is told when it is committed. */
  private async change(
    name: string,
    title: string,
    open: (tx: Tx) => Promise<LockedPool | undefined>,
    how: {
      readonly plan: Plan;
      readonly ifNotGiven?: 'waits' | 'leaves';
      readonly after?: (tx: Tx, outcome: Outcome) => Promise<void>;
    },
  ): Promise<Outcome> {
    const release = await this.turns.acquire(name, { waitMs: TURN_LIMIT_MS });
    if (release === undefined) throw new LockPoolOverloaded(name);
    const outcome = await this.transactions
      .run(title, async (tx) => {
        const read = await open(tx);
        if (read === undefined) throw new LockPoolNotFound(name);
        const operation = how.plan(read);
        let decision = decidePool(read.state, operation, read.nowMs);
        let asked = operation.kind === 'ask' ? requestOf(decision, operation.request.id) : undefined;
        if (asked?.grantedMs === null && how.ifNotGiven === 'leaves') {
          decision = decidePool(read.state, { kind: 'look' }, read.nowMs);
          asked = undefined;
        }
        const tokens = await this.store.write(tx, { name, nowMs: read.nowMs }, decision, asked);
        const result = { decision, read, tokens };
        await how.after?.(tx, result);
        await this.waiters.tell(tx, othersGiven(result));
        return result;
      })
      .finally(release);
    this.waiters.given(othersGiven(outcome));
    return outcome;
  }
}

/** Who was given a permit and is not the one that asked just now. */
function othersGiven({ decision, read }: Outcome): number[] {
  return decision.granted.map(({ id }) => id).filter((id) => id !== read.nextId);
}

function requestOf({ state }: PoolDecision, id: number): PoolRequest | undefined {
  return state.requests.find((one) => one.id === id);
}

/** 0 is nobody's. */
function idOf({ state }: LockedPool, token: number): number {
  return state.requests.find((one) => one.token === token)?.id ?? 0;
}

function toPermit({ key, owner, grantedMs, expiresMs }: PoolRequest, nowMs: number, token: number): Permit {
  return { key, owner, token, sinceMs: grantedMs ?? nowMs, expiresMs: expiresMs ?? nowMs };
}

function countsOf(state: PoolState): { readonly active: number; readonly waiting: number } {
  const active = state.requests.filter(({ grantedMs }) => grantedMs !== null).length;
  return { active, waiting: state.requests.length - active };
}
