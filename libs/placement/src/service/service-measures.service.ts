import {
  ServiceStore,
  Transactions,
  type LockUsage,
  type LostCommits,
  type PoolReading,
  type SpreadReading,
  type TransactionCounts,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** What this process has counted and measured since it began, and what it has now. */
export interface ServiceMeasures {
  readonly claims: {
    readonly queued: number;
    readonly refusals: { readonly full: number; readonly late: number };
    readonly groupSizes: SpreadReading;
  };
  readonly snapshot: {
    /** undefined: there is none yet. */
    readonly providers: number | undefined;
    /** Since it was known to show what the database had; undefined: it never was. */
    readonly ageMs: number | undefined;
    readonly checks: number;
    readonly wholeReadings: number;
    readonly deltaSizes: SpreadReading;
  };
  readonly transactions: ReadonlyMap<string, Readonly<TransactionCounts>>;
  readonly lostCommits: LostCommits;
  readonly pool: PoolReading;
}

/** Reads what the parts of the service count. */
@Injectable()
export class ServiceMeasuresService {
  constructor(
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
    private readonly transactions: Transactions,
    private readonly service: ServiceStore,
  ) {}

  read(): ServiceMeasures {
    const { claims, snapshots, transactions } = this;
    return {
      claims: { queued: claims.queued, refusals: claims.refusals, groupSizes: claims.groupSizes.read() },
      snapshot: {
        providers: snapshots.last()?.layout.providers.length,
        ageMs: snapshots.ageMs(),
        checks: snapshots.checks,
        wholeReadings: snapshots.wholeReadings,
        deltaSizes: snapshots.deltaSizes.read(),
      },
      transactions: transactions.measures.byName(),
      lostCommits: transactions.measures.lostCommits,
      pool: this.service.pool(),
    };
  }

  /** What is held and awaited of locks in the whole database. Throws Unavailable. */
  async readLockUsage(): Promise<LockUsage> {
    return await this.transactions.single('service.lockUsage', (tx) => this.service.lockUsage(tx));
  }
}
