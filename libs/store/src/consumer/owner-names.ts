import { Injectable } from '@nestjs/common';
import { Transactions } from '../transaction.js';
import { ConsumerStore, type Owner } from './consumer.store.js';

/** A cloud has some thousands of projects and users; beyond this the memory of them starts anew. */
const MAX_REMEMBERED = 100_000;

/**
 * Sees to it that projects, users and consumer types have rows before a claim needs them. They are never deleted, so
 * what has a row once is remembered, and a claim of a known owner costs nothing. A transaction of its own: they stay
 * even if the write that brought them fails (spec allocations.md §5 (a) 1).
 */
@Injectable()
export class OwnerNames {
  private readonly known = new Set<string>();

  constructor(
    private readonly transactions: Transactions,
    private readonly consumers: ConsumerStore,
  ) {}

  async ensure(owners: readonly Owner[]): Promise<void> {
    const fresh = owners.filter((owner) => !this.known.has(keyOf(owner)));
    if (fresh.length === 0) return;
    await this.transactions.run('consumers.ensureOwners', (tx) => this.consumers.ensureOwners(tx, fresh));
    if (this.known.size + fresh.length > MAX_REMEMBERED) this.known.clear();
    for (const owner of fresh) this.known.add(keyOf(owner));
  }

  /** Rows that were there are not: another server has taken over, and had not heard of them. */
  forget(): void {
    this.known.clear();
  }
}

function keyOf({ project, user, consumerType }: Owner): string {
  return JSON.stringify([project, user, consumerType ?? null]);
}
