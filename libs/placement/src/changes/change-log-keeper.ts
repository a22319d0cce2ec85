import { ChangeLogStore, Transactions } from '#berth/store';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';

export interface ChangesOptions {
  /** How long changes are remembered at least: s. */
  readonly retentionSeconds: number;
}

/** Injection token of `ChangesOptions`. */
export const CHANGES_OPTIONS = Symbol('ChangesOptions');

/** A follower who is behind reads this much of the log at a time; each page of it looks through all of that: s. */
const MARK_SECONDS = 5;

const SWEEP_MS = 60_000;

/** Far more than a minute brings; what is left is for the next sweep. */
const MAX_PORTIONS = 400;

/** Keeps the log of changes fit for use: marks at which readers can stop, and an end to what is remembered. */
@Injectable()
export class ChangeLogKeeper implements OnModuleDestroy {
  private readonly logger = new Logger(ChangeLogKeeper.name);
  private readonly marking = setInterval(() => void this.mark(), MARK_SECONDS * 1_000).unref();
  private readonly sweeping = setInterval(() => void this.sweep(), SWEEP_MS).unref();

  constructor(
    private readonly transactions: Transactions,
    private readonly log: ChangeLogStore,
    @Inject(CHANGES_OPTIONS) private readonly options: ChangesOptions,
  ) {}

  /** As soon as the end is announced: what began later would be waited for, also where the database says nothing. */
  onModuleDestroy(): void {
    clearInterval(this.marking);
    clearInterval(this.sweeping);
  }

  private async mark(): Promise<void> {
    // Without a mark followers read on to the next one: slower, nothing worse.
    await this.transactions.single('changes.mark', (tx) => this.log.mark(tx, MARK_SECONDS)).catch(() => undefined);
  }

  private async sweep(): Promise<void> {
    try {
      const { retentionSeconds } = this.options;
      for (let portions = 0; portions < MAX_PORTIONS; portions += 1) {
        const more = await this.transactions.run('changes.forget', (tx) => this.log.forget(tx, retentionSeconds));
        if (!more) return;
      }
    } catch (error) {
      this.logger.warn(`could not forget old changes: ${(error as Error).message}`);
    }
  }
}
