import { recordOf } from './inventory-table.js';
import type { Plan, Slot } from './plan.js';
import type { Snapshot } from './snapshot.js';

/** A partial choice: per slot the provider chosen (−1 for open) and the providers it could be. */
export interface PartialChoice {
  readonly chosen: Int32Array;
  readonly options: readonly (readonly number[])[];
}

/**
 * Whether giving `provider` to the slot keeps the partial choice within the rules of combination, as far as they can be told by now:
 * what is refused here has no completion. Source: spec allocation_candidates.md §7.
 */
export function mayTake(
  snapshot: Snapshot,
  plan: Plan,
  choice: PartialChoice,
  slot: number,
  provider: number,
): boolean {
  const taking = plan.slots[slot];
  if (taking === undefined) return false;
  if (plan.isolate && taking.group.granular && isTaken(plan, choice.chosen, provider)) return false;
  if (taking.contested.length > 0 && !staysWithinRoom(snapshot, taking, choice.chosen, provider)) return false;
  if (plan.oneProviderPerTree && !leavesTreeSingle(snapshot, plan, choice.chosen, taking, provider)) return false;
  for (const subtree of taking.subtrees) {
    if (!mayShareSubtree(snapshot, plan.subtrees[subtree] ?? [], choice, slot, provider)) return false;
  }
  return true;
}

/** Whether a granular slot has chosen the provider. */
export function isTaken(plan: Plan, chosen: Int32Array, provider: number): boolean {
  for (let other = 0; other < chosen.length; other++) {
    if (chosen[other] === provider && plan.slots[other]?.group.granular === true) return true;
  }
  return false;
}

function staysWithinRoom(snapshot: Snapshot, taking: Slot, chosen: Int32Array, provider: number): boolean {
  for (const { demand, others } of taking.contested) {
    let sum = demand.amount;
    for (const other of others) if (chosen[other.slot] === provider) sum += other.amount;
    if (sum === demand.amount) continue;
    const record = recordOf(snapshot.inventory, provider, demand.resourceClass);
    if (sum > (snapshot.inventory.room[record] ?? -1)) return false;
  }
  return true;
}

function leavesTreeSingle(snapshot: Snapshot, plan: Plan, chosen: Int32Array, taking: Slot, provider: number): boolean {
  if (taking.demands.length === 0) return true;
  const { root } = snapshot.layout;
  for (let other = 0; other < chosen.length; other++) {
    const beside = chosen[other] ?? -1;
    if (beside < 0 || beside === provider || plan.slots[other]?.demands.length === 0) continue;
    if (root[beside] === root[provider]) return false;
  }
  return true;
}

/**
 * One member of the constraint must be above all: one chosen already, or one that an open slot may still choose. Subtrees are runs of
 * indexes, so "above all" means that the lowest and the highest index chosen lie in its run.
 */
function mayShareSubtree(
  snapshot: Snapshot,
  members: readonly number[],
  { chosen, options }: PartialChoice,
  slot: number,
  provider: number,
): boolean {
  const { subtreeEnd } = snapshot.layout;
  let lowest = provider;
  let highest = provider;
  for (const member of members) {
    const other = chosen[member] ?? -1;
    if (other < 0) continue;
    if (other < lowest) lowest = other;
    if (other > highest) highest = other;
  }
  const isAbove = (top: number) => top <= lowest && highest < (subtreeEnd[top] ?? 0);
  // Only the lowest chosen index can be above the other chosen ones.
  if (isAbove(lowest)) return true;
  for (const member of members) {
    if (member === slot || (chosen[member] ?? -1) >= 0) continue;
    for (const top of options[member] ?? []) if (isAbove(top)) return true;
  }
  return false;
}
