import { SHARING_TRAIT, type Supply, type SupplyName } from '#berth/domain';
import { EMPTY_SET, toInts, type IndexSet } from './index-set.js';
import { recordOf, tabulateInventories, type InventoryTable } from './inventory-table.js';
import { tabulateLabels, type Labels } from './labels.js';
import { relateSharing, type Sharing } from './sharing.js';
import { IdIndex, layOutTrees, type TreeLayout } from './tree-layout.js';

/**
 * The supply side, laid out for the search. Providers, classes and traits are dense indexes; names occur only in the maps at its edge.
 *
 * One snapshot is one numbering: an index stands for the same provider, or the same class, as long as it lives. What stands under the numbers follows
 * `applyDelta` in place; when the numbering itself has to change, that answers another snapshot, and this one rests.
 */
export interface Snapshot {
  readonly layout: TreeLayout;
  readonly inventory: InventoryTable;
  sharing: Sharing;
  /** Per class: 1 if a sharing provider has inventory of it. */
  sharedClasses: Uint8Array;
  /** Whether any provider has a parent. */
  nested: boolean;
  readonly indexByUuid: IndexByText;
  readonly indexByName: IndexByText;
  /** In order of class id. */
  readonly classNames: string[];
  readonly classIds: number[];
  readonly classIndexByName: Map<string, number>;
  classIndexById: IdIndex;
  /** Every known trait, carried or not. */
  readonly traits: ReadonlyMap<string, IndexSet>;
  readonly aggregates: ReadonlyMap<string, IndexSet>;
  readonly traitLabels: Labels;
  /** Numbered as they were first seen. */
  readonly aggregateLabels: AggregateLabels;
}

export interface AggregateLabels extends Labels {
  readonly ids: Map<string, number>;
  readonly next: { id: number };
}

/**
 * Finds indexes by a text that is unique among providers. The ids behind the texts are the same whatever the numbering, so successive
 * snapshots share the one large map.
 */
export class IndexByText {
  constructor(
    readonly ids: Map<string, number>,
    private readonly indexById: IdIndex,
  ) {}

  get(text: string): number | undefined {
    const id = this.ids.get(text);
    const index = id === undefined ? -1 : this.indexById.get(id);
    return index < 0 ? undefined : index;
  }
}

/**
 * Builds the snapshot of one consistent reading. Throws (a bug, not an `Invalid`) if rows refer to providers, classes or
 * traits that the reading lacks.
 */
export function buildSnapshot(supply: Supply): Snapshot {
  // Records of its own: whoever has read nothing else about a provider may hand in the same object again.
  const layout = layOutTrees(supply.providers.map((provider) => ({ ...provider })));
  const classes = byId(supply.resourceClasses);
  const classIndexById = indexIds(classes);
  const inventory = tabulateInventories(supply.inventories, layout, classIndexById, classes.length);
  const traitLabels = labelTraits(supply, layout);
  const aggregateLabels = labelAggregates(supply, layout);
  const sharing = relateSharing(layout, traitLabels.sets.get(SHARING_TRAIT) ?? EMPTY_SET, aggregateLabels);
  return {
    layout,
    inventory,
    sharing,
    sharedClasses: classesOfSharers(inventory, sharing),
    nested: layout.roots.length < layout.providers.length,
    indexByUuid: new IndexByText(new Map(layout.providers.map(({ id, uuid }) => [uuid, id])), layout.indexById),
    indexByName: new IndexByText(new Map(layout.providers.map(({ id, name }) => [name, id])), layout.indexById),
    classNames: classes.map(({ name }) => name),
    classIds: classes.map(({ id }) => id),
    classIndexByName: new Map(classes.map(({ name }, at) => [name, at])),
    classIndexById,
    traits: traitLabels.sets,
    aggregates: aggregateLabels.sets,
    traitLabels,
    aggregateLabels,
  };
}

/** A copy in order of id. */
export function byId(names: readonly SupplyName[]): SupplyName[] {
  return [...names].sort((a, b) => a.id - b.id);
}

/** Positions in the list, by id. */
export function indexIds(list: readonly { readonly id: number }[]): IdIndex {
  const index = new IdIndex(list);
  list.forEach(({ id }, at) => index.set(id, at));
  return index;
}

/** Per class: 1 if a sharing provider has inventory of it. */
export function classesOfSharers(inventory: InventoryTable, { sharing }: Sharing): Uint8Array {
  return Uint8Array.from(inventory.columns, (_, resourceClass) =>
    sharing.members.some((index) => recordOf(inventory, index, resourceClass) >= 0) ? 1 : 0,
  );
}

function labelTraits(supply: Supply, layout: TreeLayout): Labels {
  const known = byId(supply.traits);
  const positions = indexIds(known);
  const providers = toInts(supply.providerTraits, ({ providerId }) => indexOf(layout, providerId));
  const traits = toInts(supply.providerTraits, ({ traitId }) => positions.get(traitId));
  if (traits.includes(-1)) throw new Error('supply: a provider carries an unknown trait');
  return tabulateLabels(known, providers, traits, layout.providers.length);
}

function labelAggregates(supply: Supply, layout: TreeLayout): AggregateLabels {
  const ids = new Map<string, number>();
  const providers = toInts(supply.providerAggregates, ({ providerId }) => indexOf(layout, providerId));
  const aggregates = toInts(supply.providerAggregates, ({ aggregate }) => {
    const known = ids.get(aggregate) ?? ids.size;
    if (known === ids.size) ids.set(aggregate, known);
    return known;
  });
  const known = [...ids].map(([name, id]) => ({ id, name }));
  const labels = tabulateLabels(known, providers, aggregates, layout.providers.length);
  return { ...labels, ids, next: { id: ids.size } };
}

function indexOf(layout: TreeLayout, providerId: number): number {
  const index = layout.indexById.get(providerId);
  if (index < 0) throw new Error('supply: a row names an unknown provider');
  return index;
}
