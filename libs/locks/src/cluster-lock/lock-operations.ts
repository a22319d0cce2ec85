import {
  BerthError,
  Conflict,
  lockKey,
  LockspaceDraining,
  LockTable,
  NotFound,
  type LockChanges,
  type LockEvent,
  type LockOf,
} from '#berth/domain';
import {
  ClusterLockStore,
  LockspaceStore,
  LostRace,
  noLockspace,
  Notices,
  Transactions,
  type AskedLock,
  type LockReading,
  type Notice,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { attempt, Grouped, type Outcome } from '../grouped.js';
import { EVENT_CHANNEL, toPayload } from './lock-events.js';
import { channelOf, LockWaiters } from './lock-waiters.js';

/** One request about some locks. */
export interface LockOperation<Result> {
  readonly locks: readonly LockOf[];
  readonly owner: string;
  /** Locks that nobody named before get a row. */
  readonly make: boolean;
  /** A request that is meant, wherever it stands in line. */
  readonly requestId?: number;
  /** Throws a Conflict, with nothing changed that was not to be changed; must not fail half way. */
  readonly apply: (table: LockTable, idOf: (lock: LockOf) => string | undefined) => Result;
}

/**
 * Carries out operations on cluster locks: those that wait while others are under way share a transaction. Who is granted
 * something by it is woken once it is committed, in whatever process it waits.
 */
@Injectable()
export class LockOperations {
  /** Events that were told to owners, by kind. */
  readonly told: Record<LockEvent['kind'], number> = { grant: 0, revoke: 0, changed: 0, broken: 0 };
  readonly groups = new Grouped((operations: readonly LockOperation<unknown>[]) => this.transact(operations));

  constructor(
    private readonly transactions: Transactions,
    private readonly locks: ClusterLockStore,
    private readonly lockspaces: LockspaceStore,
    private readonly notices: Notices,
    private readonly waiters: LockWaiters,
  ) {
    waiters.useLook((lock) => this.look(lock));
  }

  /** Resolves once the operation has taken effect. Throws what refused it, NotFound if there is no such lockspace. */
  async run<Result>(operation: LockOperation<Result>): Promise<Result> {
    return (await this.groups.run(operation)) as Result;
  }

  /** Serves the line of a lock: for whoever waits behind a hold that ended by itself. */
  async look(lock: LockOf): Promise<void> {
    await this.run({ locks: [lock], owner: '', make: false, apply: (table) => table.promote() });
  }

  private async transact(
    operations: readonly LockOperation<unknown>[],
  ): Promise<readonly Outcome<unknown, BerthError>[]> {
    const done = await this.transactions.runByKey('clusterLocks.group', async (tx) => {
      const reading = await this.locks.read(tx, askedOf(operations), requestsOf(operations), numbersFor(operations));
      const refusals = await this.refusals(tx, operations, reading);
      const numbers = reading.numbers.values();
      const table = new LockTable(reading.nowMs, reading.locks, reading.requests, () => take(numbers));
      const ids = new Map(reading.locks.map((lock) => [lockKey(lock), lock.id]));
      const outcomes = operations.map((operation) =>
        attempt(() => {
          const refusal = operation.make ? refusals.get(operation.locks[0]?.lockspace ?? '') : undefined;
          if (refusal !== undefined) throw refusal;
          return operation.apply(table, (lock) => ids.get(lockKey(lock)));
        }, isRefusal),
      );
      const changes = table.changes();
      await this.write(tx, changes);
      return { outcomes, changes, table, reading };
    });
    for (const { kind } of done.changes.events) this.told[kind] += 1;
    this.waiters.served(done.changes, done.table);
    this.lookAround(operations, done.changes, done.reading);
    return done.outcomes;
  }

  private async write(tx: Tx, changes: LockChanges): Promise<void> {
    const own = changes.queued.some(({ session }) => session !== null);
    await this.locks.write(tx, changes);
    if (own) await this.waiters.keepAlive(tx);
    await this.notices.tell(tx, [...this.wordsToWaiters(changes), ...changes.events.map(wordOf)]);
  }

  /** To other processes: those who wait in this one are told without the database. */
  private wordsToWaiters({ granted }: LockChanges): Notice[] {
    const bySession = new Map<string, number[]>();
    for (const { request } of granted) {
      if (request.session === null || request.session === this.waiters.session) continue;
      bySession.set(request.session, [...(bySession.get(request.session) ?? []), request.id]);
    }
    return [...bySession].map(([session, ids]) => ({ channel: channelOf(session), payload: ids.join(' ') }));
  }

  /** Why locks that should have been made are not there: the lockspace isn't, or it drains. */
  private async refusals(
    tx: Tx,
    operations: readonly LockOperation<unknown>[],
    { locks }: LockReading,
  ): Promise<ReadonlyMap<string, Error>> {
    const found = new Set(locks.map(lockKey));
    const missing = operations.flatMap((one) =>
      one.make ? one.locks.filter((lock) => !found.has(lockKey(lock))) : [],
    );
    const refusals = new Map<string, Error>();
    for (const lockspace of new Set(missing.map((lock) => lock.lockspace))) {
      const there = await this.lockspaces.find(tx, lockspace);
      // Forgotten in the moment between being found and being locked: made again by the next attempt.
      if (there?.draining === false) throw new LostRace(`a lock of '${lockspace}' was forgotten meanwhile`);
      refusals.set(lockspace, there === undefined ? noLockspace(lockspace) : new LockspaceDraining(lockspace));
    }
    return refusals;
  }

  /**
   * What one transaction could not see to: lines longer than it reads, requests that came meanwhile and want other locks, too,
   * and locks that only a request which is gone had in common with these.
   */
  private lookAround(operations: readonly LockOperation<unknown>[], changes: LockChanges, reading: LockReading): void {
    const isLook = operations.every(({ owner, make }) => owner === '' && !make);
    const byId = new Map(reading.locks.map((lock) => [lock.id, lock]));
    const again = new Map<string, LockOf>();
    const removed = new Set(changes.removed);
    for (const { wants, isWhole, id } of reading.requests) {
      if (isLook ? !removed.has(id) || wants.length < 2 : isWhole && (!removed.has(id) || wants.length < 2)) continue;
      for (const { lockId } of wants) {
        const lock = byId.get(lockId);
        if (lock !== undefined) again.set(lock.id, lock);
      }
    }
    if (changes.granted.length > 0) for (const lock of reading.locks) if (lock.isLineCut) again.set(lock.id, lock);
    for (const lock of again.values()) void this.look(lock).catch(() => undefined);
  }
}

function askedOf(operations: readonly LockOperation<unknown>[]): AskedLock[] {
  return operations.flatMap(({ locks, owner, make }) =>
    locks.map(({ lockspace, name }) => ({ lockspace, name, owner, make })),
  );
}

function requestsOf(operations: readonly LockOperation<unknown>[]): number[] {
  return operations.flatMap(({ requestId }) => requestId ?? []);
}

/** For each that may be granted something: its place in line, and a token for each lock. */
function numbersFor(operations: readonly LockOperation<unknown>[]): number {
  return operations.reduce((sum, { locks, make }) => sum + (make ? 1 + locks.length : 0), 0);
}

function take(numbers: IterableIterator<number>): number {
  const { value, done } = numbers.next();
  if (done === true) throw new Error('more tokens are wanted than were drawn');
  return value as number;
}

function wordOf(event: LockEvent): Notice {
  return { channel: EVENT_CHANNEL, payload: toPayload(event) };
}

const isRefusal = (error: unknown): error is BerthError => error instanceof Conflict || error instanceof NotFound;
