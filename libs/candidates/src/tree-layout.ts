import type { SupplyProvider } from '#berth/domain';

/**
 * Providers numbered so that every subtree is one run of indexes: preorder, roots by internal id. "Is q below p" becomes two comparisons
 * (`p <= q && q < subtreeEnd[p]`), a tree is a slice, and whatever is listed by index is listed by tree.
 */
export interface TreeLayout {
  readonly providers: readonly SupplyProvider[];
  readonly indexById: ReadonlyMap<number, number>;
  /** Index of the parent, −1 for a root. */
  readonly parent: Int32Array;
  readonly root: Int32Array;
  /** One past the last index below the provider. */
  readonly subtreeEnd: Int32Array;
  /** Indexes of the roots, ascending. */
  readonly roots: Int32Array;
  /** Position in `roots` of each provider's root. */
  readonly rootOrdinal: Int32Array;
}

/** Lays the trees out. Throws if a parent is missing or the parents run in a circle: the reading was not consistent. */
export function layOutTrees(unordered: readonly SupplyProvider[]): TreeLayout {
  const providers = inPreorder(unordered);
  const count = providers.length;
  const indexById = new Map<number, number>();
  const parent = new Int32Array(count).fill(-1);
  const root = new Int32Array(count);
  const subtreeEnd = new Int32Array(count);
  const rootOrdinal = new Int32Array(count);
  const roots: number[] = [];
  providers.forEach((provider, index) => {
    indexById.set(provider.id, index);
    if (provider.parentId === null) roots.push(index);
    else parent[index] = indexById.get(provider.parentId) ?? -1;
    root[index] = roots[roots.length - 1] ?? index;
    rootOrdinal[index] = roots.length - 1;
    subtreeEnd[index] = index + 1;
  });
  for (let index = count - 1; index >= 0; index--) {
    const above = parent[index] ?? -1;
    if (above >= 0) subtreeEnd[above] = Math.max(subtreeEnd[above] ?? 0, subtreeEnd[index] ?? 0);
  }
  return { providers, indexById, parent, root, subtreeEnd, roots: Int32Array.from(roots), rootOrdinal };
}

function inPreorder(unordered: readonly SupplyProvider[]): SupplyProvider[] {
  const children = new Map<number, SupplyProvider[]>();
  const pending: SupplyProvider[] = [];
  // Highest id first: the stack below then yields the lowest first.
  for (const provider of [...unordered].sort((a, b) => b.id - a.id)) {
    if (provider.parentId === null) {
      pending.push(provider);
      continue;
    }
    const siblings = children.get(provider.parentId);
    if (siblings === undefined) children.set(provider.parentId, [provider]);
    else siblings.push(provider);
  }
  const ordered: SupplyProvider[] = [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    ordered.push(next);
    for (const child of children.get(next.id) ?? []) pending.push(child);
  }
  if (ordered.length !== unordered.length) throw new Error('supply: a provider is not connected to a root');
  return ordered;
}
