import { fitTogether } from './fit-together.js';
import { Overlay } from './overlay.js';
import { rate, weightsOf, type Preference, type Weights } from './preference.js';
import type { Candidate, CandidatesRequest } from './request.js';
import { searchCandidates } from './search.js';
import type { Snapshot } from './snapshot.js';

/** What is to be chosen: `count` times something that serves the request, all of it at the same time. */
export interface Wish {
  readonly request: CandidatesRequest;
  readonly count: number;
  readonly preference: Preference;
  /** How many more candidates are wanted, in case that somebody else is faster. */
  readonly spare: number;
  /** The choice begins anywhere among so many of the best; 1 begins with the best. More keeps those who choose at once apart. */
  readonly scatter: number;
}

export type Choice =
  | {
      readonly status: 'chosen';
      /** What was chosen, each once, and behind it the spare ones in order of preference. */
      readonly candidates: readonly Candidate[];
      /** For each of `count` the index of its candidate. */
      readonly chosen: readonly number[];
    }
  /** `most` of them fit together, at least; `proven`: no choice at all is large enough. */
  | { readonly status: 'no_room'; readonly most: number; readonly proven: boolean };

/**
 * Candidates among which one is chosen by what would be left of them: a random sample, or the first ones for `pack`. In 19 of 20
 * cases the best of 64 is among the best 5 % of any fleet; 500 would be among the best 0.6 %, for 1.5 ms instead of 0.2.
 * `pack` fills the front of the fleet instead, whatever is behind: a sample would keep many more hosts half full.
 */
export const RATED = 64;

/** Candidates that are looked at before several are told not to fit together: more than that don't prove much more. */
const LAST_SURVEY = 5_000;

/**
 * Chooses by preference among what a search finds in the snapshot. What one takes is not there for the next, so all that is
 * chosen fits together. Ratings of the same height leave the order of the search. Pure apart from `random`, which answers in [0, 1).
 * Throws `Invalid` for unknown names, as `searchCandidates` does.
 */
export function chooseCandidates(snapshot: Snapshot, wish: Wish, random: () => number): Choice {
  const { request, preference, count, spare, scatter } = wish;
  const weights = weightsOf(snapshot, request, preference);
  const limit = Math.max(count + spare, weights === undefined ? 1 : RATED, scatter);
  const randomize = request.randomize || (preference !== 'first' && preference !== 'pack');
  const { candidates } = searchCandidates(snapshot, { ...request, limit, randomize }, random);
  if (candidates.length === 0) return { status: 'no_room', most: 0, proven: true };
  const picker = new Picker(snapshot, candidates, wish, weights, random);
  const chosen = picker.pick();
  if (chosen.length === count) return picker.choice(chosen);
  return lastResort(snapshot, wish, limit, chosen.length);
}

/** One by one, preference leads astray where candidates compete; what matters now is that they fit at all. */
function lastResort(snapshot: Snapshot, { request, count }: Wish, limit: number, most: number): Choice {
  const search = { ...request, limit: Math.max(limit, LAST_SURVEY), randomize: false };
  const { candidates } = searchCandidates(snapshot, search, () => 0);
  const fit = fitTogether(new Overlay(snapshot), candidates, count);
  if (fit.status === 'fits') {
    const used = [...new Set(fit.chosen)];
    return {
      status: 'chosen',
      candidates: used.flatMap((at) => candidates[at] ?? []),
      chosen: fit.chosen.map((at) => used.indexOf(at)),
    };
  }
  const isWhole = candidates.length < Math.min(search.limit, Math.max(1, request.maxCandidates ?? Infinity));
  return { status: 'no_room', most, proven: fit.proven && isWhole };
}

/** Picks one candidate after the other, in order of preference, each on top of what was picked before. */
class Picker {
  private readonly overlay: Overlay;
  /** Indexes of the candidates, the best first. */
  private readonly ranked: readonly number[];
  /** Where in it the last one was found. */
  private last = 0;

  constructor(
    snapshot: Snapshot,
    private readonly candidates: readonly Candidate[],
    private readonly wish: Wish,
    private readonly weights: Weights | undefined,
    private readonly random: () => number,
  ) {
    this.overlay = new Overlay(snapshot);
    this.ranked = this.rank();
  }

  /** Indexes of as many as fit, `count` at most. */
  pick(): number[] {
    const picked: number[] = [];
    for (let time = 0; time < this.wish.count; time++) {
      const at = this.next(time);
      const candidate = at === undefined ? undefined : this.candidates[at];
      if (at === undefined || candidate === undefined) break;
      this.overlay.take(candidate, 1);
      picked.push(at);
    }
    return picked;
  }

  choice(picked: readonly number[]): Choice {
    const used = [...new Set(picked)];
    const { ranked, last } = this;
    for (let step = 1; step < ranked.length && used.length < new Set(picked).size + this.wish.spare; step++) {
      const at = ranked[(last + step) % ranked.length] ?? 0;
      if (!used.includes(at)) used.push(at);
    }
    return {
      status: 'chosen',
      candidates: used.flatMap((at) => this.candidates[at] ?? []),
      chosen: picked.map((at) => used.indexOf(at)),
    };
  }

  private next(time: number): number | undefined {
    const { preference, scatter } = this.wish;
    const window = preference === 'random' ? this.ranked.length : Math.min(scatter, this.ranked.length);
    if (window > 1) return this.firstFrom(Math.floor(this.random() * window));
    // The first was ranked on nothing but the snapshot, and every candidate fits once.
    return this.weights === undefined || time === 0 ? this.firstFrom(0) : this.best(this.weights);
  }

  private firstFrom(start: number): number | undefined {
    const { ranked } = this;
    for (let step = 0; step < ranked.length; step++) {
      const place = (start + step) % ranked.length;
      const at = ranked[place] ?? 0;
      if (!this.fits(at)) continue;
      this.last = place;
      return at;
    }
    return undefined;
  }

  private best(weights: Weights): number | undefined {
    let [found, highest]: [number | undefined, number] = [undefined, -Infinity];
    for (const at of this.ranked) {
      const candidate = this.candidates[at];
      if (candidate === undefined || !this.fits(at)) continue;
      const rating = rate(candidate, weights, this.overlay);
      if (rating > highest) [found, highest] = [at, rating];
    }
    return found;
  }

  private fits(at: number): boolean {
    const candidate = this.candidates[at];
    return candidate !== undefined && this.overlay.roomFor(candidate, 1) === 1;
  }

  private rank(): readonly number[] {
    const indexes = [...this.candidates.keys()];
    const { weights } = this;
    if (weights === undefined) return indexes;
    const ratings = this.candidates.map((candidate) => rate(candidate, weights, this.overlay));
    return indexes.sort((a, b) => (ratings[b] ?? 0) - (ratings[a] ?? 0));
  }
}
