import { openLedger, settle, type AllocationWrite, type Ledger } from '#berth/domain';
import { ConsumerStore, LedgerStore, Transactions } from '#berth/store';
import { Injectable } from '@nestjs/common';

/**
 * One write of allocations: what it mentions, and the pure function that decides it on a ledger. `apply` changes
 * the ledger or throws and leaves it as it was.
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

/**
 * Carries out operations on allocations: one transaction, row locks in order, the decision a pure function over
 * what was read under the locks.
 */
@Injectable()
export class Claims {
  constructor(
    private readonly transactions: Transactions,
    private readonly consumers: ConsumerStore,
    private readonly ledgers: LedgerStore,
  ) {}

  /** Runs one operation; resolves after commit. Throws what the operation throws, with nothing written. */
  async run(operation: Operation): Promise<void> {
    const { writes } = operation;
    if (writes.length > 0) {
      await this.transactions.run(`${operation.name}.owners`, (tx) => this.consumers.ensureOwners(tx, writes));
    }
    await this.transactions.run(operation.name, async (tx) => {
      const read = await this.ledgers.read(tx, namesOf(operation));
      const worked = openLedger(read);
      operation.apply(worked);
      await this.ledgers.write(tx, settle(read, worked));
    });
  }
}

function namesOf({ writes, consumerUuids = [], providerUuids = [], resourceClasses = [] }: Operation): {
  consumerUuids: string[];
  providerUuids: string[];
  resourceClasses: string[];
} {
  const allocations = writes.flatMap((write) => write.allocations);
  return {
    consumerUuids: [...writes.map(({ consumerUuid }) => consumerUuid), ...consumerUuids],
    providerUuids: [...allocations.map(({ providerUuid }) => providerUuid), ...providerUuids],
    resourceClasses: [
      ...allocations.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass)),
      ...resourceClasses,
    ],
  };
}
