import {
  BerthError,
  FenceStale,
  openLedger,
  REASONS,
  settle,
  SlotTaken,
  Unavailable,
  type AllocationWrite,
  type Fence,
  type Ledger,
  type NewProvider,
} from '#berth/domain';
import {
  LedgerStore,
  listStaleFences,
  LostRace,
  outsideFences,
  OwnerNames,
  placeInWork,
  presentFence,
  SlotLockStore,
  Spread,
  Transactions,
  watched,
  type LedgerNames,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';

/**
 * One write of allocations or of a provider: what it mentions, and the pure function that decides it on a ledger. `apply`
 * changes the ledger and answers, or throws and leaves the ledger as it was.
 */
export interface Operation<Result = void> {
  readonly writes?: readonly AllocationWrite[];
  /** Consumers beside those in `writes`. */
  readonly consumerUuids?: readonly string[];
  /** Providers beside those in `writes`. */
  readonly providerUuids?: readonly string[];
  /** Classes beside those in `writes`. */
  readonly resourceClasses?: readonly string[];
  /** Names of traits. */
  readonly traits?: readonly string[];
  /** Those of the providers whose traits `apply` looks at. */
  readonly traitHolders?: readonly string[];
  readonly newProviders?: readonly NewProvider[];
  readonly apply: (ledger: Ledger) => Result;
}

interface Waiting {
  readonly operation: Operation<unknown>;
  /** The fence that its caller works under. */
  readonly fence: Fence | undefined;
  readonly sinceMs: number;
  /** Where its caller stands, for whoever watches. */
  readonly place: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What one operation came to, by itself, within its group. */
type Outcome =
  { readonly status: 'done'; readonly result: unknown } | { readonly status: 'refused'; readonly error: BerthError };

/** More in one transaction saves little more, and makes whoever comes next on the same rows wait longer. */
const MAX_GROUP = 64;

/** While one group waits for the disk, another reads and decides. A third would mostly wait for their rows. */
const MAX_RUNNING = 2;

/** Bounds by which groups are counted. */
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, MAX_GROUP];

/** About ten seconds of work: whoever comes then is told to come back, instead of waiting past their patience. */
const MAX_WAITING = 10_000;

/** The same limit for a database that is slow or silent, where ten seconds of work last longer: ms. */
const MAX_WAIT_MS = 10_000;

/**
 * Carries out operations on allocations and providers, in groups: one transaction, row locks in order, each decision a
 * pure function over what was read under the locks and what the operations before it left. An answer is given after
 * commit. Failures are isolated: a refused operation leaves no trace in its group, and a group in which something
 * unforeseen fails is run again in halves. Source: docs/adr/0004, 0009.
 */
@Injectable()
export class Claims {
  /** Operations in the groups that were begun. */
  readonly groupSizes = new Spread(GROUP_SIZES);
  /** Operations that were turned away, by why: the queue was full, or they had waited in it for too long. */
  readonly refusals = { full: 0, late: 0 };
  private waiting: Waiting[] = [];
  private running = 0;

  constructor(
    private readonly transactions: Transactions,
    private readonly owners: OwnerNames,
    private readonly ledgers: LedgerStore,
    private readonly slots: SlotLockStore,
  ) {}

  /**
   * Runs one operation; answers what it answers, after commit. Throws what it throws, or FenceStale, with nothing written.
   */
  run<Result>(operation: Operation<Result>): Promise<Result> {
    if (this.waiting.length >= MAX_WAITING) {
      this.refusals.full += 1;
      return Promise.reject(tooMany());
    }
    return new Promise<Result>((resolve, reject) => {
      this.waiting.push({
        operation,
        fence: presentFence(),
        sinceMs: performance.now(),
        place: placeInWork(),
        resolve: resolve as Waiting['resolve'],
        reject,
      });
      // All requests that were read from the network in one turn make one group.
      if (this.waiting.length === 1) setImmediate(() => outsideFences(() => this.drain()));
    });
  }

  /** Operations that wait for their group to begin. */
  get queued(): number {
    return this.waiting.length;
  }

  private drain(): void {
    this.refuseLate();
    while (this.running < MAX_RUNNING && this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      this.running += 1;
      void this.carryOut(group).finally(() => {
        this.running -= 1;
        this.drain();
      });
    }
  }

  private refuseLate(): void {
    const limit = performance.now() - MAX_WAIT_MS;
    const inTime = this.waiting.findIndex(({ sinceMs }) => sinceMs > limit);
    const late = this.waiting.splice(0, inTime === -1 ? this.waiting.length : inTime);
    this.refusals.late += late.length;
    for (const { reject } of late) reject(tooMany());
  }

  private async carryOut(group: readonly Waiting[]): Promise<void> {
    try {
      this.groupSizes.add(group.length);
      const sakeOf = group.map(({ place }) => place);
      const outcomes = await watched({ kind: 'group', name: 'claims.group', sakeOf }, () => this.transact(group));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome?.status === 'refused') reject(outcome.error);
        else resolve(outcome?.result);
      });
    } catch (error) {
      if (group.length === 1 || error instanceof Unavailable) {
        group.forEach(({ reject }) => reject(error));
        return;
      }
      // No stranger pays for the one that the database, or a bug, stumbled over; halves find it among 64 in six steps.
      const half = Math.ceil(group.length / 2);
      await this.carryOut(group.slice(0, half));
      await this.carryOut(group.slice(half));
    }
  }

  private async transact(group: readonly Waiting[]): Promise<readonly Outcome[]> {
    try {
      return await this.once(group);
    } catch (error) {
      // It ran often enough for any other race: owners that are remembered may be gone from the database.
      if (!(error instanceof LostRace)) throw error;
      this.owners.forget();
      return await this.once(group);
    }
  }

  private async once(group: readonly Waiting[]): Promise<readonly Outcome[]> {
    const operations = group.map(({ operation }) => operation);
    await this.owners.ensure(operations.flatMap(({ writes = [] }) => writes));
    return await this.transactions.runByKey('claims', async (tx) => {
      const read = await this.ledgers.read(tx, namesOf(operations));
      const stale = new Set(
        await listStaleFences(
          tx,
          group.flatMap(({ fence }) => fence ?? []),
        ),
      );
      const worked = openLedger(read);
      const decided = group.map(({ operation, fence }) =>
        attempt(() => {
          if (fence !== undefined && stale.has(fence)) throw new FenceStale(fence);
          return operation.apply(worked);
        }),
      );
      const outcomes = await this.withHolders(tx, read, decided);
      await this.ledgers.write(tx, settle(read, worked));
      return outcomes;
    });
  }

  /** Who was refused for slots that are taken is told who holds them, as far as the ledger did not know. */
  private async withHolders(tx: Tx, read: Ledger, outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const refused = outcomes.flatMap((one) =>
      one.status === 'refused' && one.error instanceof SlotTaken ? one.error : [],
    );
    if (refused.length === 0) return outcomes;
    const keys = refused.flatMap(({ taken }) => taken.map(({ key }) => key));
    const stored = await this.slots.holders(tx, keys);
    const others = new Map(
      [...stored].map(([key, holders]) => [
        key,
        holders.filter((holder) => !('consumer' in holder && read.consumers.has(holder.consumer))),
      ]),
    );
    const now = Date.now();
    return outcomes.map((one) =>
      one.status === 'refused' && one.error instanceof SlotTaken
        ? { ...one, error: one.error.withHolders(others, now) }
        : one,
    );
  }
}

function tooMany(): Unavailable {
  return new Unavailable('Too many writes are waiting; nothing was written. Try again later.', {
    reason: REASONS.overloaded,
  });
}

function attempt(apply: () => unknown): Outcome {
  try {
    return { status: 'done', result: apply() };
  } catch (error) {
    // Anything else is a bug, and the ledger may be half changed: the group is given up.
    if (error instanceof BerthError) return { status: 'refused', error };
    throw error;
  }
}

function namesOf(operations: readonly Operation<unknown>[]): LedgerNames {
  const writes = operations.flatMap((operation) => operation.writes ?? []);
  const allocations = writes.flatMap((write) => write.allocations);
  return {
    consumerUuids: [
      ...writes.map(({ consumerUuid }) => consumerUuid),
      ...operations.flatMap(({ consumerUuids = [] }) => consumerUuids),
    ],
    providerUuids: [
      ...allocations.map(({ providerUuid }) => providerUuid),
      ...operations.flatMap(({ providerUuids = [] }) => providerUuids),
    ],
    resourceClasses: [
      ...allocations.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass)),
      ...operations.flatMap(({ resourceClasses = [] }) => resourceClasses),
    ],
    traits: operations.flatMap(({ traits = [] }) => traits),
    traitHolders: operations.flatMap(({ traitHolders = [] }) => traitHolders),
    newProviders: operations.flatMap(({ newProviders = [] }) => newProviders),
    slotKeys: writes.flatMap(({ slotLocks = [] }) => slotLocks.map(({ key }) => key)),
  };
}
