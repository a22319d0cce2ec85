import { inAny } from './index-set.js';
import type { Plan } from './plan.js';

/** Bits that an int32 mask holds without touching its sign. */
const WORD_BITS = 31;

/**
 * The required traits of the unsuffixed group, which its providers meet together: each option knows as a bit mask which required sets
 * it meets, and a partial choice is given up as soon as the open slots can't meet the rest. Source: spec allocation_candidates.md §6.
 */
export class TraitCoverage {
  private readonly slots: readonly number[];
  private readonly required: Plan['groups'][number]['required'];
  private readonly full: readonly number[];
  private readonly masks: number[][] = [];
  private readonly reach: number[][] = [];

  /** `group` is the index of the unsuffixed group in the plan. */
  constructor(plan: Plan, group: number) {
    this.slots = plan.slotsOfGroup[group] ?? [];
    this.required = plan.groups[group]?.required ?? [];
    const words = Math.ceil(this.required.length / WORD_BITS);
    this.full = Array.from({ length: words }, (_, word) => {
      const bits = Math.min(WORD_BITS, this.required.length - word * WORD_BITS);
      return 2 ** bits - 1;
    });
  }

  /** Takes the options of a new anchor; false if even all of them together miss a required set. */
  reset(options: readonly (readonly number[])[]): boolean {
    const words = this.full.length;
    for (const slot of this.slots) {
      const masks = (this.masks[slot] ??= []);
      const reach = (this.reach[slot] ??= []);
      reach.length = 0;
      masks.length = 0;
      for (let word = 0; word < words; word++) reach.push(0);
      for (const provider of options[slot] ?? []) {
        for (let word = 0; word < words; word++) {
          const mask = this.maskOf(provider, word);
          masks.push(mask);
          reach[word] = (reach[word] ?? 0) | mask;
        }
      }
    }
    return this.coverable(() => -1);
  }

  /** Whether the chosen options (position per slot, −1 for open ones) can still be completed to meet every required set. */
  coverable(positionOf: (slot: number) => number): boolean {
    const words = this.full.length;
    for (let word = 0; word < words; word++) {
      let covered = 0;
      for (const slot of this.slots) {
        const position = positionOf(slot);
        covered |= (position < 0 ? this.reach[slot]?.[word] : this.masks[slot]?.[position * words + word]) ?? 0;
      }
      if (covered !== this.full[word]) return false;
    }
    return true;
  }

  /** Which required sets the chosen slots meet so far, as text: part of the name of a search state. */
  stateOf(positionOf: (slot: number) => number): string {
    const words = this.full.length;
    return this.full
      .map((_, word) =>
        this.slots.reduce((covered, slot) => {
          const position = positionOf(slot);
          return position < 0 ? covered : covered | (this.masks[slot]?.[position * words + word] ?? 0);
        }, 0),
      )
      .join();
  }

  /** Whether any of its slots is among these. */
  concerns(slots: readonly number[]): boolean {
    return slots.some((slot) => this.slots.includes(slot));
  }

  private maskOf(provider: number, word: number): number {
    let mask = 0;
    const from = word * WORD_BITS;
    const end = Math.min(this.required.length, from + WORD_BITS);
    for (let at = from; at < end; at++) {
      if (inAny(this.required[at] ?? [], provider)) mask |= 1 << (at - from);
    }
    return mask;
  }
}
