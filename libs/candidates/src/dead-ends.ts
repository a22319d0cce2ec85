import { isTaken, type PartialChoice } from './combination.js';
import { recordOf } from './inventory-table.js';
import type { Plan } from './plan.js';
import type { Snapshot } from './snapshot.js';
import type { TraitCoverage } from './trait-coverage.js';

/** Most states remembered per anchor, some 10 MB; when full it starts over, which costs time but never an answer. */
const REMEMBERED_STATES = 50_000;

/**
 * Remembers partial choices that have no completion, under a name that tells only what matters to the open slots: how much room
 * is left where, and who is taken. Interchangeable providers get interchangeable names, so that of all ways to
 * spread 16 devices over 16 equal children one is tried and the others are known.
 */
export class DeadEnds {
  private readonly known = new Set<string>();
  private readonly universe: readonly number[];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly plan: Plan,
    private readonly choice: PartialChoice,
    private readonly coverage:
      { readonly traits: TraitCoverage; readonly positionOf: (slot: number) => number } | undefined,
  ) {
    this.universe = [...new Set(choice.options.flat())].sort((a, b) => a - b);
  }

  /** Whether the present partial choice, with these slots open, is known to lead nowhere. */
  has(open: readonly number[]): boolean {
    return this.known.size > 0 && this.known.has(this.nameOf(open));
  }

  /** Notes that the present partial choice, with these slots open, leads nowhere. */
  add(open: readonly number[]): void {
    if (this.known.size >= REMEMBERED_STATES) this.known.clear();
    this.known.add(this.nameOf(open));
  }

  private nameOf(open: readonly number[]): string {
    const { plan, choice } = this;
    const needed = neededBy(plan, open);
    // Where position in the tree or own traits matter to the rest, providers are not interchangeable.
    let prefix = `${open.length};`;
    let identified = false;
    for (const members of plan.subtrees) {
      if (!members.some((slot) => open.includes(slot))) continue;
      identified = true;
      prefix += `${members.map((slot) => choice.chosen[slot] ?? -1).join()};`;
    }
    if (this.coverage?.traits.concerns(open) === true) {
      identified = true;
      prefix += `${this.coverage.traits.stateOf(this.coverage.positionOf)};`;
    }
    const names = this.universe.map((provider) => {
      const state = this.stateOf(provider, open, needed);
      return identified ? `${provider}:${state}` : state;
    });
    return prefix + (identified ? names : names.sort()).join(';');
  }

  private stateOf(provider: number, open: readonly number[], needed: ReadonlyMap<number, number>): string {
    const { plan, choice, snapshot } = this;
    const serves = open.filter((slot) => choice.options[slot]?.includes(provider) === true);
    if (serves.length === 0) return '';
    let state = serves.join();
    if (plan.isolate && isTaken(plan, choice.chosen, provider)) state += '!';
    for (const [resourceClass, amount] of needed) {
      const record = recordOf(snapshot.inventory, provider, resourceClass);
      if (record < 0) continue;
      // More room than all open slots together ask for is as good as endless.
      const left = (snapshot.inventory.room[record] ?? 0) - givenTo(plan, choice.chosen, provider, resourceClass);
      state += `,${resourceClass}=${Math.min(left, amount)}`;
    }
    return state;
  }
}

function neededBy(plan: Plan, open: readonly number[]): ReadonlyMap<number, number> {
  const needed = new Map<number, number>();
  for (const slot of open) {
    for (const { resourceClass, amount } of plan.slots[slot]?.demands ?? []) {
      needed.set(resourceClass, (needed.get(resourceClass) ?? 0) + amount);
    }
  }
  return needed;
}

function givenTo(plan: Plan, chosen: Int32Array, provider: number, resourceClass: number): number {
  let given = 0;
  plan.slots.forEach(({ demands }, slot) => {
    if (chosen[slot] !== provider) return;
    for (const demand of demands) if (demand.resourceClass === resourceClass) given += demand.amount;
  });
  return given;
}
