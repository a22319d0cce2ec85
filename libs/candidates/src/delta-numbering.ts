import type { ChangedProvider, SupplyName, SupplyProvider } from '#berth/domain';
import { admitProviders, renumberInventories } from './delta-inventory.js';
import { indexIds } from './id-index.js';
import { renumberSet, shiftsOf, toInts, type Shifts } from './index-set.js';
import type { Labels, Profile } from './labels.js';
import { IndexByText, type Snapshot } from './snapshot.js';
import { parentIdAt, relayOut } from './relayout.js';
import { appendTrees, type TreeLayout } from './tree-layout.js';

/**
 * Gives every provider and class of the delta its index: in place if all that is new are trees and classes behind the others, otherwise in another
 * snapshot. `classes` ascends by id, undefined: as they were. New providers have no records and no labels yet, and the sharing of another
 * snapshot is still to be related.
 */
export function settleNumbering(
  snapshot: Snapshot,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
  classes: readonly SupplyName[] | undefined,
): Snapshot {
  const { layout } = snapshot;
  const fresh: SupplyProvider[] = [];
  let moves = removed.some((id) => layout.indexById.get(id) >= 0);
  for (const { provider, shape } of changed) {
    const index = layout.indexById.get(provider.id);
    if (index >= 0) {
      moves ||= parentIdAt(layout, index) !== provider.parentId;
    } else {
      if (shape === undefined) throw new Error('supply: a new provider lacks its traits and aggregates');
      fresh.push(provider);
    }
  }
  const keepsClasses = classes === undefined || snapshot.classIds.every((id, at) => classes[at]?.id === id);
  if (moves || !keepsClasses || !fitsBehind(layout, fresh)) return renumber(snapshot, changed, removed, classes);
  if (fresh.length > 0) append(snapshot, fresh);
  return snapshot;
}

/** Whether the providers are whole trees whose roots come after all others. */
function fitsBehind(layout: TreeLayout, fresh: readonly SupplyProvider[]): boolean {
  const lastRootId = layout.providers[layout.roots[layout.roots.length - 1] ?? -1]?.id ?? -1;
  const ids = new Set(fresh.map(({ id }) => id));
  return fresh.every(({ id, parentId }) => (parentId === null ? id > lastRootId : ids.has(parentId)));
}

function append(snapshot: Snapshot, fresh: readonly SupplyProvider[]): void {
  const { layout, traitLabels, aggregateLabels } = snapshot;
  appendTrees(layout, fresh);
  admitProviders(snapshot.inventory, layout);
  for (const { profiles, pool } of [traitLabels, aggregateLabels]) {
    while (profiles.length < layout.providers.length) profiles.push(pool.intern([]));
  }
  snapshot.nested = layout.roots.length < layout.providers.length;
}

function renumber(
  snapshot: Snapshot,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
  classes: readonly SupplyName[] | undefined,
): Snapshot {
  const { layout, moved } = relayOut(snapshot.layout, changed, removed);
  const shifts = shiftsOf(moved);
  const known = classes ?? snapshot.classIds.map((id, at) => ({ id, name: snapshot.classNames[at] ?? '' }));
  const classIndexById = indexIds(known);
  const classAt = toInts(snapshot.classIds, (id) => classIndexById.get(id));
  const count = layout.providers.length;
  const traitLabels = renumberLabels(snapshot.traitLabels, shifts, count);
  const { ids, next } = snapshot.aggregateLabels;
  const aggregateLabels = { ...renumberLabels(snapshot.aggregateLabels, shifts, count), ids: new Map(ids), next };
  const classesAt = { moved: classAt, count: known.length };
  return {
    ...snapshot,
    layout,
    inventory: renumberInventories(snapshot.inventory, layout, { moved, shifts }, classesAt),
    nested: layout.roots.length < count,
    indexByUuid: new IndexByText(snapshot.indexByUuid.ids, layout.indexById),
    indexByName: new IndexByText(snapshot.indexByName.ids, layout.indexById),
    classNames: known.map(({ name }) => name),
    classIds: known.map(({ id }) => id),
    classIndexByName: new Map(known.map(({ name }, at) => [name, at])),
    classIndexById,
    traits: traitLabels.sets,
    aggregates: aggregateLabels.sets,
    traitLabels,
    aggregateLabels,
  };
}

/** Of the earlier numbering only the distinct profiles are shared, and lists, which nothing changes. */
function renumberLabels({ sets, profiles, names, pool }: Labels, shifts: Shifts, count: number): Labels {
  const renumbered = new Array<Profile>(count).fill(pool.intern([]));
  for (const { from, to, shift } of shifts.runs) {
    for (let old = from; old < to; old++) renumbered[old + shift] = profiles[old] as Profile;
  }
  return {
    sets: new Map(Array.from(sets, ([name, set]) => [name, renumberSet(set, shifts, count)])),
    profiles: renumbered,
    names: new Map(names),
    pool,
  };
}
