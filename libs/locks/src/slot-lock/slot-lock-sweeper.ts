import { openPools, settlePools } from '#berth/domain';
import { SlotLockStore, Transactions, type Tx } from '#berth/store';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../rounds.js';

/** Nobody waits for it: who wants a slot that is over its lease takes it. One look-up by index each time. */
const PERIOD_MS = 10_000;

/** So many keys are locked in one transaction. */
const SWEPT_AT_ONCE = 500;

/** Removes locks that are over their lease and that nobody came to take. */
@Injectable()
export class SlotLockSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(SlotLockSweeper.name);
  private readonly rounds = new Rounds(
    PERIOD_MS,
    () => this.sweep(),
    (reason) => this.logger.debug(`locks over their lease stay for now: ${reason}`),
  );

  constructor(
    private readonly transactions: Transactions,
    private readonly slots: SlotLockStore,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  /** As soon as the end is announced. What is under way ends by itself, and is caught if its connection goes first. */
  onModuleDestroy(): void {
    this.rounds.end();
  }

  /** Removes what is over its lease, of at most SWEPT_AT_ONCE keys. Answers of how many. */
  async sweep(): Promise<number> {
    const keys = await this.transactions.single('slotLocks.expiredKeys', (tx) =>
      this.slots.listExpiredKeys(tx, SWEPT_AT_ONCE),
    );
    if (keys.length === 0) return 0;
    await this.transactions.run('slotLocks.sweep', (tx) => releaseExpired(tx, this.slots, keys));
    return keys.length;
  }
}

/** Frees the slots of these keys that are over their lease. Answers how many. */
export async function releaseExpired(tx: Tx, slots: SlotLockStore, keys: readonly string[]): Promise<number> {
  const read = await slots.lockPools(tx, [], keys);
  const pools = settlePools(read, openPools(read));
  await slots.write(tx, { pools, released: [], taken: [], kept: [] }, new Map());
  return pools.expired.length;
}
