import { Transactions, UnusedLockStore } from '#berth/store';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../rounds.js';

export interface LockRetentionOptions {
  /** So long it is remembered what an owner saw of a lock after it last had it: s. */
  readonly retentionSeconds: number;
}

/** Injection token of `LockRetentionOptions`. */
export const LOCK_RETENTION = Symbol('LockRetentionOptions');

/** What is remembered for a week may stay an hour longer; and short retentions are looked after in time: ms. */
const MAX_PERIOD_MS = 3_600_000;
const MIN_PERIOD_MS = 1_000;

/** Locks that one look goes through, and so many of them at most are locked in one transaction. */
const PORTION = 500;

/** A lock that thousands have used is forgotten by so many owners in a transaction. */
const OWNERS_AT_ONCE = 2_000;

/**
 * Forgets locks, and what their owners saw of them, that nobody has used for long. Whoever comes back later is told that the lock
 * has changed: it may have, and nobody knows any more. Tokens go on rising, they come from a sequence.
 */
@Injectable()
export class LockRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(LockRetention.name);
  private readonly rounds: Rounds;

  constructor(
    private readonly transactions: Transactions,
    private readonly unused: UnusedLockStore,
    @Inject(LOCK_RETENTION) { retentionSeconds }: LockRetentionOptions,
  ) {
    this.rounds = new Rounds(
      Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, retentionSeconds * 100)),
      () => forgetUnused(this.transactions, this.unused, retentionSeconds, () => this.rounds.isOver),
      (reason) => this.logger.warn(`unused locks stay for now: ${reason}`),
    );
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  /** As soon as the end is announced: between two portions, of which each is short. */
  onModuleDestroy(): void {
    this.rounds.end();
  }
}

/**
 * Goes through all locks in portions and forgets what nobody has used for `unusedForSeconds`, each portion in transactions of its
 * own. Answers how many rows that were. `isOver`: asked between transactions, ends it.
 */
export async function forgetUnused(
  transactions: Transactions,
  unused: UnusedLockStore,
  unusedForSeconds: number,
  isOver: () => boolean = () => false,
): Promise<number> {
  let forgotten = 0;
  let after = '0';
  while (!isOver()) {
    const page = await transactions.single('clusterLocks.unused', (tx) =>
      unused.list(tx, unusedForSeconds, after, PORTION),
    );
    if (page === undefined) break;
    after = page.last;
    // What is left is none, or busy: the next round has it.
    for (let more = page.ids.length > 0; more && !isOver();) {
      const gone = await transactions.run('clusterLocks.forget', (tx) =>
        unused.forget(tx, page.ids, unusedForSeconds, OWNERS_AT_ONCE),
      );
      forgotten += gone;
      more = gone >= OWNERS_AT_ONCE;
    }
  }
  return forgotten;
}
