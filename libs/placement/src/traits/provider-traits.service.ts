import { providerAt, traitsAt } from '#berth/candidates';
import { Invalid, NotFound, ProviderGenerationConflict, REASONS, type Generation } from '#berth/domain';
import { GenerationService, noProvider, ProviderStore, Transactions, TraitStore } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** A provider's traits and its generation. */
export interface ProviderTraits {
  readonly generation: Generation;
  /** Names, in order of trait id. */
  readonly traits: readonly string[];
  /** When the latest of them came to be, or the provider last changed: ms since the epoch. */
  readonly changedAtMs: number;
}

@Injectable()
export class ProviderTraitsService {
  constructor(
    private readonly transactions: Transactions,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
    private readonly traits: TraitStore,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** Throws NotFound. Source: spec traits.md §2. */
  async list(providerUuid: string): Promise<ProviderTraits> {
    const text = `${noProvider(providerUuid)}: ${noProvider(providerUuid)}`;
    const { snapshot, index } = await this.snapshots.find(providerUuid, text);
    const { generation, changedAtMs } = providerAt(snapshot, index);
    return { generation, changedAtMs, traits: traitsAt(snapshot, index) };
  }

  /**
   * Gives the provider exactly these traits; its generation rises only if the set changes. Throws NotFound,
   * GenerationConflict, Invalid for unknown names. Source: spec traits.md §2.
   */
  replaceAll(providerUuid: string, claimed: number, names: readonly string[]): Promise<ProviderTraits> {
    return this.transactions.run('providerTraits.replaceAll', async (tx) => {
      const { id } = await this.providers.getId(tx, providerUuid);
      const generation = await this.generations.lock(tx, id);
      if (generation === undefined) throw gone(providerUuid);
      if (generation !== claimed) throw changed(providerUuid, generation, claimed);
      const wanted = await this.traits.findByNames(tx, names);
      const known = new Set(wanted.map(({ name }) => name));
      const unknown = [...new Set(names)].filter((name) => !known.has(name));
      if (unknown.length > 0) {
        throw new Invalid(`No such trait ${unknown.join(', ')}`, {
          reason: REASONS.traitNotFound,
          facts: { traits: unknown },
        });
      }
      const current = await this.traits.listByProvider(tx, id);
      if (current.length === known.size && current.every(({ name }) => known.has(name))) {
        return { generation, traits: current.map(({ name }) => name), changedAtMs: latestOf(current) };
      }
      const bump = await this.generations.increment(tx, 'provider', id, claimed);
      if (bump.status !== 'bumped') throw changed(providerUuid, generation, claimed);
      await this.traits.replaceAll(
        tx,
        id,
        wanted.map((trait) => trait.id),
      );
      const inOrder = [...wanted].sort((a, b) => a.id - b.id).map(({ name }) => name);
      return { generation: bump.generation, traits: inOrder, changedAtMs: latestOf(wanted) };
    });
  }

  /** Takes all traits away; the generation rises only if there were any. Throws NotFound, GenerationConflict. */
  removeAll(providerUuid: string, claimed?: number | null): Promise<void> {
    return this.transactions.run('providerTraits.removeAll', async (tx) => {
      const { id } = await this.providers.getId(tx, providerUuid);
      const generation = await this.generations.lock(tx, id);
      if (generation === undefined) throw gone(providerUuid);
      if (typeof claimed === 'number' && claimed !== generation) throw changed(providerUuid, generation, claimed);
      if ((await this.traits.listByProvider(tx, id)).length === 0) return;
      await this.generations.increment(tx, 'provider', id, generation);
      await this.traits.deleteByProvider(tx, id);
    });
  }
}

function latestOf(traits: readonly { readonly createdAtMs: number }[]): number {
  return traits.reduce((latest, { createdAtMs }) => Math.max(latest, createdAtMs), 0);
}

function changed(providerUuid: string, found: Generation, claimed: number): ProviderGenerationConflict {
  const message = "Resource provider's generation already changed. Please update the generation and try again.";
  return new ProviderGenerationConflict(message, providerUuid, found, claimed);
}

function gone(providerUuid: string): NotFound {
  const facts = { resource_provider: providerUuid };
  return new NotFound(noProvider(providerUuid), { reason: REASONS.providerNotFound, facts });
}
