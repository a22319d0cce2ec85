import { hasIndex } from './index-set.js';
import { mayTake, type PartialChoice } from './combination.js';
import { DeadEnds } from './dead-ends.js';
import { mayBeFeasible } from './feasibility.js';
import { listOptions } from './options.js';
import { shuffle } from './permutation.js';
import type { Plan } from './plan.js';
import type { Snapshot } from './snapshot.js';
import { TraitCoverage } from './trait-coverage.js';

/** Refusals without any answer after which the bounds of `mayBeFeasible` are worth their price. */
const PATIENCE = 64;

/**
 * Enumerates the candidates of one anchor, one at a time: a depth-first walk over the slots, those with fewest options first, that gives up every partial
 * choice which breaks a rule. It can be left and continued, and used again for another anchor.
 */
export class Combiner implements PartialChoice {
  readonly chosen: Int32Array;
  readonly options: readonly number[][];
  private readonly position: Int32Array;
  private readonly order: number[];
  private readonly foundAtEntry: number[];
  private readonly coverage: TraitCoverage | undefined;
  private readonly positionOf = (slot: number): number => this.position[slot] ?? -1;
  private deadEnds: DeadEnds | undefined;
  private started = false;
  private found = 0;
  private refused = 0;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly plan: Plan,
    private readonly random: (() => number) | undefined,
  ) {
    const count = plan.slots.length;
    this.chosen = new Int32Array(count);
    this.position = new Int32Array(count);
    this.options = plan.slots.map(() => []);
    this.order = plan.slots.map((_, slot) => slot);
    this.foundAtEntry = plan.slots.map(() => 0);
    const collective = plan.groups.findIndex(({ granular, required }) => !granular && required.length > 0);
    this.coverage = collective < 0 ? undefined : new TraitCoverage(plan, collective);
  }

  /** Turns to an anchor; false if some slot has no option there or the required traits are out of reach. */
  reset(anchor: number): boolean {
    const { slots } = this.plan;
    for (let slot = 0; slot < slots.length; slot++) {
      const options = this.options[slot];
      const choice = slots[slot];
      if (options === undefined || choice === undefined) return false;
      listOptions(this.snapshot, choice, anchor, options);
      if (options.length === 0) return false;
      if (this.random !== undefined) shuffle(options, this.random);
      this.chosen[slot] = -1;
      this.position[slot] = -1;
    }
    this.started = false;
    this.found = 0;
    this.refused = 0;
    this.deadEnds = undefined;
    this.sortSlots();
    return this.coverage === undefined || this.coverage.reset(this.options);
  }

  /** Moves to the next combination, left in `chosen`; false after the last, and then not to be called until the next `reset`. */
  next(): boolean {
    const { order } = this;
    const last = order.length - 1;
    let depth = this.started ? last : 0;
    if (last < 0) depth = this.started ? -1 : 0;
    this.started = true;
    if (last < 0) return depth === 0;
    while (depth >= 0) {
      if (this.advance(order[depth] ?? 0)) {
        if (depth === last) {
          this.found++;
          return true;
        }
        if (this.deadEnds?.has(order.slice(depth + 1)) === true) continue;
        this.foundAtEntry[++depth] = this.found;
      } else {
        if (this.abandon(depth)) return false;
        depth--;
      }
    }
    return false;
  }

  /** Whether a further `next` could find anything: false is certain. */
  mayHaveMore(): boolean {
    for (let slot = 0; slot < this.options.length; slot++) {
      if ((this.position[slot] ?? 0) + 1 < (this.options[slot]?.length ?? 0)) return true;
    }
    return false;
  }

  /** Whether only sharing providers serve the present combination: the one kind that other anchors may yield as well. */
  isAllShared(): boolean {
    const { sharing } = this.snapshot.sharing;
    if (sharing.members.length === 0) return this.chosen.length === 0;
    return this.chosen.every((provider) => hasIndex(sharing, provider));
  }

  /** Steps the slot to its next acceptable option; false, and open again, if there is none. */
  private advance(slot: number): boolean {
    const options = this.options[slot] ?? [];
    this.chosen[slot] = -1;
    for (let at = (this.position[slot] ?? -1) + 1; at < options.length; at++) {
      const provider = options[at] ?? -1;
      this.position[slot] = at;
      if (mayTake(this.snapshot, this.plan, this, slot, provider) && this.isCoverable(slot)) {
        this.chosen[slot] = provider;
        return true;
      }
      this.refused++;
    }
    this.position[slot] = -1;
    return false;
  }

  private isCoverable(slot: number): boolean {
    if (this.coverage === undefined || this.plan.slots[slot]?.group.granular === true) return true;
    return this.coverage.coverable(this.positionOf);
  }

  /** Notes a dead end when all options at this depth led nowhere; true if the whole anchor turns out to. */
  private abandon(depth: number): boolean {
    if (this.plan.slots.length < 3 || depth === 0 || this.foundAtEntry[depth] !== this.found) return false;
    if (this.found === 0 && this.refused > PATIENCE && this.deadEnds === undefined) {
      if (!mayBeFeasible(this.snapshot, this.plan, this.options)) return true;
    }
    // With one provider per tree the choice narrows so fast that remembering costs more than trying.
    if (this.plan.oneProviderPerTree || this.refused <= PATIENCE) return false;
    const coverage = this.coverage && { traits: this.coverage, positionOf: this.positionOf };
    this.deadEnds ??= new DeadEnds(this.snapshot, this.plan, this, coverage);
    this.deadEnds.add(this.order.slice(depth));
    return false;
  }

  /**
   * Insertion sort by number of options: a handful of slots, mostly in order already. Equal ones go by their number: what was looked at
   * before, without a result perhaps, must not show in the order of candidates.
   */
  private sortSlots(): void {
    const { order, options } = this;
    const size = (slot: number) => options[slot]?.length ?? 0;
    const compare = (one: number, other: number) => size(one) - size(other) || one - other;
    for (let at = 1; at < order.length; at++) {
      const slot = order[at] ?? 0;
      let before = at - 1;
      for (; before >= 0 && compare(order[before] ?? 0, slot) > 0; before--) order[before + 1] = order[before] ?? 0;
      order[before + 1] = slot;
    }
  }
}
