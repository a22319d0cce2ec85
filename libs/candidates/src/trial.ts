import { Invalid } from '#berth/domain';
import { isWellFormed } from './relaxation.js';
import type { CandidatesRequest, CandidatesResult } from './request.js';
import { searchCandidates } from './search.js';
import type { Snapshot } from './snapshot.js';

/** Tries requests out with the search itself, a bounded number of them: nothing is proposed that was not seen to work. */
export class Trial {
  tried = 0;
  private left = 0;

  constructor(private readonly snapshot: Snapshot) {}

  /** Sets how many more may be tried. */
  allow(most: number): void {
    this.left = most;
  }

  /** Whether nothing more may be tried. */
  isOver(): boolean {
    return this.left <= 0;
  }

  /** Whether a client could send the request and would get a candidate; false, too, when nothing more may be tried. */
  gives(request: CandidatesRequest): boolean {
    if (this.left <= 0 || !isWellFormed(request)) return false;
    this.left--;
    this.tried++;
    try {
      return firstOf(this.snapshot, request).candidates.length > 0;
    } catch (error) {
      // A name that the request got away with as long as an earlier group left nothing.
      if (error instanceof Invalid) return false;
      throw error;
    }
  }
}

/** The first candidate. Throws as `searchCandidates` does. */
export function firstOf(snapshot: Snapshot, request: CandidatesRequest): CandidatesResult {
  return searchCandidates(snapshot, { ...request, limit: 1, maxCandidates: undefined, randomize: false }, noRandom);
}

function noRandom(): number {
  throw new Error('nothing is randomised');
}
