import {
  acquireLocks,
  breakHolds,
  cancelRequest,
  LockHeld,
  LockPlaceLost,
  NotFound,
  REASONS,
  releaseLock,
  renewLock,
  withdrawGrant,
  type ClusterHold,
  type GrantedLock,
  type HandleFlags,
  type LockMode,
  type LockOf,
  type LockTable,
} from '#berth/domain';
import { LockspaceStore, Transactions, type HandleState } from '#berth/store';
import { Injectable, Logger } from '@nestjs/common';
import { LockOperations } from './lock-operations.js';
import { LockWaiters } from './lock-waiters.js';

/** Who acts: an owner by name, or one of its handles, which stands for its one lock. */
export type LockActor =
  { readonly owner: string; readonly handle?: undefined } | { readonly handle: string; readonly owner?: undefined };

/** What is asked for. */
export interface AcquireRequest {
  readonly lockspace: string;
  readonly actor: LockActor;
  /** One lock, or several that are granted together, each once. */
  readonly locks: readonly { readonly name: string; readonly mode: Exclude<LockMode, 'unlock'> }[];
  /** Of the owner's hold that shall be renewed or converted. One lock only. */
  readonly token?: number | undefined;
  /** How long a hold lasts unless it is renewed; undefined: as the lockspace has it. */
  readonly leaseMs?: number | undefined;
  /** How long to stand in line; 0: not at all. */
  readonly waitMs: number;
  /** Not to wait for the answer: the request stands in line by itself. */
  readonly isAsync: boolean;
  /** Given when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

export type Acquired =
  | { readonly status: 'granted'; readonly locks: readonly GrantedLock[] }
  | { readonly status: 'queued'; readonly requestId: number };

export interface Released {
  /** Whether the lock is free of this owner now, by this request. */
  readonly released: boolean;
  /** What is left: other uses of a counted handle, or a hold that stays cached until somebody else wants it. */
  readonly left: 'nothing' | 'counted' | 'cached' | 'other_hold';
  readonly hold: ClusterHold | undefined;
}

/** A cached hold is given out again while at least this part of its lease is left; then it is renewed first. */
const FRESH_PART = 0.25;

/** Who could not leave the line because the database was away tries again; after that its deadline takes it out: ms. */
const LEAVE_TRIES = 30;
const LEAVE_PAUSE_MS = 1_000;

/** Locks that whole clusters agree on. Source: docs/locks/cluster-locks.md. */
@Injectable()
export class ClusterLocksService {
  private readonly logger = new Logger(ClusterLocksService.name);

  constructor(
    private readonly operations: LockOperations,
    private readonly waiters: LockWaiters,
    private readonly transactions: Transactions,
    private readonly lockspaces: LockspaceStore,
  ) {}

  /**
   * Grants locks, all or none, or renews or converts the one that `token` names. A cached hold of a handle is given out again
   * without a write. Throws LockHeld with the holders when they could not be had in time, LockAlreadyHeld, LockTokenStale,
   * LockDeadlock, LockspaceDraining, NotFound; LockPlaceLost if it has to be asked again.
   */
  async acquire(request: AcquireRequest): Promise<Acquired> {
    const { lockspace, locks, actor, token, leaseMs, isAsync } = request;
    const state = actor.handle === undefined ? undefined : await this.handle(request, actor.handle);
    const cached = state === undefined || token !== undefined ? undefined : fromCache(state, request);
    if (cached !== undefined) return { status: 'granted', locks: [cached] };
    const owner = state?.handle.owner ?? actor.owner ?? '';
    const flags: HandleFlags | undefined = state?.handle.flags;
    const named = locks.map(({ name }) => ({ lockspace, name }));
    const outcome = await this.operations.run({
      locks: named,
      owner,
      make: true,
      apply: (table, idOf) => {
        const wants = locks.map(({ name, mode }) => ({ lockId: idOf({ lockspace, name }) ?? '', mode }));
        const session = isAsync ? null : this.waiters.session;
        return acquireLocks(table, { owner, wants, token, leaseMs, waitMs: request.waitMs, session, flags });
      },
    });
    if (outcome.status === 'granted') return await this.hand(outcome.locks, request);
    if (isAsync) return { status: 'queued', requestId: outcome.request.id };
    return await this.wait(outcome.request.id, named, request);
  }

  /** Gives a hold back, and says truthfully whether it did. With a token that is not the hold's, nothing happens. */
  async release(lock: LockOf, actor: LockActor, token?: number): Promise<Released> {
    const state = actor.handle === undefined ? undefined : await this.handle({ ...lock, locks: [lock] }, actor.handle);
    const hold = state?.hold;
    if (hold !== undefined && hold.cached && hold.revokedAtMs === null && (token ?? hold.token) === hold.token) {
      return { released: false, left: 'cached', hold };
    }
    const owner = state?.handle.owner ?? actor.owner ?? '';
    const done = await this.apply(lock, owner, (table, lockId) =>
      releaseLock(table, { lockId, owner, token }, state !== undefined),
    );
    if (done === undefined) return { released: false, left: 'nothing', hold: undefined };
    const left = { released: 'nothing', not_held: done.hold === undefined ? 'nothing' : 'other_hold' } as const;
    const { status } = done;
    const isOver = status === 'released' || status === 'not_held';
    return { released: status === 'released', left: isOver ? left[status] : status, hold: done.hold };
  }

  /** Lets holds last for `leaseMs` from now. Of each what it is now; undefined: it is lost, and so is what it protected. */
  async renew(
    lockspace: string,
    owner: string,
    holds: readonly { readonly name: string; readonly token: number }[],
    leaseMs?: number,
  ): Promise<readonly (GrantedLock | undefined)[]> {
    const locks = holds.map(({ name }) => ({ lockspace, name }));
    return await this.operations.run({
      ...{ locks, owner, make: false },
      apply: (table, idOf) =>
        holds.map(({ name, token }) => {
          const lockId = idOf({ lockspace, name });
          return lockId === undefined ? undefined : renewLock(table, { lockId, owner, token }, leaseMs);
        }),
    });
  }

  /** Takes a lock from those who hold it, or from the owner or token named. `by`: who does it, for the log. */
  async break(lock: LockOf, which: { owner?: string | undefined; token?: number | undefined }, by: string) {
    const broken =
      (await this.apply(lock, '', (table, lockId) => breakHolds(table, lockId, which.owner, which.token))) ?? [];
    for (const { owner, mode, token } of broken) {
      const what = `lock ${JSON.stringify(lock.name)} of lockspace ${JSON.stringify(lock.lockspace)}`;
      this.logger.warn(`${what}, ${mode} with token ${token}, was taken from ${JSON.stringify(owner)} by ${by}`);
    }
    return broken;
  }

  /** Takes a request out of line. Answers what it came to if it was granted before that; undefined: it waits no more. */
  async cancel(lockspace: string, id: number): Promise<readonly GrantedLock[] | undefined> {
    const waiting = await this.transactions.single('clusterLocks.request', (tx) => this.lockspaces.findRequest(tx, id));
    const isIts = waiting[0]?.lockspace === lockspace;
    if (isIts && (await this.leave(id, waiting)).status === 'cancelled') return undefined;
    const outcome = await this.waiters.outcome(id);
    if (outcome.status === 'granted' && outcome.locks[0]?.lockspace === lockspace) return outcome.locks;
    if (isIts) return undefined;
    throw noRequest(id);
  }

  /** What a request was granted that had to wait; nothing: it still waits, or what it was granted is held no more. */
  grantedBy(id: number): Promise<readonly GrantedLock[]> {
    return this.waiters.outcome(id).then((outcome) => (outcome.status === 'granted' ? outcome.locks : []));
  }

  /** Gives back all uses of an owner's hold. Answers whether there was one. */
  async releaseAll(lock: LockOf, owner: string): Promise<boolean> {
    const done = await this.apply(lock, owner, (table, lockId) => {
      const hold = table.holdOf(lockId, owner);
      if (hold === undefined) return false;
      table.end(lockId, hold);
      table.promote();
      return true;
    });
    return done ?? false;
  }

  private async wait(id: number, locks: readonly LockOf[], request: AcquireRequest): Promise<Acquired> {
    let waited = await this.waiters.wait(id, locks, request.waitMs, request.signal);
    let inTheWay: LockHeld | undefined;
    if (waited.status !== 'granted' && waited.status !== 'lost') {
      const isEnding = waited.status === 'ending';
      const left = await this.leave(id, locks).catch((error: unknown) => {
        void this.leaveLater(id, locks);
        throw error;
      });
      inTheWay = left.inTheWay;
      if (left.status === 'not_waiting') waited = await this.waiters.outcome(id);
      else if (isEnding) throw new LockPlaceLost();
    }
    if (waited.status === 'granted') return await this.hand(inOrder(waited.locks, locks), request);
    throw waited.status === 'lost' || inTheWay === undefined ? new LockPlaceLost() : inTheWay;
  }

  /** Who is gone before the answer is written will never know what it has: it has nothing but what it had before. */
  private async hand(locks: readonly GrantedLock[], { token, signal }: AcquireRequest): Promise<Acquired> {
    if (signal.aborted && token === undefined) {
      await this.withdraw(locks);
      throw new LockPlaceLost();
    }
    return { status: 'granted', locks };
  }

  private async withdraw(locks: readonly GrantedLock[]): Promise<void> {
    for (const lock of locks) {
      const { owner, token } = lock;
      await this.apply(lock, owner, (table, lockId) => withdrawGrant(table, { lockId, owner, token }));
    }
  }

  /** Takes a request out of its lines; who stood in its way, if it was in line. */
  private async leave(id: number, locks: readonly LockOf[]) {
    return await this.operations.run({
      ...{ locks, owner: '', make: false, requestId: id },
      apply: (table) => {
        const request = table.requestById(id);
        const obstacles = request === undefined ? [] : table.obstacles(request);
        const inTheWay = obstacles.length > 0 ? new LockHeld(obstacles) : undefined;
        return { status: cancelRequest(table, id), inTheWay };
      },
    });
  }

  /** The database is away, and the client is answered: what it was granted meanwhile shall not wait for the end of a lease. */
  private async leaveLater(id: number, locks: readonly LockOf[]): Promise<void> {
    for (let tries = 0; tries < LEAVE_TRIES; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, LEAVE_PAUSE_MS).unref());
      try {
        if ((await this.leave(id, locks)).status === 'cancelled') return;
        const outcome = await this.waiters.outcome(id);
        if (outcome.status === 'granted') await this.withdraw(outcome.locks);
        return;
      } catch (error) {
        this.logger.debug(`request ${id} is still in line: ${(error as Error).message}`);
      }
    }
  }

  private async apply<Result>(
    lock: LockOf,
    owner: string,
    work: (table: LockTable, lockId: string) => Result,
  ): Promise<Result | undefined> {
    return await this.operations.run({
      ...{ locks: [lock], owner, make: false },
      apply: (table, idOf) => {
        const lockId = idOf(lock);
        return lockId === undefined ? undefined : work(table, lockId);
      },
    });
  }

  /** The handle, which has to be one of the lock that is named. Throws NotFound. */
  private async handle(
    { lockspace, locks }: { readonly lockspace: string; readonly locks: readonly { readonly name: string }[] },
    id: string,
  ): Promise<HandleState> {
    const state = await this.transactions.single('clusterLocks.handle', (tx) => this.lockspaces.findHandle(tx, id));
    const isIts = state?.handle.lockspace === lockspace && locks.every(({ name }) => name === state.handle.name);
    if (state === undefined || !isIts) throw noHandle(id);
    return state;
  }
}

/** There is no such handle, or it is none of this lock. */
export function noHandle(id: string): NotFound {
  return new NotFound(`No handle '${id}' of this lock found.`, { reason: REASONS.lockNotFound, facts: { handle: id } });
}

/** No such request stands in line, nor holds what it waited for. */
export function noRequest(id: number): NotFound {
  return new NotFound(`No request ${id} found: it was given up, or what it was granted is held no more.`, {
    reason: REASONS.lockNotFound,
    facts: { request: id },
  });
}

/** What the handle holds, if that serves the request and lasts for a while: nobody else had the lock since. */
function fromCache({ hold }: HandleState, { locks, leaseMs }: AcquireRequest): GrantedLock | undefined {
  const [want] = locks;
  if (hold === undefined || want === undefined || !hold.cached || hold.revokedAtMs !== null) return undefined;
  const isCovered = hold.mode === want.mode || (hold.mode === 'exclusive' && want.mode === 'shared');
  const fresh = (leaseMs ?? hold.expiresAtMs - hold.sinceMs) * FRESH_PART;
  return isCovered && hold.leftMs > fresh ? { ...hold, changed: false } : undefined;
}

/** As they were asked for. */
function inOrder(granted: readonly GrantedLock[], asked: readonly LockOf[]): GrantedLock[] {
  return asked.flatMap(({ name }) => granted.find((lock) => lock.name === name) ?? []);
}
