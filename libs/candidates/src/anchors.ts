import { inAny, lowerBound, unionOf, type IndexSet } from './index-set.js';
import { BLOCK_SHIFT, recordOf } from './inventory-table.js';
import { permutation, shuffle } from './permutation.js';
import { rootAllowed, type GroupPlan, type Plan } from './plan.js';
import type { Snapshot } from './snapshot.js';

/** Up to this many anchors are collected and shuffled; beyond, a computed permutation of all roots costs less. */
const SHUFFLED_ANCHORS = 4096;

/**
 * The roots that may be anchors of the plan, each once, found one at a time. A superset: what the shortest single condition of the request
 * leaves, minus root_required, minus blocks of roots without enough room. Ascending, or in random order.
 */
export class AnchorCursor {
  private at = 0;
  private last = -1;
  private block = -1;
  private blockOpen = false;
  private readonly order: ((at: number) => number) | undefined;
  private readonly drivers: Int32Array | undefined;
  private readonly length: number;
  private readonly bounds: readonly { readonly rooms: Int32Array; readonly amount: number }[];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly plan: Plan,
    random: (() => number) | undefined,
  ) {
    const { layout } = snapshot;
    this.bounds = treeBounds(snapshot, plan);
    const drivers = chooseDriver(snapshot, plan);
    if (random === undefined || layout.roots.length === 0) {
      this.drivers = drivers;
    } else if (drivers !== undefined && drivers.length <= SHUFFLED_ANCHORS) {
      this.drivers = Int32Array.from(new Set(drivers.map((index) => layout.root[index] ?? index)));
      shuffle(this.drivers, random);
    } else {
      this.order = permutation(layout.roots.length, random);
    }
    this.length = this.drivers?.length ?? layout.roots.length;
  }

  /** The next anchor, −1 after the last. */
  next(): number {
    const { roots, rootOrdinal } = this.snapshot.layout;
    while (this.at < this.length) {
      const root = this.rootAt(this.at++);
      if (root === this.last) continue;
      this.last = root;
      const block = (rootOrdinal[root] ?? 0) >> BLOCK_SHIFT;
      if (block !== this.block) {
        this.block = block;
        this.blockOpen = this.bounds.every(({ rooms, amount }) => (rooms[block] ?? -1) >= amount);
      }
      if (!this.blockOpen) {
        if (this.length === roots.length && this.drivers === undefined && this.order === undefined) {
          this.at = (block + 1) << BLOCK_SHIFT;
        }
        continue;
      }
      if (rootAllowed(this.plan, root)) return root;
    }
    return -1;
  }

  private rootAt(at: number): number {
    const { roots, root } = this.snapshot.layout;
    if (this.drivers !== undefined) return root[this.drivers[at] ?? 0] ?? -1;
    return roots[this.order === undefined ? at : this.order(at)] ?? -1;
  }
}

/** Amounts that only the anchor's own tree can give: a block whose best room is below one of them has no anchor. */
function treeBounds(snapshot: Snapshot, plan: Plan) {
  const bounds = [];
  for (const group of plan.groups) {
    const sharable = group.granular || group.treeRoot < 0;
    for (const { resourceClass, amount } of group.demands) {
      if (sharable && snapshot.sharedClasses[resourceClass] === 1) continue;
      const rooms = snapshot.inventory.blockRoom[resourceClass];
      if (rooms !== undefined) bounds.push({ rooms, amount });
    }
  }
  return bounds;
}

/**
 * The shortest list of providers such that every possible anchor is the root of one of them; undefined where walking all roots is
 * no dearer. Every condition of a group names such a list: whoever serves the group is on it, and its anchors are its root and,
 * if it shares, its neighbours.
 */
function chooseDriver(snapshot: Snapshot, plan: Plan): Int32Array | undefined {
  let best: Int32Array | undefined;
  // A list of most of the fleet saves less than it costs to find out whom its sharing members reach.
  let bestLength = snapshot.layout.roots.length * WORTHWHILE;
  const consider: Consider = (length, list, isMember): void => {
    if (length >= bestLength) return;
    const reached = isMember === undefined ? NOBODY : reachedBySharing(snapshot, isMember, bestLength - length);
    if (reached === undefined) return;
    best = reached.length === 0 ? list() : merge(list(), reached);
    bestLength = length + reached.length;
  };
  for (const set of plan.rootRequired) consider(totalLength(set), () => unionOf(set));
  for (const group of plan.groups) considerGroup(snapshot, group, consider);
  return best;
}

/** The part of the roots that a list of anchors may be as long as. */
const WORTHWHILE = 1 / 2;

/** `isMember` tells whether a provider is on the list; given where sharing members of the list reach other roots. */
type Consider = (length: number, list: () => Int32Array, isMember?: (provider: number) => boolean) => void;

function considerGroup(snapshot: Snapshot, group: GroupPlan, consider: Consider): void {
  const { treeRoot } = group;
  if (treeRoot >= 0) {
    const end = snapshot.layout.subtreeEnd[treeRoot] ?? treeRoot;
    const sharers = group.granular ? sharersWithin(snapshot, treeRoot, end) : NOBODY;
    const isWithin = (provider: number) => provider >= treeRoot && provider < end;
    consider(1 + sharers.length, () => merge(Int32Array.of(treeRoot), sharers), group.granular ? isWithin : undefined);
  }
  const reaching = group.granular || treeRoot < 0;
  const { inventory } = snapshot;
  for (const { resourceClass } of group.demands) {
    const column = inventory.columns[resourceClass] ?? NOBODY;
    const hasClass = (provider: number) => recordOf(inventory, provider, resourceClass) >= 0;
    consider(column.length, () => column, reaching ? hasClass : undefined);
  }
  for (const set of [...group.required, ...group.memberOf]) {
    consider(totalLength(set), () => unionOf(set), reaching ? (provider) => inAny(set, provider) : undefined);
  }
}

const NOBODY = new Int32Array(0);

function totalLength(sets: readonly IndexSet[]): number {
  let total = 0;
  for (const { members } of sets) total += members.length;
  return total;
}

/** Neighbour roots of the sharing providers of a list; undefined once they are `most` or more. */
function reachedBySharing(
  snapshot: Snapshot,
  isMember: (provider: number) => boolean,
  most: number,
): Int32Array | undefined {
  const { sharing, neighbours } = snapshot.sharing;
  if (sharing.members.length === 0) return NOBODY;
  const lists = new Set<Int32Array>();
  let total = 0;
  for (const sharer of sharing.members) {
    if (!isMember(sharer)) continue;
    const list = neighbours.get(sharer);
    if (list === undefined || list.length === 0 || lists.has(list)) continue;
    lists.add(list);
    total += list.length;
    if (total >= most) return undefined;
  }
  return [...lists].reduce(merge, NOBODY);
}

function sharersWithin(snapshot: Snapshot, from: number, end: number): Int32Array {
  const { members } = snapshot.sharing.sharing;
  return members.subarray(lowerBound(members, from), lowerBound(members, end));
}

function merge(a: Int32Array, b: Int32Array): Int32Array {
  const merged = new Int32Array(a.length + b.length);
  merged.set(a);
  merged.set(b, a.length);
  return merged.sort();
}
