import { listProviders, pageOf, providerAt, type ListFilter, type Snapshot } from '#berth/candidates';
import { AllocationStore, Transactions, type ProviderAllocations } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** One page of providers; with `allocations`, in their order, where they were asked for. */
export interface ProvidersPage {
  readonly snapshot: Snapshot;
  /** Indexes into the snapshot. */
  readonly providers: readonly number[];
  readonly allocations: readonly (ProviderAllocations | undefined)[] | undefined;
  /** What the next page begins after; undefined: this was the last. */
  readonly next: number | undefined;
}

/** Reads of many providers at once. */
@Injectable()
export class ProviderQueriesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly allocations: AllocationStore,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /**
   * A page of the providers that pass the filter, in order of creation. Allocations are read after the rest, so they may
   * be newer: their generation says so. Throws Invalid for unknown names. Source: spec resource_providers.md §6.
   */
  async page(
    filter: ListFilter & { readonly uuids: ReadonlySet<string> | undefined },
    options: { readonly after: number; readonly limit: number; readonly withAllocations: boolean },
  ): Promise<ProvidersPage> {
    const snapshot = await this.snapshots.current();
    const { uuids } = filter;
    const passing = listProviders(snapshot, filter);
    const listed =
      uuids === undefined ? passing : passing.filter((index) => uuids.has(providerAt(snapshot, index).uuid));
    const { providers, next } = pageOf(snapshot, listed, options.after, options.limit);
    const allocations = options.withAllocations
      ? await this.heldOf(providers.map((index) => providerAt(snapshot, index).uuid))
      : undefined;
    return { snapshot, providers, allocations, next };
  }

  private heldOf(uuids: readonly string[]): Promise<(ProviderAllocations | undefined)[]> {
    return this.transactions.single('resourceProviders.pageAllocations', (tx) =>
      this.allocations.listByProviders(tx, uuids),
    );
  }
}
