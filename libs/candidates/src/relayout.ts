import type { ChangedProvider, SupplyProvider } from '#berth/domain';
import type { IdIndex } from './id-index.js';
import { layOutTrees, type TreeLayout } from './tree-layout.js';

/** Trees that stand behind one another in a layout, and go on doing so in another. */
interface Run {
  readonly layout: TreeLayout;
  /** Ordinals of the roots. */
  readonly first: number;
  readonly end: number;
}

/**
 * The layout after a delta, equal to `layOutTrees` of what is there then, and the new index of each provider of the old one (−1: gone).
 * Only trees that somebody joins or leaves are laid out anew; the others are copied by runs. Throws like `layOutTrees`.
 */
export function relayOut(
  before: TreeLayout,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
): { readonly layout: TreeLayout; readonly moved: Int32Array } {
  const touched = touchedTrees(before, changed, removed);
  const anew = layOutTrees(membersAfter(before, touched, changed, removed));
  followRoots(anew);
  const after = new LayoutParts(before, before.providers.length + anew.providers.length);
  for (const run of runsOf(before, touched, anew)) after.append(run);
  for (const id of removed) after.indexById.set(id, -1);
  return { layout: after.joined(), moved: after.moved };
}

/** Internal id of the provider above, null for a root. */
export function parentIdAt({ parent, providers }: TreeLayout, index: number): number | null {
  const above = parent[index] ?? -1;
  return above < 0 ? null : (providers[above]?.id ?? null);
}

/** Ordinals of the trees that somebody joins, leaves, or is moved in; ascending. */
function touchedTrees(
  layout: TreeLayout,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
): readonly number[] {
  const { indexById, rootOrdinal } = layout;
  const touched = new Set<number>();
  const touch = (id: number): void => {
    const index = indexById.get(id);
    if (index >= 0) touched.add(rootOrdinal[index] ?? 0);
  };
  for (const id of removed) touch(id);
  for (const { provider } of changed) {
    const index = indexById.get(provider.id);
    if (index >= 0 && parentIdAt(layout, index) === provider.parentId) continue;
    touch(provider.id);
    if (provider.parentId !== null) touch(provider.parentId);
  }
  return [...touched].sort((a, b) => a - b);
}

/** Who is in the touched trees and in new ones after the delta. */
function membersAfter(
  { providers, roots, subtreeEnd, indexById }: TreeLayout,
  touched: readonly number[],
  changed: readonly ChangedProvider[],
  removed: readonly number[],
): SupplyProvider[] {
  const latest = new Map(changed.map(({ provider }) => [provider.id, provider]));
  const gone = new Set(removed);
  const after: SupplyProvider[] = [];
  for (const ordinal of touched) {
    const root = roots[ordinal] ?? 0;
    for (let index = root; index < (subtreeEnd[root] ?? root); index++) {
      const provider = providers[index];
      if (provider !== undefined && !gone.has(provider.id)) after.push(latest.get(provider.id) ?? provider);
    }
  }
  for (const { provider } of changed) if (indexById.get(provider.id) < 0) after.push(provider);
  return after;
}

/** Whoever came under another root is no longer what was shown of it: a new record says so, even if the delta names only who was moved. */
function followRoots({ providers, root }: TreeLayout): void {
  providers.forEach((provider, index) => {
    const rootId = providers[root[index] ?? index]?.id ?? provider.id;
    if (provider.rootId !== rootId) providers[index] = { ...provider, rootId };
  });
}

/** The untouched trees and those laid out anew, all by id of their roots. */
function runsOf(before: TreeLayout, touched: readonly number[], anew: TreeLayout): Run[] {
  const runs: Run[] = [];
  let [ordinal, at] = [0, 0];
  const keepUntil = (end: number): void => {
    while (ordinal < end) {
      const stop = Math.min(touched[at] ?? end, end);
      if (stop > ordinal) runs.push({ layout: before, first: ordinal, end: stop });
      ordinal = stop;
      if (touched[at] !== ordinal) continue;
      at++;
      ordinal++;
    }
  };
  anew.roots.forEach((root, fresh) => {
    keepUntil(ordinalBehind(before, anew.providers[root]?.id ?? 0));
    runs.push({ layout: anew, first: fresh, end: fresh + 1 });
  });
  keepUntil(before.roots.length);
  return runs;
}

/** How many roots have a lower id. */
function ordinalBehind({ roots, providers }: TreeLayout, id: number): number {
  let [low, high] = [0, roots.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((providers[roots[middle] ?? 0]?.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Arguments that one call may have, with a wide margin. */
const MANY_PARTS = 10_000;

/** A layout that is put together of runs. */
class LayoutParts {
  readonly indexById: IdIndex;
  readonly moved: Int32Array;
  private count = 0;
  private readonly providers: SupplyProvider[][] = [];
  private readonly roots: number[] = [];
  private readonly parent: Int32Array;
  private readonly root: Int32Array;
  private readonly subtreeEnd: Int32Array;
  private readonly rootOrdinal: Int32Array;

  /** For at most so many providers. */
  constructor(
    private readonly before: TreeLayout,
    most: number,
  ) {
    this.indexById = before.indexById.copy();
    this.moved = new Int32Array(before.providers.length).fill(-1);
    this.parent = new Int32Array(most);
    this.root = new Int32Array(most);
    this.subtreeEnd = new Int32Array(most);
    this.rootOrdinal = new Int32Array(most);
  }

  append({ layout, first, end }: Run): void {
    const from = layout.roots[first] ?? 0;
    const to = layout.roots[end] ?? layout.providers.length;
    const shift = this.count - from;
    const ordinals = this.roots.length - first;
    this.providers.push(layout.providers.slice(from, to));
    for (let ordinal = first; ordinal < end; ordinal++) this.roots.push((layout.roots[ordinal] ?? 0) + shift);
    for (let old = from; old < to; old++) {
      const index = old + shift;
      const parent = layout.parent[old] ?? -1;
      this.parent[index] = parent < 0 ? -1 : parent + shift;
      this.root[index] = (layout.root[old] ?? 0) + shift;
      this.subtreeEnd[index] = (layout.subtreeEnd[old] ?? 0) + shift;
      this.rootOrdinal[index] = (layout.rootOrdinal[old] ?? 0) + ordinals;
    }
    this.enter(layout, from, to, shift);
    this.count += to - from;
  }

  joined(): TreeLayout {
    const { count, indexById } = this;
    const none: SupplyProvider[] = [];
    return {
      // `concat` copies whole parts, `flat` goes through them one by one.
      providers: this.providers.length < MANY_PARTS ? none.concat(...this.providers) : this.providers.flat(),
      indexById,
      parent: this.parent.slice(0, count),
      root: this.root.slice(0, count),
      subtreeEnd: this.subtreeEnd.slice(0, count),
      roots: Int32Array.from(this.roots),
      rootOrdinal: this.rootOrdinal.slice(0, count),
    };
  }

  /** Notes where the providers of a run are now. */
  private enter(layout: TreeLayout, from: number, to: number, shift: number): void {
    const stays = layout === this.before;
    for (let old = from; old < to; old++) {
      if (stays) this.moved[old] = old + shift;
      if (stays && shift === 0) continue;
      const id = layout.providers[old]?.id ?? 0;
      const known = stays ? -1 : this.before.indexById.get(id);
      if (known >= 0) this.moved[known] = old + shift;
      this.indexById.set(id, old + shift);
    }
  }
}
