import { lengthened } from './growing.js';

/**
 * A set of provider indexes: always the ascending list, and a bitset beside it once the list is longer than the
 * bitset would be, so that rare traits cost their members and common ones one bit a provider.
 */
export interface IndexSet {
  readonly members: Int32Array;
  readonly bits: Uint32Array | undefined;
}

/** What joins and what leaves a set, in any order; nothing does both. */
export interface SetEdit {
  readonly added: number[];
  readonly removed: number[];
}

/** What nobody carries. */
export const EMPTY_SET: IndexSet = { members: new Int32Array(0), bits: undefined };

/** One number per item. `Int32Array.from` with a function takes the iterator's way, ten times as long for two million rows. */
export function toInts<T>(items: readonly T[], numberOf: (item: T, at: number) => number): Int32Array {
  const numbers = new Int32Array(items.length);
  for (let at = 0; at < numbers.length; at++) numbers[at] = numberOf(items[at] as T, at);
  return numbers;
}

/** Makes a set of `list` (distinct, any order) out of the indexes 0 … `universe` − 1. It keeps the list, and may sort it. */
export function toIndexSet(list: Int32Array, universe: number): IndexSet {
  const words = (universe + 31) >>> 5;
  const sorted = isAscending(list);
  if (list.length <= words) return { members: sorted ? list : list.sort(), bits: undefined };
  const bits = bitsOf(list, words);
  return { members: sorted ? list : listBits(bits, list), bits };
}

/** Old indexes `from` … `to − 1` that keep their order and distance: each becomes itself plus `shift`. */
export interface Shift {
  readonly from: number;
  readonly to: number;
  readonly shift: number;
}

/** What moves together: a tree that is put in or taken out leaves two long runs, and copying a run needs no look-ups. −1 in `moved`: is gone. */
export function shiftsOf(moved: Int32Array): Shifts {
  const runs: Shift[] = [];
  let ordered = true;
  let reached = -1;
  let from = 0;
  for (let index = 1; index <= moved.length; index++) {
    const before = moved[index - 1] ?? -1;
    if (index < moved.length && before >= 0 && moved[index] === before + 1) continue;
    if (before >= 0) {
      const shift = before - index + 1;
      ordered &&= from + shift > reached;
      reached = before;
      runs.push({ from, to: index, shift });
    }
    from = index;
  }
  return { runs, ordered };
}

/** How indexes move: old runs ascending, and whether what they become ascends as well. */
export interface Shifts {
  readonly runs: readonly Shift[];
  readonly ordered: boolean;
}

/** The set under other numbers. Lists may be shared, for nothing changes them; bitsets are not. */
export function renumberSet({ members, bits }: IndexSet, shifts: Shifts, universe: number): IndexSet {
  const words = (universe + 31) >>> 5;
  if (bits === undefined) return toIndexSet(renumberMembers(members, shifts), universe);
  const moved = new Uint32Array(Math.max(words, bits.length));
  for (const { from, to, shift } of shifts.runs) copyBits(bits, from, to, moved, from + shift);
  const list = shifts.ordered ? renumberMembers(members, shifts) : listBits(moved, new Int32Array(members.length));
  return list.length > words ? { members: list, bits: moved } : { members: list, bits: undefined };
}

/** Copies the bits `from` … `to − 1` to the place `at` and what follows, where nothing is set yet. */
function copyBits(source: Uint32Array, from: number, to: number, target: Uint32Array, at: number): void {
  const end = at + to - from;
  // Word by word of the target; `offset` is what a word's first bit is in the source.
  for (let word = at >>> 5; word << 5 < end; word++) {
    const offset = (word << 5) - at + from;
    const [index, bit] = [offset >> 5, offset & 31];
    let value = (source[index] ?? 0) >>> bit;
    if (bit > 0) value |= (source[index + 1] ?? 0) << (32 - bit);
    if (word << 5 < at) value &= -1 << (at & 31);
    if (end - (word << 5) < 32) value &= ~(-1 << (end & 31));
    target[word] = (target[word] ?? 0) | value;
  }
}

/** An ascending list under other numbers, in whatever order the runs come to stand. */
function renumberRuns(members: Int32Array, { runs }: Shifts): Int32Array {
  const list = new Int32Array(members.length);
  let length = 0;
  let at = 0;
  for (const { from, to, shift } of runs) {
    // The next run is mostly the next member's: no search.
    if ((members[at] ?? to) < from) at = lowerBound(members, from, at);
    for (; at < members.length; at++) {
      const index = members[at] ?? to;
      if (index >= to) break;
      list[length++] = index + shift;
    }
    if (at >= members.length) break;
  }
  return length === list.length ? list : list.slice(0, length);
}

/** An ascending list under other numbers, ascending. */
export function renumberMembers(members: Int32Array, shifts: Shifts): Int32Array {
  const [first] = shifts.runs;
  const last = members[members.length - 1] ?? -1;
  if (first?.from === 0 && first.shift === 0 && last < first.to) return members;
  const list = renumberRuns(members, shifts);
  return shifts.ordered ? list : list.sort();
}

/** Words of a bitset for indexes that are still to come: 2,048 of them. */
const BITS_AIR = 64;

/** The set after the edit. The list given stays as it is; the bitset is changed in place and handed on. */
export function editSet(set: IndexSet, edit: SetEdit, universe: number): IndexSet {
  const members = editMembers(set.members, edit);
  const words = (universe + 31) >>> 5;
  if (members.length <= words) return { members, bits: undefined };
  if (set.bits === undefined) return { members, bits: bitsOf(members, words + BITS_AIR) };
  const bits = set.bits.length < words ? new Uint32Array(words + BITS_AIR) : set.bits;
  if (bits !== set.bits) bits.set(set.bits);
  for (const index of edit.removed) bits[index >>> 5] = (bits[index >>> 5] ?? 0) & ~(1 << (index & 31));
  for (const index of edit.added) bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
  return { members, bits };
}

/** An ascending list after the edit: runs between the places of edit are copied whole. Joining twice or leaving twice does no harm. */
export function editMembers(members: Int32Array, edit: SetEdit): Int32Array {
  const added = edit.added.length > 1 ? edit.added.sort((a, b) => a - b) : edit.added;
  const removed = edit.removed.length > 1 ? edit.removed.sort((a, b) => a - b) : edit.removed;
  if (removed.length === 0 && (added[0] ?? 0) > (members[members.length - 1] ?? -1))
    return appendMembers(members, added);
  const list = new Int32Array(members.length + added.length);
  let length = 0;
  let from = 0;
  for (let a = 0, r = 0; a < added.length || r < removed.length;) {
    const joining = added[a] ?? Infinity;
    const leaving = removed[r] ?? Infinity;
    const index = Math.min(joining, leaving);
    const at = lowerBound(members, index, from);
    list.set(members.subarray(from, at), length);
    length += at - from;
    from = members[at] === index ? at + 1 : at;
    if (joining <= leaving) {
      list[length++] = index;
      a++;
    } else {
      r++;
    }
  }
  list.set(members.subarray(from), length);
  length += members.length - from;
  return length === list.length ? list : list.slice(0, length);
}

/** What is new stands behind the rest: then the list grows where it is. `added` ascends. */
function appendMembers(members: Int32Array, added: readonly number[]): Int32Array {
  let { length } = members;
  const list = lengthened(members, length + added.length);
  let last = -1;
  for (const index of added) {
    if (index !== last) list[length++] = index;
    last = index;
  }
  return length === list.length ? list : list.slice(0, length);
}

function isAscending(list: Int32Array): boolean {
  let last = -1;
  for (const index of list) {
    if (index < last) return false;
    last = index;
  }
  return true;
}

function bitsOf(members: Int32Array, words: number): Uint32Array {
  const bits = new Uint32Array(words);
  for (const index of members) bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
  return bits;
}

/** The members of a bitset, ascending, in the memory of `list`, which must have room for them: for many members a fraction of what sorting them costs. */
function listBits(bits: Uint32Array, list: Int32Array): Int32Array {
  let length = 0;
  bits.forEach((word, at) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) list[length++] = (at << 5) + 31 - Math.clz32(rest & -rest);
  });
  return length === list.length ? list : list.slice(0, length);
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

/** First position from `from` on in ascending `list` whose value is not below `value`. */
export function lowerBound(list: Int32Array, value: number, from = 0): number {
  let low = from;
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
