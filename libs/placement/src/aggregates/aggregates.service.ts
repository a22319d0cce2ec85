import { aggregatesAt, providerAt } from '#berth/candidates';
import { ProviderGenerationConflict, type Generation } from '#berth/domain';
import { AggregateStore, GenerationService, noProvider, ProviderStore, Transactions } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** The aggregates a provider is a member of, and its generation. */
export interface ProviderAggregates {
  readonly generation: Generation;
  readonly aggregates: readonly string[];
}

@Injectable()
export class AggregatesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
    private readonly aggregates: AggregateStore,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** Throws NotFound. Source: spec aggregates.md. */
  async list(providerUuid: string): Promise<ProviderAggregates> {
    const { snapshot, index } = await this.snapshots.find(providerUuid, noProvider(providerUuid));
    return { generation: providerAt(snapshot, index).generation, aggregates: aggregatesAt(snapshot, index) };
  }

  /**
   * Makes the provider a member of exactly these. Without a claimed generation none is checked and none raised.
   * Throws NotFound, GenerationConflict. Source: spec aggregates.md.
   */
  replaceAll(
    providerUuid: string,
    aggregates: readonly string[],
    claimed: number | undefined,
  ): Promise<ProviderAggregates> {
    return this.transactions.run('aggregates.replaceAll', async (tx) => {
      const provider = await this.providers.getId(tx, providerUuid);
      let { generation } = provider;
      if (claimed === undefined) {
        await this.generations.lock(tx, provider.id);
        await this.generations.touch(tx, [provider.id], true);
      } else {
        const bump = await this.generations.increment(tx, 'provider', provider.id, claimed);
        if (bump.status !== 'bumped') {
          throw new ProviderGenerationConflict(
            "Resource provider's generation already changed. Please update the generation and try again.",
            providerUuid,
            bump.status === 'stale' ? bump.found : provider.generation,
            claimed,
          );
        }
        generation = bump.generation;
      }
      await this.aggregates.replaceAll(tx, provider.id, aggregates);
      return { generation, aggregates };
    });
  }
}
