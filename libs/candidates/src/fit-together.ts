import type { Overlay } from './overlay.js';
import type { Candidate } from './request.js';

/** Most looks at a candidate while it is found out whether so many fit: some 10 to 50 ms. Beyond that the answer is "not proven". */
const MAX_LOOKS = 20_000;

export type Fit =
  | { readonly status: 'fits'; readonly chosen: readonly number[] }
  /** `proven`: no choice of the candidates is large enough; otherwise the search for one was given up. */
  | { readonly status: 'does_not_fit'; readonly proven: boolean };

/**
 * Chooses `count` of the candidates, each as often as it has room on top of the overlay, so that all fit together; answers
 * their indexes. Earlier candidates are taken first and as often as possible. What it took is given back to the overlay.
 *
 * Taking one after the other whatever still fits finds an answer wherever candidates don't compete for one provider;
 * where they do, in a tree or on shared storage, this takes back what was a bad choice. Bounded by `MAX_LOOKS`.
 */
export function fitTogether(overlay: Overlay, candidates: readonly Candidate[], count: number): Fit {
  if (leftForAll(overlay, candidates) < count) return { status: 'does_not_fit', proven: true };
  const walk = new Walk(overlay, candidates);
  if (walk.place(0, count)) return { status: 'fits', chosen: walk.chosen };
  return { status: 'does_not_fit', proven: walk.looks <= MAX_LOOKS };
}

/**
 * How many there is enough of every class for, if it could be put together as one liked. Candidates of one request ask for the same
 * amount of each class, whoever gives it.
 */
function leftForAll(overlay: Overlay, candidates: readonly Candidate[]): number {
  const asked = new Map<number, number>();
  for (const { resourceClass, amount } of candidates[0]?.allocations ?? []) {
    asked.set(resourceClass, (asked.get(resourceClass) ?? 0) + amount);
  }
  const left = new Map<number, number>();
  const seen = new Set<string>();
  for (const { provider, resourceClass } of candidates.flatMap(({ allocations }) => allocations)) {
    const key = `${provider} ${resourceClass}`;
    if (seen.has(key)) continue;
    seen.add(key);
    left.set(resourceClass, (left.get(resourceClass) ?? 0) + (overlay.leftOf(provider, resourceClass)?.left ?? 0));
  }
  return Math.min(...[...asked].map(([resourceClass, amount]) => (left.get(resourceClass) ?? 0) / amount));
}

class Walk {
  chosen: number[] = [];
  looks = 0;

  constructor(
    private readonly overlay: Overlay,
    private readonly candidates: readonly Candidate[],
  ) {}

  /** Places `left` more among the candidates from `from` on. No deeper than there are instances: each level places some. */
  place(from: number, left: number): boolean {
    if (left === 0) return true;
    if (!this.couldHold(from, left)) return false;
    for (let at = from; at < this.candidates.length && this.looks <= MAX_LOOKS; at++) {
      for (let times = this.roomAt(at, left); times > 0 && this.looks <= MAX_LOOKS; times--) {
        if (this.placeAt(at, times, left)) return true;
      }
    }
    return false;
  }

  private placeAt(at: number, times: number, left: number): boolean {
    const candidate = this.candidates[at];
    if (candidate === undefined) return false;
    const before = this.chosen.length;
    this.overlay.take(candidate, times);
    for (let time = 0; time < times; time++) this.chosen.push(at);
    const placed = this.place(at + 1, left - times);
    this.overlay.take(candidate, -times);
    if (!placed) this.chosen.length = before;
    return placed;
  }

  /** Whether the rooms of the candidates, as if none was in another's way, add up to enough. */
  private couldHold(from: number, left: number): boolean {
    let room = 0;
    for (let at = from; at < this.candidates.length && room < left; at++) room += this.roomAt(at, left);
    return room >= left;
  }

  private roomAt(at: number, most: number): number {
    this.looks += 1;
    const candidate = this.candidates[at];
    return candidate === undefined ? 0 : this.overlay.roomFor(candidate, most);
  }
}
