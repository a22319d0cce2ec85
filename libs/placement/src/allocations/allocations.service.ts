import { type AllocationWrite, applyRemoval, applyWrites, NotFound, REASONS } from '#berth/domain';
import {
  AllocationStore,
  noProvider,
  Transactions,
  type ConsumerAllocations,
  type ProviderAllocations,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { Gathered } from '../gathered.js';

@Injectable()
export class AllocationsService {
  private readonly byConsumer = new Gathered((uuids: readonly string[]) =>
    this.transactions.single('allocations.show', (tx) => this.allocations.findByConsumers(tx, uuids)),
  );

  private readonly byProvider = new Gathered((uuids: readonly string[]) =>
    this.transactions.single('allocations.listByProvider', (tx) => this.allocations.listByProviders(tx, uuids)),
  );

  constructor(
    private readonly transactions: Transactions,
    private readonly allocations: AllocationStore,
    private readonly claims: Claims,
  ) {}

  /** What a consumer holds; undefined when nothing. Source: spec allocations.md §1. */
  async show(consumerUuid: string): Promise<ConsumerAllocations | undefined> {
    // What can't be stored can't be held, and PostgreSQL would refuse the query of everybody it was gathered with.
    if (consumerUuid.includes('\0')) return undefined;
    return await this.byConsumer.get(consumerUuid);
  }

  /** What is held of a provider. Throws NotFound. Source: spec allocations.md §2. */
  async listByProvider(providerUuid: string): Promise<ProviderAllocations> {
    const held = providerUuid.includes('\0') ? undefined : await this.byProvider.get(providerUuid);
    if (held !== undefined) return held;
    throw new NotFound(`Resource provider '${providerUuid}' not found: ${noProvider(providerUuid)}`, {
      reason: REASONS.providerNotFound,
      facts: { resource_provider: providerUuid },
    });
  }

  /** Replaces what one consumer holds. Throws as applyWrites. Source: spec allocations.md §3, §5. */
  replace(write: AllocationWrite): Promise<void> {
    const writes = [write];
    return this.claims.run({
      writes,
      apply: (ledger) => {
        applyWrites(
          ledger,
          writes,
          (name, consumer) => `Unable to allocate inventory for consumer ${consumer}: No such resource class ${name}.`,
        );
      },
    });
  }

  /** Replaces what several consumers hold, all or nothing. Throws as applyWrites. Source: spec allocations.md §4, §5. */
  replaceMany(writes: readonly AllocationWrite[]): Promise<void> {
    return this.claims.run({
      writes,
      apply: (ledger) => {
        applyWrites(ledger, writes, (name) => `Unable to allocate inventory No such resource class ${name}.`);
      },
    });
  }

  /**
   * Takes everything from a consumer. Throws NotFound when it holds nothing, GenerationConflict when `claimed` is not
   * its generation. Source: spec allocations.md §7.
   */
  remove(consumerUuid: string, claimed?: number | null): Promise<void> {
    return this.claims.run({
      consumerUuids: [consumerUuid],
      apply: (ledger) => {
        applyRemoval(ledger, consumerUuid, claimed);
      },
    });
  }
}
