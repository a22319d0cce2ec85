import { ServiceStore, Transactions } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** Whether a part of the service can do its work, and if not, in a word why. */
export type Part = 'ok' | 'unavailable' | 'late' | 'behind';

export interface Readiness {
  /** Whether the database answers. */
  readonly database: Part;
  /** 'behind': it lacks migrations of this build. */
  readonly schema: Part;
  /** Whether the supply side is in memory and as the database has it. */
  readonly snapshot: Part;
}

/** Whether requests can be served. */
@Injectable()
export class ReadinessService {
  private looking: Promise<Readiness> | undefined;
  private database: Part = 'late';
  private schema: Part = 'late';
  private snapshot: Part = 'late';

  constructor(
    private readonly transactions: Transactions,
    private readonly service: ServiceStore,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /**
   * Looks at each part, and answers within `limitMs`: what has not answered by then is 'late'. Never throws. There is one
   * look at a time, which serves all who ask meanwhile: asking is free of charge to anybody, and shall stay cheap.
   */
  async check(limitMs: number): Promise<Readiness> {
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Readiness>((resolve) => {
      timer = setTimeout(() => resolve(this.known()), limitMs);
    });
    try {
      return await Promise.race([this.looking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async look(): Promise<Readiness> {
    this.database = this.schema = this.snapshot = 'late';
    await Promise.all([this.lookAtDatabase(), this.lookAtSnapshot()]);
    return this.known();
  }

  private known(): Readiness {
    return { database: this.database, schema: this.schema, snapshot: this.snapshot };
  }

  private async lookAtDatabase(): Promise<void> {
    try {
      const missing = await this.transactions.single('service.ready', (tx) => this.service.countMissingMigrations(tx));
      this.database = 'ok';
      this.schema = missing === 0 ? 'ok' : 'behind';
    } catch {
      this.database = this.schema = 'unavailable';
    }
  }

  private async lookAtSnapshot(): Promise<void> {
    try {
      await this.snapshots.current();
      this.snapshot = 'ok';
    } catch {
      this.snapshot = 'unavailable';
    }
  }
}
