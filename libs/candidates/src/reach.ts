import { hasIndex } from './index-set.js';
import { SEVERAL } from './provider-stages.js';
import type { Screened, ScreenedGroup } from './screening.js';
import type { Snapshot } from './snapshot.js';

/** A choice is served at a tree as it is. */
export const SERVED = -1;
/** Obstacles that have a bit of their own; all further ones share the next. */
const OWN_BITS = 30;

/** The bit of an obstacle in the masks of `reachOf`. */
export function bitOf(obstacle: number): number {
  return 1 << Math.min(obstacle - 1, OWN_BITS);
}

/**
 * Per root ordinal: `SERVED` if some provider can serve the choice there, otherwise the bits of the obstacles each of which, taken
 * away alone, would let one serve it. Source: spec allocation_candidates.md §5, anchors; §6, options.
 */
export function reachOf(snapshot: Snapshot, group: ScreenedGroup, { sieve }: Screened): Int32Array {
  const { rootOrdinal, roots } = snapshot.layout;
  const { sharing } = snapshot.sharing;
  const { obstacles } = sieve;
  const reach = new Int32Array(roots.length);
  // Whether an aggregate of its root keeps a sharing provider out depends on the anchor.
  const barsHomes = group.barring.length > 0 && sharing.members.length > 0;
  const { scope } = sieve;
  for (let at = 0; at < scope.length; at++) {
    const provider = scope[at] ?? 0;
    const obstacle = obstacles[provider] ?? SEVERAL;
    if (obstacle === SEVERAL || (barsHomes && hasIndex(sharing, provider))) continue;
    const ordinal = rootOrdinal[provider] ?? 0;
    reach[ordinal] = (reach[ordinal] ?? 0) | (obstacle === 0 ? SERVED : bitOf(obstacle));
  }
  if (sharing.members.length > 0) new SharedReach(snapshot, group, obstacles, reach).enter();
  return reach;
}

class SharedReach {
  constructor(
    private readonly snapshot: Snapshot,
    private readonly group: ScreenedGroup,
    private readonly obstacles: Uint16Array,
    private readonly reach: Int32Array,
  ) {}

  enter(): void {
    const { sharing, neighbours } = this.snapshot.sharing;
    // Providers that share with the same trees have one list of them, which is walked once.
    const maskOf = new Map<Int32Array, number>();
    for (const sharer of sharing.members) {
      const obstacle = this.obstacles[sharer] ?? SEVERAL;
      const atHome = obstacle === 0 ? SERVED : obstacle === SEVERAL ? 0 : bitOf(obstacle);
      this.enterAt(this.snapshot.layout.root[sharer] ?? sharer, atHome);
      const list = neighbours.get(sharer);
      const mask = list === undefined ? 0 : this.maskAway(sharer);
      if (list !== undefined && mask !== 0) maskOf.set(list, (maskOf.get(list) ?? 0) | mask);
    }
    for (const [list, mask] of maskOf) for (const root of list) this.enterAt(root, mask);
  }

  /** What lets the sharing provider serve a tree that is not its own, whose root nothing bars. */
  private maskAway(sharer: number): number {
    const { granular, ownMembers, membership, tree } = this.group;
    const needed = new Set<number>();
    const obstacle = this.obstacles[sharer] ?? SEVERAL;
    if (obstacle !== 0) needed.add(obstacle);
    if (!granular && ownMembers?.[sharer] === 0) needed.add(membership);
    if (!granular && tree !== 0) needed.add(tree);
    const [only] = needed;
    if (needed.size > 1 || only === SEVERAL) return 0;
    return only === undefined ? SERVED : bitOf(only);
  }

  private enterAt(root: number, mask: number): void {
    const ordinal = this.snapshot.layout.rootOrdinal[root] ?? 0;
    this.reach[ordinal] = (this.reach[ordinal] ?? 0) | (mask & this.passing(root));
  }

  /** All bits where nothing bars the root, one where one aggregate does. */
  private passing(root: number): number {
    let passing = SERVED;
    for (const { set, obstacle } of this.group.barring) if (hasIndex(set, root)) passing &= bitOf(obstacle);
    return passing;
  }
}
