import { type AllocationWrite, BerthError, type Ledger, openLedger, REASONS, settle, Unavailable } from '#berth/domain';
import { LedgerStore, OwnerNames, Transactions, type LedgerNames } from '#berth/store';
import { Injectable } from '@nestjs/common';

/**
 * One write of allocations: what it mentions, and the pure function that decides it on a ledger. `apply` changes
 * the ledger, or throws and leaves it as it was.
 */
export interface Operation {
  readonly name: string;
  readonly writes: readonly AllocationWrite[];
  /** Consumers beside those in `writes`. */
  readonly consumerUuids?: readonly string[];
  /** Providers beside those in `writes`. */
  readonly providerUuids?: readonly string[];
  /** Classes beside those in `writes`. */
  readonly resourceClasses?: readonly string[];
  readonly apply: (ledger: Ledger) => void;
}

interface Waiting {
  readonly operation: Operation;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What one operation came to, by itself, within its group. */
type Outcome = { readonly status: 'done' } | { readonly status: 'refused'; readonly error: BerthError };

/** More in one transaction saves little more, and makes whoever comes next on the same rows wait longer. */
const MAX_GROUP = 64;

/** While one group waits for the disk, another reads and decides. A third would mostly wait for their rows. */
const MAX_RUNNING = 2;

/** About ten seconds of work: whoever comes then is told to come back, instead of waiting past their patience. */
const MAX_WAITING = 10_000;

/**
 * Carries out operations on allocations, in groups: one transaction, row locks in order, each decision a pure
 * function over what was read under the locks and what the operations before it left. An answer is given after
 * commit. Failures are isolated: a refused operation leaves no trace in its group, and a group in which something
 * unforeseen fails is run again one by one. Source: docs/adr/0004.
 */
@Injectable()
export class Claims {
  private waiting: Waiting[] = [];
  private running = 0;

  constructor(
    private readonly transactions: Transactions,
    private readonly owners: OwnerNames,
    private readonly ledgers: LedgerStore,
  ) {}

  /** Runs one operation; resolves after commit. Throws what the operation throws, with nothing written. */
  run(operation: Operation): Promise<void> {
    if (this.waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new Unavailable('Too many writes are waiting; nothing was written. Try again later.', {
          reason: REASONS.overloaded,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ operation, resolve, reject });
      // All requests that were read from the network in one turn make one group.
      if (this.waiting.length === 1) setImmediate(() => this.drain());
    });
  }

  private drain(): void {
    while (this.running < MAX_RUNNING && this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      this.running += 1;
      void this.carryOut(group).finally(() => {
        this.running -= 1;
        this.drain();
      });
    }
  }

  private async carryOut(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.transact(group.map(({ operation }) => operation));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome?.status === 'refused') reject(outcome.error);
        else resolve();
      });
    } catch (error) {
      if (group.length === 1 || error instanceof Unavailable) group.forEach(({ reject }) => reject(error));
      // No stranger pays for the one that the database, or a bug, stumbled over.
      else for (const one of group) await this.carryOut([one]);
    }
  }

  private async transact(operations: readonly Operation[]): Promise<readonly Outcome[]> {
    const writes = operations.flatMap((operation) => operation.writes);
    await this.owners.ensure(writes);
    return await this.transactions.run('claims', async (tx) => {
      const read = await this.ledgers.read(tx, namesOf(operations));
      const worked = openLedger(read);
      const outcomes = operations.map(({ apply }) => attempt(() => apply(worked)));
      await this.ledgers.write(tx, settle(read, worked));
      return outcomes;
    });
  }
}

function attempt(apply: () => void): Outcome {
  try {
    apply();
    return { status: 'done' };
  } catch (error) {
    // Anything else is a bug, and the ledger may be half changed: the group is given up.
    if (error instanceof BerthError) return { status: 'refused', error };
    throw error;
  }
}

function namesOf(operations: readonly Operation[]): LedgerNames {
  const writes = operations.flatMap((operation) => operation.writes);
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
  };
}
