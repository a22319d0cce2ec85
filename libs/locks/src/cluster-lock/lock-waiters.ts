import { randomUUID } from 'node:crypto';
import type { GrantedLock, LockChanges, LockOf, LockTable } from '#berth/domain';
import { ClusterLockStore, Notices, Transactions, type Tx } from '#berth/store';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { WaitMeasures } from '../wait-measures.js';
import { LockEnds } from './lock-ends.js';

/** What the wait of a request came to. */
export type Waited =
  | { readonly status: 'granted'; readonly locks: readonly GrantedLock[] }
  /** It stands in no line any more, and nothing was granted. */
  | { readonly status: 'lost' }
  /** Still in line: the time is over, nobody wants the answer any more, or this process ends. */
  | { readonly status: 'late' | 'gone' | 'ending' };

interface Waiter {
  readonly locks: readonly LockOf[];
  readonly resolve: (waited: Waited) => void;
}

/** A process that was not heard of for so long is dead, and its waiters leave their lines: ms. */
const ALIVE_MS = 15_000;
const KEEP_ALIVE_MS = 5_000;

/** Words can be missed: so often those who wait are looked up. One statement for all of them: ms. */
const POLL_MS = 2_000;

/** Where locks are fought for, somebody waits again in a moment: so long after the last the process listens on: ms. */
const LINGER_MS = 5_000;

/** Grants that are told before their request is known to wait are remembered; of so many requests. */
const MAX_EARLY = 1_000;

/** Those who wait in this process: woken by a word, a look every POLL_MS, or the end of a lease. */
@Injectable()
export class LockWaiters implements BeforeApplicationShutdown {
  /** The name under which this process waits. */
  readonly session = randomUUID();
  readonly waits = new WaitMeasures();
  private readonly logger = new Logger(LockWaiters.name);
  private readonly waiting = new Map<number, Waiter>();
  private readonly early = new Set<number>();
  private readonly ends: LockEnds;
  private asking = new Set<number>();
  private keptAtMs = -Infinity;
  private beat: NodeJS.Timeout | undefined;
  private polledAtMs = 0;
  private busyAtMs = -Infinity;
  private stopListening: (() => void) | undefined;
  private ended = false;

  constructor(
    private readonly transactions: Transactions,
    private readonly locks: ClusterLockStore,
    private readonly notices: Notices,
  ) {
    this.ends = new LockEnds(transactions, locks, () => this.locksWaitedFor());
  }

  /** How a line is served: set by whoever serves lines. */
  useLook(look: (lock: LockOf) => Promise<void>): void {
    this.ends.useLook(look);
  }

  /** Waits until the request is granted, at most `limitMs`. Never throws: while the database is away, it is waited on. */
  wait(id: number, locks: readonly LockOf[], limitMs: number, signal: AbortSignal): Promise<Waited> {
    if (this.ended) return Promise.resolve({ status: 'ending' });
    this.listen();
    const done = this.waits.begin();
    return new Promise((resolve) => {
      const end = (waited: Waited): void => {
        done(waited.status === 'granted');
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(id);
        this.busyAtMs = performance.now();
        resolve(waited);
      };
      const giveUp = (): void => end({ status: 'gone' });
      const timer = setTimeout(() => end({ status: 'late' }), limitMs);
      signal.addEventListener('abort', giveUp);
      this.waiting.set(id, { locks, resolve: end });
      if (signal.aborted) giveUp();
      else if (this.early.delete(id)) this.ask([id]);
    });
  }

  /** What became of a request that was in line: granted, or nothing. */
  async outcome(id: number): Promise<Waited> {
    const locks = await this.transactions.single('clusterLocks.outcome', (tx) => this.locks.listByRequests(tx, [id]));
    return locks.length > 0 ? { status: 'granted', locks } : { status: 'lost' };
  }

  /** Lets the requests of this process live, in the transaction that makes one. */
  async keepAlive(tx: Tx): Promise<void> {
    if (performance.now() - this.keptAtMs < KEEP_ALIVE_MS) return;
    await this.locks.keepAlive(tx, this.session, ALIVE_MS);
  }

  /** After a commit: whoever waits here is told, and holds that others wait behind are watched for their ends. */
  served({ queued, granted }: LockChanges, table: LockTable): void {
    if (queued.some(({ session }) => session === this.session)) {
      this.listen();
      // Its transaction did so, if it was time.
      if (performance.now() - this.keptAtMs >= KEEP_ALIVE_MS) this.keptAtMs = performance.now();
    }
    for (const { request, locks } of granted) {
      if (request.session !== this.session) continue;
      const waiter = this.waiting.get(request.id);
      if (waiter === undefined) this.remember(request.id);
      else waiter.resolve({ status: 'granted', locks });
    }
    for (const { lock, inMs } of table.ends()) this.ends.expect(lock, inMs);
  }

  /** Before connections are closed: nobody waits for a process that ends. */
  beforeApplicationShutdown(): void {
    this.ended = true;
    for (const waiter of [...this.waiting.values()]) waiter.resolve({ status: 'ending' });
    this.ends.stop();
    clearTimeout(this.beat);
    this.stopListeningForNow();
  }

  private locksWaitedFor(): LockOf[] {
    return [...this.waiting.values()].flatMap(({ locks }) => locks);
  }

  private listen(): void {
    if (this.ended) return;
    this.stopListening ??= this.notices.listen(channelOf(this.session), {
      heard: (payload) => this.heard(payload.split(' ').map(Number)),
      lookAgain: () => this.ask([...this.waiting.keys()]),
    });
    this.beat ??= setTimeout(() => void this.tick(), POLL_MS / 2).unref();
  }

  private stopListeningForNow(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }

  private heard(ids: readonly number[]): void {
    for (const id of ids) if (!this.waiting.has(id)) this.remember(id);
    this.ask(ids.filter((id) => this.waiting.has(id)));
  }

  private remember(id: number): void {
    this.early.add(id);
    for (const oldest of this.early) {
      if (this.early.size <= MAX_EARLY) return;
      this.early.delete(oldest);
    }
  }

  /** Asks what became of requests: those that are named in one turn with one question. */
  private ask(ids: readonly number[]): void {
    if (ids.length === 0) return;
    const isFirst = this.asking.size === 0;
    for (const id of ids) this.asking.add(id);
    if (isFirst) setImmediate(() => void this.answer());
  }

  private async answer(): Promise<void> {
    const ids = [...this.asking].filter((id) => this.waiting.has(id));
    this.asking = new Set();
    if (ids.length === 0) return;
    try {
      const outcomes = await this.transactions.single('clusterLocks.outcomes', (tx) => this.locks.outcomes(tx, ids));
      for (const [id, locks] of outcomes) {
        this.waiting.get(id)?.resolve(locks.length > 0 ? { status: 'granted', locks } : { status: 'lost' });
      }
    } catch (error) {
      // Asked again with the next beat.
      this.logger.debug(`what became of ${ids.length} requests is not known for now: ${(error as Error).message}`);
    }
  }

  /** While anybody waits, or did so a moment ago. */
  private async tick(): Promise<void> {
    const now = performance.now();
    try {
      if (this.waiting.size > 0 && now - this.keptAtMs >= KEEP_ALIVE_MS) {
        await this.transactions.single('clusterLocks.keepAlive', (tx) =>
          this.locks.keepAlive(tx, this.session, ALIVE_MS),
        );
        this.keptAtMs = now;
      }
    } catch (error) {
      this.logger.debug(`those who wait could not be kept in line: ${(error as Error).message}`);
    }
    if (now - this.polledAtMs >= POLL_MS) {
      this.polledAtMs = now;
      this.ask([...this.waiting.keys()]);
      this.ends.check();
    }
    this.beat = undefined;
    if (this.waiting.size > 0 || now - this.busyAtMs < LINGER_MS) this.listen();
    else this.stopListeningForNow();
  }
}

/** Where a process is told what its waiters were granted. */
export function channelOf(session: string): string {
  return `berth_lock_${session}`;
}
