import { hasIndex, inAny, lowerBound, meetsEvery } from './index-set.js';
import { fittingRecord } from './inventory-table.js';
import type { GroupPlan, Slot } from './plan.js';
import type { Snapshot } from './snapshot.js';

/** Trees larger than this are entered through the class column instead of member by member. */
const SMALL_TREE = 4;

/**
 * Fills `options` with the providers that can serve the slot around one anchor, ascending within the tree, then those shared with it. Traits that
 * the unsuffixed group needs collectively are not looked at here. Source: spec allocation_candidates.md §5, §6.
 */
export function listOptions(snapshot: Snapshot, slot: Slot, anchor: number, options: number[]): void {
  const count = fillOptions(snapshot, slot, anchor, options);
  // Only ever shortened when it must be: emptying an array gives its memory back, and most anchors have one option a slot.
  if (options.length > count) options.length = count;
}

function fillOptions(snapshot: Snapshot, slot: Slot, anchor: number, options: number[]): number {
  const { group } = slot;
  const { layout, inventory, sharing } = snapshot;
  const spans = spansTree(group, anchor);
  if (spans === undefined) return 0;
  let count = 0;
  const end = layout.subtreeEnd[anchor] ?? anchor + 1;
  if (group.treeRoot < 0 || group.treeRoot === anchor) {
    const demand = slot.demands[0];
    if (end - anchor <= SMALL_TREE || demand === undefined) {
      for (let provider = anchor; provider < end; provider++) {
        if (serves(snapshot, slot, provider, spans)) options[count++] = provider;
      }
    } else {
      const column = inventory.columns[demand.resourceClass] ?? NOBODY;
      for (let at = lowerBound(column, anchor); at < column.length; at++) {
        const provider = column[at] ?? end;
        if (provider >= end) break;
        if (serves(snapshot, slot, provider, spans)) options[count++] = provider;
      }
    }
  }
  const around = sharing.aroundRoot[layout.rootOrdinal[anchor] ?? 0] ?? NOBODY;
  if (around.length === 0 || (!group.granular && group.treeRoot >= 0)) return count;
  for (const provider of around) {
    const home = layout.root[provider] ?? -1;
    if (home === anchor || (group.treeRoot >= 0 && home !== group.treeRoot)) continue;
    // A sharing provider must itself be in the aggregates, whatever the anchor is in.
    if (serves(snapshot, slot, provider, false)) options[count++] = provider;
  }
  return count;
}

const NOBODY = new Int32Array(0);

/** Whether the anchor's own aggregates speak for its whole tree; undefined if they forbid the anchor. Source: §6, member_of. */
function spansTree(group: GroupPlan, anchor: number): boolean | undefined {
  if (group.granular) return false;
  for (const set of group.notMemberOf) if (hasIndex(set, anchor)) return undefined;
  return meetsEvery(group.memberOf, anchor);
}

function serves(snapshot: Snapshot, slot: Slot, provider: number, excusedFromMembership: boolean): boolean {
  const { group } = slot;
  for (const { resourceClass, amount } of slot.demands) {
    if (fittingRecord(snapshot.inventory, provider, resourceClass, amount) < 0) return false;
  }
  if (inAny(group.forbidden, provider) || inAny(group.notMemberOf, provider)) return false;
  if (!excusedFromMembership && !meetsEvery(group.memberOf, provider)) return false;
  return !group.granular || meetsEvery(group.required, provider);
}
