/** What a client has of a lock. */
export type HeldMode = 'monitor' | 'shared' | 'exclusive';

/**
 * An operation of a client, by the monotonic clock of the one process in which all of them live: ms. `answeredAt` undefined:
 * no answer came, so it may have taken effect, may do so much later (a server that was paused goes on), or never.
 */
export interface Timed {
  readonly invokedAt: number;
  readonly answeredAt?: number | undefined;
}

/**
 * A client was told that it holds a lock: by a grant, a renewal, or an answer that says what it has. The runs that are judged
 * renew for as long as before or longer: what was told once holds until the hold is ended.
 */
export interface Held extends Timed {
  readonly answeredAt: number;
  readonly lock: string;
  readonly owner: string;
  readonly mode: HeldMode;
  readonly token: number;
  /** The database's clock, ms since the epoch: when it was granted, and until when it keeps others out at least. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** So long it lasts at least, counted from the invocation: what a client may rely on. */
  readonly leaseMs: number;
  /** Answer to the operation that made the hold: what it said about `changed`, if anything. */
  readonly fresh?: { readonly changed?: boolean } | undefined;
}

/** A monitor asked whether somebody had the lock. Without an answer it may have been told. */
export interface Looked extends Timed {
  readonly lock: string;
  readonly owner: string;
  readonly token: number;
  readonly changed?: boolean | undefined;
}

/**
 * Something that may end a hold from its invocation on: a release, a conversion, a break. Those that were answered with
 * "it ended nothing" are left out.
 */
export interface Ending extends Timed {
  readonly lock: string;
  /** undefined: whoever holds it. */
  readonly owner?: string | undefined;
  /** undefined: whatever the owner has. */
  readonly token?: number | undefined;
  /** The answer: this operation, and no other, released the hold. */
  readonly released?: true | undefined;
}

/** A write that carried a fence; those without an answer say nothing. */
export interface FencedWrite extends Timed {
  readonly answeredAt: number;
  readonly lock: string;
  readonly token: number;
  readonly accepted: boolean;
}

/** A grant as the database wrote it, whether or not a client was ever told. */
export interface Recorded {
  readonly lock: string;
  readonly owner: string;
  /** undefined: it was granted and ended in one transaction, and nobody wrote down how. */
  readonly mode: HeldMode | undefined;
  readonly token: number;
  readonly sinceMs: number;
  /** The place in line; null: it was granted without waiting. */
  readonly requestId: number | null;
  /** The owner had the lock shared or exclusive before. */
  readonly converted: boolean;
}

/** All that is known about a run. */
export interface History {
  readonly held: readonly Held[];
  readonly looked: readonly Looked[];
  readonly endings: readonly Ending[];
  readonly writes: readonly FencedWrite[];
  readonly record: readonly Recorded[];
}

export const RULES = [
  'exclusion',
  'tokens',
  'order',
  'changed',
  'release',
  'fence',
  'record',
  'permits',
  'leftovers',
] as const;

export type Rule = (typeof RULES)[number];

export interface Violation {
  readonly rule: Rule;
  /** What happened, with tokens and times. */
  readonly message: string;
}

/** Whether two owners may have a lock in these modes at one time. Written here once more: the checker trusts nobody. */
export function areCompatible(one: HeldMode, other: HeldMode): boolean {
  if (one === 'monitor' || other === 'monitor') return true;
  return one === 'shared' && other === 'shared';
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
