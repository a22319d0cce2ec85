import type { Supply } from '#berth/domain';
import { hasIndex, toIndexSet, type IndexSet } from './index-set.js';
import { tabulateInventories, type InventoryTable } from './inventory-table.js';
import { relateSharing, type Sharing } from './sharing.js';
import { layOutTrees, type TreeLayout } from './tree-layout.js';

/**
 * The supply side at one moment, immutable, laid out for the search. Providers, classes and traits are dense indexes; names
 * occur only in the maps at its edge.
 */
export interface Snapshot {
  readonly layout: TreeLayout;
  readonly inventory: InventoryTable;
  readonly sharing: Sharing;
  /** Per class: 1 if a sharing provider has inventory of it. */
  readonly sharedClasses: Uint8Array;
  /** Whether any provider has a parent. */
  readonly nested: boolean;
  readonly indexByUuid: ReadonlyMap<string, number>;
  readonly indexByName: ReadonlyMap<string, number>;
  /** In order of class id. */
  readonly classNames: readonly string[];
  readonly classIndexByName: ReadonlyMap<string, number>;
  /** Every known trait, carried or not. */
  readonly traits: ReadonlyMap<string, IndexSet>;
  readonly aggregates: ReadonlyMap<string, IndexSet>;
  /** Per provider: its trait names in order of trait id; providers with the same traits share one list. */
  readonly traitNames: readonly (readonly string[])[];
}

/**
 * Builds the snapshot of one consistent reading. Throws (a bug, not an `Invalid`) if rows refer to providers, classes or
 * traits that the reading lacks.
 */
export function buildSnapshot(supply: Supply): Snapshot {
  const layout = layOutTrees(supply.providers);
  const classes = [...supply.resourceClasses].sort((a, b) => a.id - b.id);
  const classIndexById = new Map(classes.map(({ id }, at) => [id, at]));
  const { traits, traitNames } = indexTraits(supply, layout);
  const aggregates = indexAggregates(supply, layout);
  const inventory = tabulateInventories(supply.inventories, layout, classIndexById);
  const sharing = relateSharing(layout, traits, aggregates);
  return {
    layout,
    inventory,
    sharing,
    sharedClasses: Uint8Array.from(inventory.columns, (column) =>
      sharing.sharing.members.length > 0 && column.some((index) => hasIndex(sharing.sharing, index)) ? 1 : 0,
    ),
    nested: layout.roots.length < layout.providers.length,
    indexByUuid: new Map(layout.providers.map(({ uuid }, index) => [uuid, index])),
    indexByName: new Map(layout.providers.map(({ name }, index) => [name, index])),
    classNames: classes.map(({ name }) => name),
    classIndexByName: new Map(classes.map(({ name }, at) => [name, at])),
    traits,
    aggregates,
    traitNames,
  };
}

function indexTraits(supply: Supply, layout: TreeLayout) {
  const known = [...supply.traits].sort((a, b) => a.id - b.id);
  const orderById = new Map(known.map(({ id }, at) => [id, at]));
  const carried: number[][] = layout.providers.map(() => []);
  const carriers: number[][] = known.map(() => []);
  for (const { providerId, traitId } of supply.providerTraits) {
    const trait = orderById.get(traitId) ?? -1;
    const index = indexOf(layout, providerId);
    const list = carriers[trait];
    if (list === undefined) throw new Error('supply: a provider carries an unknown trait');
    list.push(index);
    carried[index]?.push(trait);
  }
  const traits = new Map(known.map(({ name }, at) => [name, toIndexSet(carriers[at] ?? [], layout.providers.length)]));
  // A fleet has few distinct hardware profiles: sharing the lists keeps 40 names a host from costing 40 references a host.
  const interned = new Map<string, readonly string[]>();
  const traitNames = carried.map((list) => {
    const key = list.sort((a, b) => a - b).join();
    const names = interned.get(key) ?? list.map((at) => known[at]?.name ?? '');
    interned.set(key, names);
    return names;
  });
  return { traits, traitNames };
}

function indexAggregates(supply: Supply, layout: TreeLayout): ReadonlyMap<string, IndexSet> {
  const members = new Map<string, number[]>();
  for (const { providerId, aggregate } of supply.providerAggregates) {
    const index = indexOf(layout, providerId);
    const list = members.get(aggregate);
    if (list === undefined) members.set(aggregate, [index]);
    else list.push(index);
  }
  return new Map([...members].map(([aggregate, list]) => [aggregate, toIndexSet(list, layout.providers.length)]));
}

function indexOf(layout: TreeLayout, providerId: number): number {
  const index = layout.indexById.get(providerId);
  if (index === undefined) throw new Error('supply: a row names an unknown provider');
  return index;
}
