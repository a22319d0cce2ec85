import type { SupplyProvider } from '#berth/domain';
import { lengthened } from './growing.js';
import { IdIndex } from './id-index.js';
import { toInts } from './index-set.js';

/**
 * Providers numbered so that every subtree is one run of indexes: preorder, roots and siblings by internal id. "Is q below p" becomes two
 * comparisons (`p <= q && q < subtreeEnd[p]`), a tree is a slice, and whatever is listed by index is listed by tree.
 */
export interface TreeLayout {
  /** Each entry is replaced whenever anything about its provider changes, see `recordIdentity`. */
  readonly providers: SupplyProvider[];
  readonly indexById: IdIndex;
  /** Index of the parent, −1 for a root. */
  parent: Int32Array;
  root: Int32Array;
  /** One past the last index below the provider. */
  subtreeEnd: Int32Array;
  /** Indexes of the roots, ascending. */
  roots: Int32Array;
  /** Position in `roots` of each provider's root. */
  rootOrdinal: Int32Array;
}

/** Lays the trees out. Throws if a parent is missing or the parents run in a circle: the reading was not consistent. */
export function layOutTrees(unordered: readonly SupplyProvider[]): TreeLayout {
  const count = unordered.length;
  const indexById = new IdIndex(unordered);
  const { above, firstChild, next, firstRoot } = linkFamilies(unordered, indexById);
  const parent = new Int32Array(count).fill(-1);
  const root = new Int32Array(count);
  const subtreeEnd = new Int32Array(count);
  const rootOrdinal = new Int32Array(count);
  const roots: number[] = [];
  const providers: SupplyProvider[] = [];
  const indexOf = new Int32Array(count);
  let node = firstRoot;
  while (node >= 0) {
    const provider = unordered[node];
    if (provider === undefined) break;
    const index = providers.push(provider) - 1;
    indexOf[node] = index;
    const up = above[node] ?? -1;
    if (up < 0) roots.push(index);
    else parent[index] = indexOf[up] ?? -1;
    root[index] = roots[roots.length - 1] ?? index;
    rootOrdinal[index] = roots.length - 1;
    const child = firstChild[node] ?? -1;
    if (child >= 0) {
      node = child;
      continue;
    }
    // Up to the nearest relative who has a next sibling; everybody on the way ends here.
    for (;;) {
      subtreeEnd[indexOf[node] ?? 0] = index + 1;
      const sibling = next[node] ?? -1;
      node = sibling >= 0 ? sibling : (above[node] ?? -1);
      if (sibling >= 0 || node < 0) break;
    }
  }
  if (providers.length !== count) throw new Error('supply: a provider is not connected to a root');
  providers.forEach(({ id }, index) => indexById.set(id, index));
  return { providers, indexById, parent, root, subtreeEnd, roots: Int32Array.from(roots), rootOrdinal };
}

/** First child and next sibling of each provider of the list, by position in it; enters these positions in `positions`. */
function linkFamilies(unordered: readonly SupplyProvider[], positions: IdIndex) {
  const count = unordered.length;
  const above = new Int32Array(count).fill(-1);
  const firstChild = new Int32Array(count).fill(-1);
  const next = new Int32Array(count).fill(-1);
  unordered.forEach(({ id }, node) => positions.set(id, node));
  const order = positions.inOrder() ?? orderById(unordered);
  let firstRoot = -1;
  // Highest id first: each is put before its siblings.
  for (let at = count - 1; at >= 0; at--) {
    const node = order[at] ?? 0;
    const parentId = unordered[node]?.parentId ?? null;
    if (parentId === null) {
      next[node] = firstRoot;
      firstRoot = node;
      continue;
    }
    const up = positions.get(parentId);
    if (up < 0) throw new Error('supply: a provider is not connected to a root');
    above[node] = up;
    next[node] = firstChild[up] ?? -1;
    firstChild[up] = node;
  }
  return { above, firstChild, next, firstRoot };
}

/** Positions by ascending id. */
function orderById(unordered: readonly SupplyProvider[]): Int32Array {
  const order = toInts(unordered, (_, at) => at);
  return order.sort((a, b) => (unordered[a]?.id ?? 0) - (unordered[b]?.id ?? 0));
}

/** Adds whole trees behind the others, in place. Their roots' ids must be above those of all roots there are. */
export function appendTrees(layout: TreeLayout, trees: readonly SupplyProvider[]): void {
  const added = layOutTrees(trees);
  const offset = layout.providers.length;
  const rootOffset = layout.roots.length;
  added.providers.forEach((provider, at) => {
    layout.providers.push(provider);
    layout.indexById.set(provider.id, offset + at);
  });
  layout.parent = joined(layout.parent, added.parent, (parent) => (parent < 0 ? -1 : parent + offset));
  layout.root = joined(layout.root, added.root, (root) => root + offset);
  layout.subtreeEnd = joined(layout.subtreeEnd, added.subtreeEnd, (end) => end + offset);
  layout.roots = joined(layout.roots, added.roots, (root) => root + offset);
  layout.rootOrdinal = joined(layout.rootOrdinal, added.rootOrdinal, (ordinal) => ordinal + rootOffset);
}

function joined(before: Int32Array, added: Int32Array, shift: (value: number) => number): Int32Array {
  const all = lengthened(before, before.length + added.length);
  for (let at = 0; at < added.length; at++) all[before.length + at] = shift(added[at] ?? 0);
  return all;
}
