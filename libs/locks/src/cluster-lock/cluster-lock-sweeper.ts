import { ClusterLockStore, Transactions } from '#berth/store';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../rounds.js';
import { LockOperations } from './lock-operations.js';

/** Those who wait look for themselves: this is for requests that nobody waits for, and for lines whose servers died. */
const PERIOD_MS = 5_000;

/** So many lines are served in one round. */
const SWEPT_AT_ONCE = 500;

/** Processes that died leave a row, for whoever wants to know: ms. */
const FORGET_AFTER_MS = 60_000;

/** Serves lines that nobody else serves, and takes out of them who is gone. */
@Injectable()
export class ClusterLockSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ClusterLockSweeper.name);
  private readonly rounds = new Rounds(
    PERIOD_MS,
    () => this.sweep(),
    (reason) => this.logger.debug(`lines wait for the next round: ${reason}`),
  );

  constructor(
    private readonly transactions: Transactions,
    private readonly locks: ClusterLockStore,
    private readonly operations: LockOperations,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  /** As soon as the end is announced. What is under way ends by itself, and is caught if its connection goes first. */
  onModuleDestroy(): void {
    this.rounds.end();
  }

  /** Answers how many lines were looked after. */
  async sweep(): Promise<number> {
    const overdue = await this.transactions.single('clusterLocks.overdue', (tx) =>
      this.locks.listOverdue(tx, SWEPT_AT_ONCE),
    );
    for (const lock of overdue) await this.operations.look(lock);
    await this.transactions.single('clusterLocks.forgetSessions', (tx) =>
      this.locks.forgetSessions(tx, FORGET_AFTER_MS),
    );
    return overdue.length;
  }
}
