import type { IdIndex } from './id-index.js';
import type { IndexSet } from './index-set.js';
import { recordOf, type InventoryTable } from './inventory-table.js';
import type { Labels } from './labels.js';
import type { Sharing } from './sharing.js';
import type { TreeLayout } from './tree-layout.js';

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

/** Per class: 1 if a sharing provider has inventory of it. */
export function classesOfSharers(inventory: InventoryTable, { sharing }: Sharing): Uint8Array {
  return Uint8Array.from(inventory.columns, (_, resourceClass) =>
    sharing.members.some((index) => recordOf(inventory, index, resourceClass) >= 0) ? 1 : 0,
  );
}
