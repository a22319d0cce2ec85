import type { CommitFate } from './commit.js';

/** What transactions of one name came to, since the process began. */
export interface TransactionCounts {
  /** Those that ended, well or not. */
  done: number;
  /** Of them, those that threw. */
  failed: number;
  /** Runs that met another writer and were repeated. */
  retried: number;
  /** From the wish for a connection to the end, repetitions included: ms. */
  spentMs: number;
}

/** What became of commits whose answer was lost. */
export type LostCommits = Readonly<Record<CommitFate | 'unknown', number>>;

/** Counts what transactions come to. Names are those in the source, some dozens. */
export class TransactionMeasures {
  readonly lostCommits: Record<CommitFate | 'unknown', number> = { committed: 0, aborted: 0, unknown: 0 };
  private readonly counts = new Map<string, TransactionCounts>();

  /** The counts of a name, to be added to. */
  of(name: string): TransactionCounts {
    const known = this.counts.get(name);
    if (known !== undefined) return known;
    const made = { done: 0, failed: 0, retried: 0, spentMs: 0 };
    this.counts.set(name, made);
    return made;
  }

  byName(): ReadonlyMap<string, Readonly<TransactionCounts>> {
    return this.counts;
  }
}
