/**
 * A set of provider indexes: always the ascending list, and a bitset beside it once the list is longer than the
 * bitset would be, so that rare traits cost their members and common ones one bit a provider.
 */
export interface IndexSet {
  readonly members: Int32Array;
  readonly bits: Uint32Array | undefined;
}

/** What nobody carries. */
export const EMPTY_SET: IndexSet = { members: new Int32Array(0), bits: undefined };

/** Makes a set of `members` (distinct, any order) out of the indexes 0 … `universe` − 1. */
export function toIndexSet(members: readonly number[], universe: number): IndexSet {
  const sorted = Int32Array.from(members).sort();
  const words = (universe + 31) >>> 5;
  if (sorted.length <= words) return { members: sorted, bits: undefined };
  const bits = new Uint32Array(words);
  for (const index of sorted) bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
  return { members: sorted, bits };
}

/** Whether `index` is a member: one bit test, or a binary search in a short list. */
export function hasIndex(set: IndexSet, index: number): boolean {
  if (set.bits !== undefined) return (((set.bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
  const { members } = set;
  const at = lowerBound(members, index);
  return at < members.length && members[at] === index;
}

/** Whether `index` is a member of at least one of the sets. */
export function inAny(sets: readonly IndexSet[], index: number): boolean {
  for (const set of sets) if (hasIndex(set, index)) return true;
  return false;
}

/** Whether every list of alternatives has a set with `index`; true for no list at all. */
export function meetsEvery(conditions: readonly (readonly IndexSet[])[], index: number): boolean {
  for (const alternatives of conditions) if (!inAny(alternatives, index)) return false;
  return true;
}

/** First position in ascending `list` whose value is not below `value`. */
export function lowerBound(list: Int32Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The distinct members of several sets, ascending. */
export function unionOf(sets: readonly IndexSet[]): Int32Array {
  const [only] = sets;
  if (only !== undefined && sets.length === 1) return only.members;
  const all = new Set<number>();
  for (const set of sets) for (const index of set.members) all.add(index);
  return Int32Array.from(all).sort();
}
