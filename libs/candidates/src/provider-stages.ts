import { EXAMPLES, type NearestProvider, type ProviderCondition, type ProviderStage } from './explanation.js';
import { fittingRecord, recordOf } from './inventory-table.js';
import { misfitOf, nearestAmount } from './nearest-amount.js';
import { inventoriesAt, providerAt } from './snapshot-views.js';
import type { Snapshot } from './snapshot.js';

/** Obstacle of a provider that more than one keeps out. */
export const SEVERAL = 0xffff;

/**
 * Holds one choice's conditions against the providers, one condition after the other, and keeps per provider what keeps it out:
 * 0 for nothing, the number of the one obstacle, or `SEVERAL`. Who has only one obstacle is who a relaxation could win.
 *
 * Hot: works in whole passes over typed arrays, a condition at a time.
 */
export class Sieve {
  readonly obstacles: Uint16Array;
  readonly stages: ProviderStage[] = [];
  remaining: number;

  /** `scope`, ascending, lists who is looked at one by one. All others are known to lack the inventory. */
  constructor(
    private readonly snapshot: Snapshot,
    readonly scope: Int32Array,
  ) {
    this.remaining = snapshot.layout.providers.length;
    this.obstacles = new Uint16Array(this.remaining);
    if (scope.length === this.remaining) return;
    this.obstacles.fill(SEVERAL);
    for (let at = 0; at < scope.length; at++) this.obstacles[scope[at] ?? 0] = 0;
  }

  /** Keeps the providers from `start` to before `end`: a tree, which comes before anything else. */
  keepRange(start: number, end: number, obstacle: number, condition: ProviderCondition): void {
    const { scope } = this;
    for (let at = 0; at < scope.length; at++) {
      const provider = scope[at] ?? 0;
      if (provider < start || provider >= end) this.obstacles[provider] = obstacle;
    }
    const examples: number[] = [];
    for (let provider = 0; provider < this.remaining && examples.length < EXAMPLES; provider++) {
      if (provider < start || provider >= end) examples.push(provider);
    }
    this.close(condition, this.remaining - (end - start), examples);
  }

  /** Keeps those whose flag is `wanted`. */
  keepFlagged(flags: Uint8Array, wanted: 0 | 1, obstacle: number, condition: ProviderCondition): void {
    const { obstacles, scope } = this;
    const examples: number[] = [];
    let removed = 0;
    for (let at = 0; at < scope.length; at++) {
      const provider = scope[at] ?? 0;
      if (flags[provider] === wanted) continue;
      const before = obstacles[provider];
      if (before === 0) {
        obstacles[provider] = obstacle;
        removed++;
        if (examples.length < EXAMPLES) examples.push(provider);
      } else if (before !== obstacle) {
        obstacles[provider] = SEVERAL;
      }
    }
    this.close(condition, removed, examples);
  }

  /** Keeps those on which the amount fits: three stages, the inventory, its units, its capacity. −1 for a class that does not exist. */
  keepFitting(
    resourceClass: number,
    asked: Asked,
    lacking: number,
    tooMuch: number,
    within: readonly [number, number],
  ) {
    const { obstacles, scope } = this;
    const { inventory } = this.snapshot;
    const { amount } = asked;
    const without = new Tally();
    const misfits = { units: new Tally(), capacity: new Tally() };
    let met = 0;
    for (let at = 0; at < scope.length; at++) {
      const provider = scope[at] ?? 0;
      const before = obstacles[provider] ?? SEVERAL;
      if (before === 0) met++;
      if (before === SEVERAL || fittingRecord(inventory, provider, resourceClass, amount) >= 0) continue;
      const record = recordOf(inventory, provider, resourceClass);
      if (before !== 0) {
        obstacles[provider] = SEVERAL;
      } else if (record < 0) {
        obstacles[provider] = lacking;
        without.add(provider);
      } else {
        obstacles[provider] = tooMuch;
        const possible = nearestAmount(inventory, record, amount);
        misfits[misfitOf(inventory, record, amount)].add(provider, Math.abs(amount - possible));
      }
    }
    const outside = this.remaining - met;
    if (outside > 0) this.addOutsiders(without.examples, within);
    this.close(
      { kind: 'resource_class', resourceClass: asked.resourceClass },
      outside + without.removed,
      without.examples,
    );
    for (const kind of ['units', 'capacity'] as const) {
      const { removed, examples, closest } = misfits[kind];
      const nearest = closest < 0 ? undefined : this.nearestAt(closest, resourceClass, asked);
      this.close({ kind, ...asked }, removed, examples, nearest);
    }
  }

  /** Examples of who is not in the scope: the first such providers of the range. */
  private addOutsiders(examples: number[], [start, end]: readonly [number, number]): void {
    let at = 0;
    for (let provider = start; provider < end && examples.length < EXAMPLES; provider++) {
      while (at < this.scope.length && (this.scope[at] ?? 0) < provider) at++;
      if (this.scope[at] !== provider) examples.push(provider);
    }
  }

  private close(condition: ProviderCondition, removed: number, examples: readonly number[], nearest?: NearestProvider) {
    this.remaining -= removed;
    const uuids = examples.map((index) => providerAt(this.snapshot, index).uuid);
    this.stages.push({ condition, remaining: this.remaining, removed, examples: uuids, nearest });
  }

  private nearestAt(index: number, resourceClass: number, asked: Asked): NearestProvider | undefined {
    const view = inventoriesAt(this.snapshot, index).find((record) => record.resourceClass === asked.resourceClass);
    if (view === undefined) return undefined;
    const { inventory } = this.snapshot;
    const possible = nearestAmount(inventory, recordOf(inventory, index, resourceClass), asked.amount);
    return { uuid: providerAt(this.snapshot, index).uuid, requested: asked.amount, possible, ...view };
  }
}

interface Asked {
  readonly resourceClass: string;
  readonly amount: number;
}

/** Who was removed by one condition. */
class Tally {
  removed = 0;
  readonly examples: number[] = [];
  closest = -1;
  private distance = Infinity;

  add(provider: number, distance = Infinity): void {
    this.removed++;
    if (this.examples.length < EXAMPLES) this.examples.push(provider);
    if (distance >= this.distance) return;
    this.distance = distance;
    this.closest = provider;
  }
}
