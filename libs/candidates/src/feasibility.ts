import { recordOf } from './inventory-table.js';
import type { Plan } from './plan.js';
import type { Snapshot } from './snapshot.js';

/**
 * Whether the slots could all be served at one anchor, by bounds that are cheap and never too strict: per class, what is asked against
 * what there is room for; and, by a matching, no provider gets more slots than it could hold (one granular group each under isolate). False is certain.
 */
export function mayBeFeasible(snapshot: Snapshot, plan: Plan, options: readonly (readonly number[])[]): boolean {
  if (plan.isolate) {
    const granular = plan.slots.flatMap(({ group }, slot) => (group.granular ? [slot] : []));
    if (!canAssign(granular, options, () => 1)) return false;
  }
  const classes = new Set(plan.slots.flatMap(({ contested }) => contested.map(({ demand }) => demand.resourceClass)));
  for (const resourceClass of classes) {
    const amounts = new Map<number, number>();
    plan.slots.forEach(({ demands }, slot) => {
      for (const demand of demands) if (demand.resourceClass === resourceClass) amounts.set(slot, demand.amount);
    });
    const smallest = Math.min(...amounts.values());
    const slots = [...amounts.keys()];
    const roomOf = (provider: number) =>
      snapshot.inventory.room[recordOf(snapshot.inventory, provider, resourceClass)] ?? 0;
    if (!enoughInTotal(slots, options, amounts, roomOf)) return false;
    if (!canAssign(slots, options, (provider) => Math.floor(roomOf(provider) / smallest))) return false;
  }
  return true;
}

function enoughInTotal(
  slots: readonly number[],
  options: readonly (readonly number[])[],
  amounts: ReadonlyMap<number, number>,
  roomOf: (provider: number) => number,
): boolean {
  let missing = 0;
  for (const amount of amounts.values()) missing += amount;
  const providers = new Set(slots.flatMap((slot) => options[slot] ?? []));
  for (const provider of providers) missing -= roomOf(provider);
  return missing <= 0;
}

/** Whether every slot finds an option when provider p takes at most `placesOf(p)` slots: augmenting paths. */
function canAssign(
  slots: readonly number[],
  options: readonly (readonly number[])[],
  placesOf: (provider: number) => number,
): boolean {
  const guests = new Map<number, number[]>();
  const place = (slot: number, tried: Set<number>): boolean => {
    for (const provider of options[slot] ?? []) {
      if (tried.has(provider)) continue;
      tried.add(provider);
      const here = guests.get(provider) ?? [];
      guests.set(provider, here);
      if (here.length < placesOf(provider)) {
        here.push(slot);
        return true;
      }
      for (let at = 0; at < here.length; at++) {
        if (!place(here[at] ?? -1, tried)) continue;
        here[at] = slot;
        return true;
      }
    }
    return false;
  };
  return slots.every((slot) => place(slot, new Set()));
}
