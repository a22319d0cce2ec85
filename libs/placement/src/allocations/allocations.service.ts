import { indexOfUuid, recordIdentity, type Snapshot } from '#berth/candidates';
import { applyRemoval, applyWrites, NotFound, REASONS, type AllocationWrite } from '#berth/domain';
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
import { SnapshotKeeper } from '../snapshot-keeper.js';
import { RememberedAllocations } from './remembered-allocations.js';

@Injectable()
export class AllocationsService {
  private readonly byConsumer = new Gathered((uuids: readonly string[]) =>
    this.transactions.single('allocations.show', (tx) => this.allocations.findByConsumers(tx, uuids)),
  );

  private readonly byProvider = new Gathered((uuids: readonly string[]) =>
    this.transactions.single('allocations.listByProvider', (tx) => this.allocations.listByProviders(tx, uuids)),
  );

  private readonly remembered = new RememberedAllocations();

  constructor(
    private readonly transactions: Transactions,
    private readonly allocations: AllocationStore,
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** What a consumer holds; undefined when nothing. Source: spec allocations.md §1. */
  async show(consumerUuid: string): Promise<ConsumerAllocations | undefined> {
    // What can't be stored can't be held, and PostgreSQL would refuse the query of everybody it was gathered with.
    if (consumerUuid.includes('\0')) return undefined;
    return await this.byConsumer.get(consumerUuid);
  }

  /** What is held of a provider. Throws NotFound. Source: spec allocations.md §2. */
  async listByProvider(providerUuid: string): Promise<ProviderAllocations> {
    if (providerUuid.includes('\0')) throw noSuchProvider(providerUuid);
    return (await this.ifUnchanged(providerUuid)) ?? (await this.readByProvider(providerUuid));
  }

  /** What is remembered, if the database says, when asked now, that the provider has not changed since. */
  private async ifUnchanged(providerUuid: string): Promise<ProviderAllocations | undefined> {
    const before = recordOf(this.snapshots.last() ?? (await this.snapshots.current()), providerUuid);
    // Most of what will not do is known without asking, and the reading that follows is fresh by itself.
    if (before === undefined || this.remembered.find(providerUuid, before) === undefined) return undefined;
    const now = recordOf(await this.snapshots.current(), providerUuid);
    return now === undefined ? undefined : this.remembered.find(providerUuid, now);
  }

  private async readByProvider(providerUuid: string): Promise<ProviderAllocations> {
    // Taken before the reading is sent, so that the reading is of this record or newer, never older: docs/adr/0012.
    const record = recordOf(this.snapshots.last(), providerUuid);
    const held = await this.byProvider.get(providerUuid);
    if (held === undefined) throw noSuchProvider(providerUuid);
    if (record !== undefined) this.remembered.remember(providerUuid, record, held);
    return held;
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

function recordOf(snapshot: Snapshot | undefined, providerUuid: string): object | undefined {
  const index = snapshot === undefined ? undefined : indexOfUuid(snapshot, providerUuid);
  return snapshot === undefined || index === undefined ? undefined : recordIdentity(snapshot, index);
}

function noSuchProvider(uuid: string): NotFound {
  return new NotFound(`Resource provider '${uuid}' not found: ${noProvider(uuid)}`, {
    reason: REASONS.providerNotFound,
    facts: { resource_provider: uuid },
  });
}
