import { listProviders, providerAt, type ListFilter, type ProviderView, type Snapshot } from '#berth/candidates';
import {
  applyCreation,
  duplicateProvider,
  noProvider,
  planParent,
  ProviderGenerationConflict,
  uncreated,
  type CreatedProvider,
  type NewProvider,
} from '#berth/domain';
import { GenerationService, LostRace, ProviderStore, Transactions, type Provider, type Tx } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** What a provider shall be called and under which parent; undefined leaves the parent alone, null takes it away. */
export interface ProviderUpdate {
  readonly name: string;
  readonly parentUuid: string | null | undefined;
  readonly allowReparenting: boolean;
  /** The generation the client saw; the update then raises it, so that a second one that saw the same is late. */
  readonly claimed?: number | null | undefined;
}

@Injectable()
export class ResourceProvidersService {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** The providers that pass, as indexes into the snapshot. Source: spec resource_providers.md §6. */
  async list(filter: ListFilter): Promise<{ snapshot: Snapshot; providers: readonly number[] }> {
    const snapshot = await this.snapshots.current();
    return { snapshot, providers: listProviders(snapshot, filter) };
  }

  /** Throws NotFound. Source: spec resource_providers.md §3. */
  async show(uuid: string): Promise<ProviderView> {
    const { snapshot, index } = await this.snapshots.find(uuid, noProvider(uuid));
    return providerAt(snapshot, index);
  }

  async exists(uuid: string): Promise<boolean> {
    return (
      (await this.transactions.single('resourceProviders.exists', (tx) => this.providers.find(tx, uuid))) !== undefined
    );
  }

  /** Throws Invalid for a bad name or parent, Conflict for a taken uuid or name. Source: spec resource_providers.md §2. */
  create({ uuid, name, parentUuid }: NewProvider): Promise<CreatedProvider> {
    if (name === '') throw uncreated(name, uuid, 'name is required');
    if (parentUuid === uuid) {
      throw uncreated(
        name,
        uuid,
        'parent provider UUID cannot be same as UUID. Please set parent provider UUID to None if there is no parent.',
      );
    }
    const wanted = { uuid, name, parentUuid };
    return this.claims.run({ newProviders: [wanted], apply: (ledger) => applyCreation(ledger, wanted) });
  }

  /**
   * Throws NotFound, GenerationConflict, Invalid for a bad parent, Conflict for a taken name.
   * Source: spec resource_providers.md §4.
   */
  update(uuid: string, { name, parentUuid, allowReparenting, claimed }: ProviderUpdate): Promise<Provider> {
    return this.transactions.run('resourceProviders.update', async (tx) => {
      const provider = await this.providers.get(tx, uuid);
      if (parentUuid === undefined) await this.generations.lock(tx, provider.id);
      else await this.setParent(tx, provider, parentUuid, allowReparenting);
      if (typeof claimed === 'number') await this.raise(tx, provider, claimed);
      if (!(await this.providers.rename(tx, provider.id, name))) throw duplicateProvider(name);
      await this.generations.touch(tx, [provider.id], true);
      return await this.providers.get(tx, uuid);
    });
  }

  private async raise(tx: Tx, { id, uuid }: Provider, claimed: number): Promise<void> {
    const bump = await this.generations.increment(tx, 'provider', id, claimed);
    if (bump.status === 'bumped') return;
    if (bump.status === 'missing') throw new LostRace('the provider was deleted');
    throw new ProviderGenerationConflict('resource provider generation conflict', uuid, bump.found, claimed);
  }

  private async setParent(
    tx: Tx,
    provider: Provider,
    parentUuid: string | null,
    allowReparenting: boolean,
  ): Promise<void> {
    await this.providers.lockMoves(tx);
    const seen = await this.readMove(tx, provider.uuid, parentUuid);
    await this.providers.lockAll(tx, [
      seen.provider.rootId,
      ...seen.subtree,
      ...(seen.parent === null ? [] : [seen.parent.id, seen.parent.rootId]),
    ]);
    const { subtree, parent, provider: kept } = await this.readMove(tx, provider.uuid, parentUuid);
    // What was read before the locks may have moved; what was read after them can't.
    if (
      kept.rootId !== seen.provider.rootId ||
      kept.parentId !== seen.provider.parentId ||
      parent?.rootId !== seen.parent?.rootId ||
      subtree.size !== seen.subtree.size ||
      [...subtree].some((id) => !seen.subtree.has(id))
    ) {
      throw new LostRace('the tree moved before it was locked');
    }
    const wanted = parentUuid === null ? null : (parent ?? 'unknown');
    const plan = planParent(kept, wanted, subtree, allowReparenting);
    if (plan.status === 'unchanged') return;
    await this.providers.move(tx, kept.id, subtree, plan.parentId, plan.rootId);
    await this.generations.touch(tx, [...subtree], true);
  }

  private async readMove(
    tx: Tx,
    uuid: string,
    parentUuid: string | null,
  ): Promise<{ provider: Provider; subtree: ReadonlySet<number>; parent: Provider | null }> {
    const provider = await this.providers.get(tx, uuid);
    const parent = parentUuid === null ? null : ((await this.providers.find(tx, parentUuid)) ?? null);
    return { provider, parent, subtree: await this.providers.subtreeIds(tx, provider.id) };
  }
}
