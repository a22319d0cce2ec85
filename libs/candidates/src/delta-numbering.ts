import type { ChangedProvider, SupplyName, SupplyProvider } from '#berth/domain';
import { admitProviders, renumberInventories } from './delta-inventory.js';
import { indexIds } from './id-index.js';
import { renumberSet, shiftsOf, toInts, type Shift } from './index-set.js';
import type { Labels, Profile } from './labels.js';
import { IndexByText, type Snapshot } from './snapshot.js';
import { appendTrees, layOutTrees, type TreeLayout } from './tree-layout.js';

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

function parentIdAt({ parent, providers }: TreeLayout, index: number): number | null {
  const above = parent[index] ?? -1;
  return above < 0 ? null : (providers[above]?.id ?? null);
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
  const layout = layOutTrees(providersAfter(snapshot.layout, changed, removed));
  followRoots(layout);
  const before = snapshot.layout.providers;
  const moved = toInts(before, ({ id }) => layout.indexById.get(id));
  const source = new Int32Array(layout.providers.length).fill(-1);
  moved.forEach((now, old) => {
    if (now >= 0) source[now] = old;
  });
  const known = classes ?? snapshot.classIds.map((id, at) => ({ id, name: snapshot.classNames[at] ?? '' }));
  const classIndexById = indexIds(known);
  const classAt = toInts(snapshot.classIds, (id) => classIndexById.get(id));
  const shifts = shiftsOf(moved);
  const traitLabels = renumberLabels(snapshot.traitLabels, shifts, source);
  const { ids, next } = snapshot.aggregateLabels;
  const aggregateLabels = { ...renumberLabels(snapshot.aggregateLabels, shifts, source), ids: new Map(ids), next };
  return {
    ...snapshot,
    layout,
    inventory: renumberInventories(snapshot.inventory, layout, source, { moved: classAt, count: known.length }),
    nested: layout.roots.length < layout.providers.length,
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

function providersAfter(
  { providers, indexById }: TreeLayout,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
): SupplyProvider[] {
  const after: (SupplyProvider | undefined)[] = providers.slice();
  for (const { provider } of changed) {
    const index = indexById.get(provider.id);
    if (index >= 0) after[index] = provider;
    else after.push(provider);
  }
  for (const id of removed) {
    const index = indexById.get(id);
    if (index >= 0) after[index] = undefined;
  }
  return after.filter((provider) => provider !== undefined);
}

/** Whoever came under another root is no longer what was shown of it: a new record says so, even if the delta names only who was moved. */
function followRoots({ providers, root }: TreeLayout): void {
  providers.forEach((provider, index) => {
    const rootId = providers[root[index] ?? index]?.id ?? provider.id;
    if (provider.rootId !== rootId) providers[index] = { ...provider, rootId };
  });
}

/** Of the earlier numbering only the distinct profiles are shared. */
function renumberLabels({ sets, profiles, names, pool }: Labels, shifts: readonly Shift[], source: Int32Array): Labels {
  const none = pool.intern([]);
  const renumbered: Profile[] = [];
  for (const old of source) renumbered.push(profiles[old] ?? none);
  return {
    sets: new Map(Array.from(sets, ([name, set]) => [name, renumberSet(set, shifts, source.length)])),
    profiles: renumbered,
    names: new Map(names),
    pool,
  };
}
