import { EMPTY_SET, editMembers, hasIndex, type IndexSet, type SetEdit } from './index-set.js';
import { editOf, type Labels, type Profile } from './labels.js';
import type { TreeLayout } from './tree-layout.js';

const NOBODY = new Int32Array(0);

/** Which sharing providers serve which trees. Source: spec allocation_candidates.md §4, sharing provider, neighbours. */
export interface Sharing {
  readonly sharing: IndexSet;
  /**
   * Per root ordinal: the sharing providers that have this root as neighbour, ascending; none where nothing stands. Trees in the
   * same aggregates share one array.
   */
  readonly aroundRoot: Int32Array[];
  /** Per sharing provider: its neighbour roots, ascending. */
  readonly neighbours: Map<number, Int32Array>;
}

/** Works out who shares with whom: a tree is in every aggregate that any of its members carries. */
export function relateSharing(layout: TreeLayout, sharing: IndexSet, aggregates: Labels): Sharing {
  const neighbours = new Map<number, Int32Array>();
  const aroundRoot: Int32Array[] = [];
  if (sharing.members.length === 0) return { sharing, aroundRoot, neighbours };
  const sharers = new SharerFinder(layout, sharing, aggregates);
  for (const root of layout.roots) aroundRoot.push(sharers.around(root));
  const rootsOf = new Map<Profile, Int32Array>();
  const rootsOfLabel = new Map<number, Int32Array>();
  const rootsInLabel = (label: number): Int32Array => {
    const roots = rootsOfLabel.get(label) ?? rootsIn(layout, aggregates, label);
    rootsOfLabel.set(label, roots);
    return roots;
  };
  for (const sharer of sharing.members) {
    const profile = aggregates.profiles[sharer];
    if (profile === undefined) continue;
    const roots = rootsOf.get(profile) ?? distinct(profile.labels.map(rootsInLabel));
    rootsOf.set(profile, roots);
    neighbours.set(sharer, roots);
  }
  return { sharing, aroundRoot, neighbours };
}

/**
 * Brings the relation up to date, in place, after aggregates of providers of these trees changed. Only where sharing providers
 * are the same as before and in the same aggregates: otherwise `relateSharing`.
 */
export function updateAround(
  current: Sharing,
  layout: TreeLayout,
  aggregates: Labels,
  roots: ReadonlySet<number>,
): void {
  const sharers = new SharerFinder(layout, current.sharing, aggregates);
  const edits = new Map<number, SetEdit>();
  for (const root of roots) {
    const ordinal = layout.rootOrdinal[root] ?? 0;
    const before = current.aroundRoot[ordinal] ?? NOBODY;
    const after = sharers.around(root);
    current.aroundRoot[ordinal] = after;
    for (const sharer of before) if (!after.includes(sharer)) editOf(edits, sharer).removed.push(root);
    for (const sharer of after) if (!before.includes(sharer)) editOf(edits, sharer).added.push(root);
  }
  // Sharing providers in the same aggregates share one list, and go on doing so.
  const made = new Map<Int32Array, { readonly edit: SetEdit; readonly list: Int32Array }[]>();
  for (const [sharer, edit] of edits) {
    const before = current.neighbours.get(sharer) ?? NOBODY;
    const beside = made.get(before) ?? [];
    made.set(before, beside);
    let same = beside.find((other) => isSame(other.edit.added, edit.added) && isSame(other.edit.removed, edit.removed));
    if (same === undefined) beside.push((same = { edit, list: editMembers(before, edit) }));
    current.neighbours.set(sharer, same.list);
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

/** Finds the sharing providers around trees; each set of aggregates is looked at once. */
class SharerFinder {
  private readonly byLabel = new Map<number, Int32Array>();
  private readonly byProfile = new Map<Profile, Int32Array>();
  /** By the aggregates that anybody shares in: of many that a host is in, they are few. */
  private readonly byText = new Map<string, Int32Array>();

  constructor(
    private readonly layout: TreeLayout,
    private readonly sharing: IndexSet,
    private readonly aggregates: Labels,
  ) {}

  around(root: number): Int32Array {
    const { profiles } = this.aggregates;
    const end = this.layout.subtreeEnd[root] ?? root + 1;
    let only: Int32Array = NOBODY;
    let lists: Int32Array[] | undefined;
    for (let index = root; index < end; index++) {
      const profile = profiles[index];
      const list = profile === undefined ? NOBODY : this.inAggregatesOf(profile);
      if (list.length === 0 || list === only) continue;
      if (only.length === 0) only = list;
      else (lists ??= [only]).push(list);
    }
    return lists === undefined ? only : distinct([...new Set(lists)]);
  }

  private inAggregatesOf(profile: Profile): Int32Array {
    const known = this.byProfile.get(profile);
    if (known !== undefined) return known;
    const serving = profile.labels.filter((label) => this.inAggregate(label).length > 0);
    const text = serving.join();
    const list = this.byText.get(text) ?? distinct(serving.map((label) => this.inAggregate(label)));
    this.byText.set(text, list);
    this.byProfile.set(profile, list);
    return list;
  }

  private inAggregate(label: number): Int32Array {
    const known = this.byLabel.get(label);
    if (known !== undefined) return known;
    const set = setOf(this.aggregates, label);
    const list = this.sharing.members.filter((index) => hasIndex(set, index));
    this.byLabel.set(label, list);
    return list;
  }
}

function setOf(aggregates: Labels, label: number): IndexSet {
  return aggregates.sets.get(aggregates.names.get(label) ?? '') ?? EMPTY_SET;
}

function rootsIn(layout: TreeLayout, aggregates: Labels, label: number): Int32Array {
  // Members ascend, so do their roots: equal ones are adjacent.
  const roots = setOf(aggregates, label).members.map((index) => layout.root[index] ?? 0);
  return roots.filter((root, at) => at === 0 || root !== roots[at - 1]);
}

/** The distinct numbers of ascending lists, ascending. Merged: through a Set each set of aggregates took several times as long. */
function distinct(lists: readonly Int32Array[]): Int32Array {
  let all = NOBODY as Int32Array;
  for (const list of lists) if (list.length > 0) all = all.length === 0 ? list : merge(all, list);
  return all;
}

function merge(a: Int32Array, b: Int32Array): Int32Array {
  const merged = new Int32Array(a.length + b.length);
  let length = 0;
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [one, other] = [a[i] ?? 0, b[j] ?? 0];
    merged[length++] = one < other ? one : other;
    if (one <= other) i++;
    if (other <= one) j++;
  }
  const rest = i < a.length ? a.subarray(i) : b.subarray(j);
  merged.set(rest, length);
  return merged.slice(0, length + rest.length);
}
