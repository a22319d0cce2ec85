import { SHARING_TRAIT } from '#berth/domain';
import type { IndexSet } from './index-set.js';
import { EMPTY_SET, hasIndex } from './index-set.js';
import type { TreeLayout } from './tree-layout.js';

const NOBODY = new Int32Array(0);

/** Which sharing providers serve which trees. Source: spec allocation_candidates.md §4, sharing provider, neighbours. */
export interface Sharing {
  readonly sharing: IndexSet;
  /** Per root ordinal: the sharing providers that have this root as neighbour, ascending. Trees in the same aggregates share one array. */
  readonly aroundRoot: readonly Int32Array[];
  /** Per sharing provider: its neighbour roots, ascending. */
  readonly neighbours: ReadonlyMap<number, Int32Array>;
}

/** Works out who shares with whom: a tree is in every aggregate that any of its members carries. */
export function relateSharing(
  layout: TreeLayout,
  traits: ReadonlyMap<string, IndexSet>,
  aggregates: ReadonlyMap<string, IndexSet>,
): Sharing {
  const sharing = traits.get(SHARING_TRAIT) ?? EMPTY_SET;
  const rootCount = layout.roots.length;
  const useful = sharing.members.length === 0 ? [] : [...aggregates.values()];
  const sharers: Int32Array[] = [];
  const rootsIn: Int32Array[] = [];
  const aggregatesOfRoot = new Map<number, number[]>();
  for (const { members } of useful) {
    const present = members.filter((index) => hasIndex(sharing, index));
    if (present.length === 0) continue;
    const roots = distinctRoots(members, layout);
    for (const root of roots) {
      const ordinal = layout.rootOrdinal[root] ?? 0;
      const list = aggregatesOfRoot.get(ordinal);
      if (list === undefined) aggregatesOfRoot.set(ordinal, [sharers.length]);
      else list.push(sharers.length);
    }
    sharers.push(present);
    rootsIn.push(roots);
  }
  const aroundRoot: Int32Array[] = new Array<Int32Array>(rootCount).fill(NOBODY);
  const interned = new Map<string, Int32Array>();
  for (const [ordinal, list] of aggregatesOfRoot) {
    const key = list.join();
    const around = interned.get(key) ?? distinct(list.map((at) => sharers[at] ?? NOBODY));
    interned.set(key, around);
    aroundRoot[ordinal] = around;
  }
  return { sharing, aroundRoot, neighbours: neighboursOf(sharing.members, sharers, rootsIn) };
}

function neighboursOf(members: Int32Array, sharers: readonly Int32Array[], rootsIn: readonly Int32Array[]) {
  const aggregatesOf = new Map<number, number[]>();
  for (const sharer of members) aggregatesOf.set(sharer, []);
  sharers.forEach((present, at) => present.forEach((sharer) => aggregatesOf.get(sharer)?.push(at)));
  const neighbours = new Map<number, Int32Array>();
  const interned = new Map<string, Int32Array>();
  for (const [sharer, list] of aggregatesOf) {
    const key = list.join();
    const roots = interned.get(key) ?? distinct(list.map((at) => rootsIn[at] ?? NOBODY));
    interned.set(key, roots);
    neighbours.set(sharer, roots);
  }
  return neighbours;
}

function distinctRoots(members: Int32Array, layout: TreeLayout): Int32Array {
  // Members ascend, so do their roots: equal ones are adjacent.
  const roots = members.map((index) => layout.root[index] ?? 0);
  return roots.filter((root, at) => at === 0 || root !== roots[at - 1]);
}

function distinct(lists: readonly Int32Array[]): Int32Array {
  const [only] = lists;
  if (only !== undefined && lists.length === 1) return only;
  return Int32Array.from(new Set(lists.flatMap((list) => [...list]))).sort();
}
