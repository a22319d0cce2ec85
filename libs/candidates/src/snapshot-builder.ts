import {
  SHARING_TRAIT,
  type ChangedProvider,
  type Supply,
  type SupplyInventory,
  type SupplyName,
  type SupplyProvider,
} from '#berth/domain';
import { lengthened } from './growing.js';
import { byId, indexIds, type IdIndex } from './id-index.js';
import { EMPTY_SET } from './index-set.js';
import { allot, copyRecords, emptyTable } from './inventory-records.js';
import { fillBlockRoom, fillColumns, writeRecord, type InventoryTable } from './inventory-table.js';
import { ProfilePool, tabulateLabels, type Profile } from './labels.js';
import { relateSharing } from './sharing.js';
import { classesOfSharers, IndexByText, type Snapshot } from './snapshot.js';
import { layOutTrees } from './tree-layout.js';

/**
 * Makes the snapshot of one consistent reading out of its providers, each once and whole, in portions of any size and any order. What a
 * portion says is taken over at once, so that no more of it need be held than one portion; the provider records themselves are kept.
 */
export class SnapshotBuilder {
  private readonly classes: readonly SupplyName[];
  private readonly classIndexById: IdIndex;
  private readonly traits: readonly SupplyName[];
  /** As they came; their records stand under the same numbers in `inventory`. */
  private readonly providers: SupplyProvider[] = [];
  private readonly inventory: InventoryTable;
  private readonly uuids = new Map<string, number>();
  private readonly names = new Map<string, number>();
  private readonly traitPool = new ProfilePool();
  private readonly traitProfiles: Profile[] = [];
  private readonly aggregatePool = new ProfilePool();
  private readonly aggregateProfiles: Profile[] = [];
  private readonly aggregateIds = new Map<string, number>();

  /** `names`: all traits and classes there are. */
  constructor(names: Pick<Supply, 'traits' | 'resourceClasses'>) {
    this.classes = byId(names.resourceClasses);
    this.classIndexById = indexIds(this.classes);
    this.traits = byId(names.traits);
    this.inventory = emptyTable(0, this.classes.length, 0);
  }

  /** Takes in some of the providers. Throws (a bug, not an `Invalid`) if one has inventory of an unknown class, or no shape. */
  add(portion: readonly ChangedProvider[]): void {
    const table = this.inventory;
    let at = this.providers.length;
    table.start = lengthened(table.start, at + portion.length);
    table.end = lengthened(table.end, at + portion.length);
    for (const { provider, inventories, shape } of portion) {
      if (shape === undefined) throw new Error('supply: a new provider lacks its traits and aggregates');
      this.providers.push(provider);
      this.uuids.set(provider.uuid, provider.id);
      this.names.set(provider.name, provider.id);
      this.addRecords(at++, inventories);
      const traits = ascending(shape.traitIds);
      this.traitProfiles.push(this.traitPool.intern(traits));
      const aggregates = ascending(shape.aggregates.map((name) => this.aggregateId(name)));
      this.aggregateProfiles.push(this.aggregatePool.intern(aggregates));
    }
  }

  /**
   * The snapshot; the builder is of no use afterwards. Throws (a bug, not an `Invalid`) if a provider carries an unknown trait or if its
   * parent has not come.
   */
  finish(): Snapshot {
    const { providers, classes } = this;
    const layout = layOutTrees(providers);
    // Where each has come from. A fleet of hosts without children comes in the order of its indexes.
    const source = new Int32Array(providers.length);
    let inOrder = true;
    providers.forEach(({ id }, at) => {
      const index = layout.indexById.get(id);
      source[index] = at;
      inOrder &&= index === at;
    });
    const inventory = inOrder ? this.inventory : copyRecords(this.inventory, source, classes.length);
    fillColumns(inventory);
    fillBlockRoom(inventory, layout);
    const ordered = (profiles: Profile[]): Profile[] =>
      inOrder ? profiles : Array.from(source, (at) => profiles[at]).filter((profile) => profile !== undefined);
    const traitLabels = tabulateLabels(this.traits, ordered(this.traitProfiles), this.traitPool);
    const aggregates = Array.from(this.aggregateIds, ([name, id]) => ({ id, name }));
    const aggregateLabels = {
      ...tabulateLabels(aggregates, ordered(this.aggregateProfiles), this.aggregatePool),
      ids: this.aggregateIds,
      next: { id: aggregates.length },
    };
    const sharing = relateSharing(layout, traitLabels.sets.get(SHARING_TRAIT) ?? EMPTY_SET, aggregateLabels);
    return {
      layout,
      inventory,
      sharing,
      sharedClasses: classesOfSharers(inventory, sharing),
      nested: layout.roots.length < layout.providers.length,
      indexByUuid: new IndexByText(this.uuids, layout.indexById),
      indexByName: new IndexByText(this.names, layout.indexById),
      classNames: classes.map(({ name }) => name),
      classIds: classes.map(({ id }) => id),
      classIndexByName: new Map(classes.map(({ name }, at) => [name, at])),
      classIndexById: this.classIndexById,
      traits: traitLabels.sets,
      aggregates: aggregateLabels.sets,
      traitLabels,
      aggregateLabels,
    };
  }

  private addRecords(at: number, inventories: readonly SupplyInventory[]): void {
    const table = this.inventory;
    let place = allot(table, inventories.length);
    table.start[at] = place;
    table.end[at] = place + inventories.length;
    for (const inventory of byClass(inventories)) {
      const resourceClass = this.classIndexById.get(inventory.resourceClassId);
      if (resourceClass < 0) throw new Error('supply: an inventory names an unknown provider or class');
      writeRecord(table, place++, resourceClass, inventory);
    }
  }

  /** Aggregates are numbered as they are first seen. */
  private aggregateId(name: string): number {
    const known = this.aggregateIds.get(name);
    if (known !== undefined) return known;
    const id = this.aggregateIds.size;
    this.aggregateIds.set(name, id);
    return id;
  }
}

/** The list itself where it ascends already, as it mostly does. */
function ascending(list: readonly number[]): readonly number[] {
  for (let at = 1; at < list.length; at++) {
    if ((list[at - 1] ?? 0) > (list[at] ?? 0)) return [...list].sort((a, b) => a - b);
  }
  return list;
}

/** The same for inventories. */
function byClass(list: readonly SupplyInventory[]): readonly SupplyInventory[] {
  let last = -1;
  for (const { resourceClassId } of list) {
    if (resourceClassId < last) return [...list].sort((a, b) => a.resourceClassId - b.resourceClassId);
    last = resourceClassId;
  }
  return list;
}

/**
 * Builds the snapshot of a reading that is there as a whole. Throws (a bug, not an `Invalid`) if rows refer to providers, classes or
 * traits that the reading lacks.
 */
export function buildSnapshot(supply: Supply): Snapshot {
  const builder = new SnapshotBuilder(supply);
  const positions = indexIds(supply.providers);
  const inventories = perProvider(supply.inventories, positions);
  const traits = perProvider(supply.providerTraits, positions);
  const aggregates = perProvider(supply.providerAggregates, positions);
  builder.add(
    supply.providers.map((provider, at) => ({
      // A record of its own: whoever has read nothing else about a provider may hand in the same object again.
      provider: { ...provider },
      inventories: inventories[at] ?? [],
      shape: {
        traitIds: (traits[at] ?? []).map(({ traitId }) => traitId),
        aggregates: (aggregates[at] ?? []).map(({ aggregate }) => aggregate),
      },
    })),
  );
  return builder.finish();
}

function perProvider<T extends { readonly providerId: number }>(
  rows: readonly T[],
  positions: IdIndex,
): readonly (readonly T[] | undefined)[] {
  const lists: T[][] = [];
  for (const row of rows) {
    const at = positions.get(row.providerId);
    if (at < 0) throw new Error('supply: a row names an unknown provider');
    (lists[at] ??= []).push(row);
  }
  return lists;
}
