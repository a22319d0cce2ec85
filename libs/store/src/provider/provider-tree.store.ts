import type { ProviderParts, StandingProvider, WantedProvider } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { AggregateStore } from '../aggregate/aggregate.store.js';
import { InventoryStore } from '../inventory/inventory.store.js';
import { LostRace } from '../lost-race.js';
import { ResourceClassStore } from '../resource-class/resource-class.store.js';
import type { Tx } from '../sql.js';
import { TraitStore } from '../trait/trait.store.js';
import { ProviderStore } from './provider.store.js';

/** Reads whole trees under their locks, and writes what hangs on a provider. */
@Injectable()
export class ProviderTreeStore {
  constructor(
    private readonly providers: ProviderStore,
    private readonly inventories: InventoryStore,
    private readonly traits: TraitStore,
    private readonly aggregates: AggregateStore,
    private readonly classes: ResourceClassStore,
  ) {}

  /**
   * The named providers and all members of the trees they are in, by uuid. Their rows are locked in id order, and no other
   * subtree moves until the transaction ends. Throws LostRace if the trees changed before they were locked.
   */
  async lock(tx: Tx, uuids: readonly string[]): Promise<ReadonlyMap<string, StandingProvider>> {
    await this.providers.lockMoves(tx);
    const seen = await this.providers.listTrees(tx, uuids);
    await this.providers.lockAll(
      tx,
      seen.map(({ id }) => id),
    );
    const kept = await this.providers.listTrees(tx, uuids);
    const ids = kept.map(({ id }) => id);
    if (ids.join() !== seen.map(({ id }) => id).join()) throw new LostRace('a tree changed before it was locked');
    const [records, traits, aggregates] = await Promise.all([
      this.inventories.listByProvider(tx, ids),
      this.traits.namesByProvider(tx, ids),
      this.aggregates.uuidsByProvider(tx, ids),
    ]);
    return new Map(
      kept.map(({ id, uuid, name, generation, parentUuid, rootUuid }) => {
        const parts = {
          inventories: records.get(id) ?? [],
          traits: traits.get(id) ?? [],
          aggregates: aggregates.get(id) ?? [],
        };
        return [uuid, { id, uuid, name, generation, parentUuid, rootUuid, ...parts }];
      }),
    );
  }

  /** Ids of the classes and traits that are named, as far as they exist. */
  async resolve(
    tx: Tx,
    wanted: readonly WantedProvider[],
  ): Promise<{ classIds: ReadonlyMap<string, number>; traitIds: ReadonlyMap<string, number> }> {
    const classes = wanted.flatMap(({ inventories = [] }) => inventories.map(({ resourceClass }) => resourceClass));
    const names = wanted.flatMap(({ traits = [] }) => traits);
    const [classIds, traits] = await Promise.all([
      this.classes.idsByName(tx, classes),
      this.traits.findByNames(tx, [...new Set(names)]),
    ]);
    return { classIds, traitIds: new Map(traits.map(({ name, id }) => [name, id])) };
  }

  /** Writes what a plan says of a provider. `traitIds`: ids of all the traits that it names. */
  async write(tx: Tx, providerId: number, parts: ProviderParts, traitIds: ReadonlyMap<string, number>): Promise<void> {
    const { inventories, traits, aggregates } = parts;
    if (inventories !== undefined) {
      await this.inventories.upsert(
        tx,
        inventories.upserts.map((inventory) => ({ ...inventory, providerId })),
      );
      await this.inventories.remove(
        tx,
        inventories.removals.map((resourceClassId) => ({ providerId, resourceClassId })),
      );
    }
    if (traits !== undefined) {
      const ids = traits.flatMap((name) => traitIds.get(name) ?? []);
      await this.traits.deleteByProvider(tx, providerId);
      await this.traits.give(
        tx,
        ids.map((traitId) => ({ providerId, traitId })),
      );
    }
    if (aggregates !== undefined) await this.aggregates.replaceAll(tx, [{ providerId, uuids: aggregates }]);
  }

  /** Removes a provider without children and all that hangs on it. Nothing of it may be used. */
  async remove(tx: Tx, providerId: number): Promise<void> {
    await this.inventories.deleteByProvider(tx, providerId);
    await this.traits.deleteByProvider(tx, providerId);
    await this.aggregates.deleteByProviders(tx, [providerId]);
    await this.providers.deleteById(tx, providerId);
  }
}
