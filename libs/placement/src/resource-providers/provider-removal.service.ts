import { Conflict, ERROR_CODES, NotFound, ProviderGenerationConflict, REASONS } from '#berth/domain';
import {
  AggregateStore,
  GenerationService,
  InventoryStore,
  ProviderStore,
  TraitStore,
  Transactions,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';

/** Removal is a story of its own: it ends what hangs on a provider. */
@Injectable()
export class ProviderRemovalService {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProviderStore,
    private readonly inventories: InventoryStore,
    private readonly traits: TraitStore,
    private readonly aggregates: AggregateStore,
    private readonly generations: GenerationService,
  ) {}

  /**
   * Throws NotFound, GenerationConflict where `claimed` is not its generation, or Conflict while it has children or
   * allocations. `confirm` is asked first, in the same transaction, and its throwing keeps the provider.
   * Source: spec resource_providers.md §5.
   */
  remove(uuid: string, claimed?: number | null, confirm?: (tx: Tx) => Promise<void>): Promise<void> {
    return this.transactions.run('resourceProviders.remove', async (tx) => {
      await confirm?.(tx);
      const provider = await this.providers.lockForDelete(tx, uuid);
      const facts = { resource_provider: uuid };
      if (provider === undefined) throw gone(uuid);
      if (typeof claimed === 'number') await this.guard(tx, provider.id, uuid, claimed);
      if (provider.hasChildren) {
        throw new Conflict(`Unable to delete parent resource provider ${uuid}: It has child resource providers.`, {
          code: ERROR_CODES.cannotDeleteParent,
          reason: REASONS.providerHasChildren,
          facts,
        });
      }
      if (await this.inventories.isUsed(tx, provider.id)) {
        throw new Conflict(`Unable to delete resource provider ${uuid}: Resource provider has allocations.`, {
          code: ERROR_CODES.providerInUse,
          reason: REASONS.providerInUse,
          facts,
        });
      }
      await this.inventories.deleteByProvider(tx, provider.id);
      await this.traits.deleteByProvider(tx, provider.id);
      await this.aggregates.deleteByProviders(tx, [provider.id]);
      await this.providers.deleteById(tx, provider.id);
    });
  }
  /** Raises what is about to go: the comparison stands in the statement, as everywhere. */
  private async guard(tx: Tx, id: number, uuid: string, claimed: number): Promise<void> {
    const bump = await this.generations.increment(tx, 'provider', id, claimed);
    if (bump.status === 'bumped') return;
    if (bump.status === 'missing') throw gone(uuid);
    throw new ProviderGenerationConflict('resource provider generation conflict', uuid, bump.found, claimed);
  }
}

function gone(uuid: string): NotFound {
  const facts = { resource_provider: uuid };
  return new NotFound(`No resource provider with uuid ${uuid} found for delete`, {
    reason: REASONS.providerNotFound,
    facts,
  });
}
