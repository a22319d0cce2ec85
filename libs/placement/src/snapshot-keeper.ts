import { applyDelta, indexOfUuid, SnapshotBuilder, type Snapshot } from '#berth/candidates';
import { NotFound, REASONS, type SupplyDelta } from '#berth/domain';
import { ChangeSession, ChangeStore, Spread, Transactions, type Reading } from '#berth/store';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/** A snapshot and the point of the database's history that it shows. */
interface Kept {
  readonly reading: Reading;
  readonly snapshot: Snapshot;
}

/** Bounds by which providers in a delta are counted. */
const DELTA_SIZES = [1, 10, 100, 1_000, 10_000];

/** Keeps an idle process near the present: whoever stays away until the log has forgotten reads everything anew: ms. */
const IDLE_CHECK_MS = 60_000;

/**
 * Keeps the supply side in memory, and before each use asks the database what was committed since. So a search is as
 * fresh as a read of the database: its check was sent after it asked. One check serves all who asked before it was sent.
 * Source: docs/adr/0008.
 */
@Injectable()
export class SnapshotKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Looks at the database for changes. */
  checks = 0;
  /** Readings of everything. */
  wholeReadings = 0;
  /** Providers that had changed, or gone, in those looks that found any. */
  readonly deltaSizes = new Spread(DELTA_SIZES);
  private readonly logger = new Logger(SnapshotKeeper.name);
  private provenAtMs: number | undefined;
  private kept: Kept | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Snapshot> | undefined;
  private readonly idle = setInterval(() => void this.lookAround(), IDLE_CHECK_MS).unref();

  constructor(
    private readonly transactions: Transactions,
    private readonly session: ChangeSession,
    private readonly changes: ChangeStore,
  ) {}

  /** A snapshot that shows all that was committed before this call. Throws Unavailable: never stale data instead. */
  current(): Promise<Snapshot> {
    this.next ??= this.after(this.running);
    return this.next;
  }

  /** The same, and where in it the provider is. Throws NotFound with `text` where there is none. */
  async find(providerUuid: string, text: string): Promise<{ snapshot: Snapshot; index: number }> {
    const snapshot = await this.current();
    const index = indexOfUuid(snapshot, providerUuid);
    if (index === undefined)
      throw new NotFound(text, { reason: REASONS.providerNotFound, facts: { resource_provider: providerUuid } });
    return { snapshot, index };
  }

  /** Reads everything before anybody asks. Nothing waits for it: what goes wrong is told to whoever asks first. */
  onApplicationBootstrap(): void {
    this.current().catch(() => undefined);
  }

  /** The snapshot as it was last seen, without asking; undefined: there is none yet. */
  last(): Snapshot | undefined {
    return this.kept?.snapshot;
  }

  /** How long ago the snapshot was known to show what the database had; undefined: it never was. In ms. */
  ageMs(): number | undefined {
    return this.provenAtMs === undefined ? undefined : performance.now() - this.provenAtMs;
  }

  onApplicationShutdown(): void {
    clearInterval(this.idle);
  }

  private async after(running: Promise<unknown>): Promise<Snapshot> {
    await running.catch(() => undefined);
    const refreshing = this.refresh();
    this.running = refreshing;
    this.next = undefined;
    return await refreshing;
  }

  private async refresh(): Promise<Snapshot> {
    const sentAtMs = performance.now();
    const snapshot = await this.upToDate();
    this.provenAtMs = sentAtMs;
    return snapshot;
  }

  private async upToDate(): Promise<Snapshot> {
    const { kept } = this;
    if (kept === undefined) return await this.readAll();
    this.checks += 1;
    const changes = await this.session.run((tx) => this.changes.since(tx, kept.reading));
    if (changes.status === 'forgotten') return await this.readAll();
    const snapshot = changes.status === 'unchanged' ? kept.snapshot : this.applied(kept.snapshot, changes.delta);
    if (snapshot === undefined) return await this.readAll();
    this.kept = { reading: { ...kept.reading, at: changes.at }, snapshot };
    return snapshot;
  }

  /** The snapshot with the changes; undefined if they don't fit it, which a reading of everything then settles. */
  private applied(snapshot: Snapshot, delta: SupplyDelta): Snapshot | undefined {
    this.deltaSizes.add(delta.changed.length + delta.removed.length);
    try {
      return applyDelta(snapshot, delta);
    } catch (error) {
      this.logger.warn(`reading everything anew, because changes did not fit: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** In portions, of which only the snapshot remains: the rows of a large fleet all at once are several times its size. */
  private async readAll(): Promise<Snapshot> {
    this.wholeReadings += 1;
    // Of no use any more, and two large snapshots need not be there at once.
    this.kept = undefined;
    const { reading, builder } = await this.transactions.read('snapshot.readAll', async (tx) => {
      const { reading, names } = await this.changes.begin(tx);
      const builder = new SnapshotBuilder(names);
      for await (const portion of this.changes.portions(tx)) builder.add(portion);
      return { reading, builder };
    });
    const snapshot = builder.finish();
    this.kept = { reading, snapshot };
    return snapshot;
  }

  private async lookAround(): Promise<void> {
    try {
      if (this.kept !== undefined) await this.current();
    } catch (error) {
      this.logger.warn(`could not look after the changes: ${(error as Error).message}`);
    }
  }
}
