import { aggregatesAt, providerAt } from '#berth/candidates';
import { applyAggregates, noProvider, type Generation } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** The aggregates a provider is a member of, and its generation. */
export interface ProviderAggregates {
  readonly generation: Generation;
  readonly aggregates: readonly string[];
}

@Injectable()
export class AggregatesService {
  constructor(
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** Throws NotFound. Source: spec aggregates.md. */
  async list(providerUuid: string): Promise<ProviderAggregates> {
    const { snapshot, index } = await this.snapshots.find(providerUuid, noProvider(providerUuid));
    return { generation: providerAt(snapshot, index).generation, aggregates: aggregatesAt(snapshot, index) };
  }

  /** Makes the provider a member of exactly these. Throws as applyAggregates. Source: spec aggregates.md. */
  replaceAll(
    providerUuid: string,
    aggregates: readonly string[],
    claimed: number | undefined,
  ): Promise<ProviderAggregates> {
    return this.claims.run({
      providerUuids: [providerUuid],
      apply: (ledger) => ({ generation: applyAggregates(ledger, providerUuid, aggregates, claimed), aggregates }),
    });
  }
}
