import { Conflict, Unavailable, type Fact } from './errors.js';
import { REASONS } from './reasons.js';

/** What an owner may have of a lock, from nothing up. Source: docs/locks/cluster-locks.md. */
export const LOCK_MODES = ['unlock', 'monitor', 'shared', 'exclusive'] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** Whether one owner may have the one while another has the other. */
export const COMPATIBLE: Readonly<Record<LockMode, Readonly<Record<LockMode, boolean>>>> = {
  unlock: { unlock: true, monitor: true, shared: true, exclusive: true },
  monitor: { unlock: true, monitor: true, shared: true, exclusive: true },
  shared: { unlock: true, monitor: true, shared: true, exclusive: false },
  exclusive: { unlock: true, monitor: true, shared: false, exclusive: false },
};

/** Whether who has the one is served by it when it wants the other. */
export const COVERS: Readonly<Record<LockMode, Readonly<Record<LockMode, boolean>>>> = {
  unlock: { unlock: true, monitor: false, shared: false, exclusive: false },
  monitor: { unlock: true, monitor: true, shared: false, exclusive: false },
  shared: { unlock: true, monitor: true, shared: true, exclusive: false },
  exclusive: { unlock: true, monitor: true, shared: true, exclusive: true },
};

/** Whether somebody is kept out by it. */
export function excludes(mode: LockMode): boolean {
  return !COMPATIBLE[mode].exclusive;
}

/** Where a lock is. */
export interface LockOf {
  readonly lockspace: string;
  readonly name: string;
}

/** A lock as a key: locks of two lockspaces never share it, NUL is in no name. */
export function lockKey({ lockspace, name }: LockOf): string {
  return `${lockspace}\0${name}`;
}

/** What an owner has of a lock; times are the database's, in ms since the epoch. */
export interface ClusterHold {
  readonly owner: string;
  readonly mode: LockMode;
  /** Of the grant; rises with each grant of the lock. */
  readonly token: number;
  /** `lastExclusive` of the lock as the owner was last told. */
  readonly seen: number;
  /** What the owner was told at the grant: whether somebody else held it exclusively since `seen` before. */
  readonly changed: boolean;
  /** Kept after a release until somebody else wants it. */
  readonly cached: boolean;
  /** How often it was acquired and not yet released, where that is counted. */
  readonly uses: number;
  readonly sinceMs: number;
  /** Until when the owner may use it. */
  readonly expiresAtMs: number;
  /** Until when it excludes others: with the grace of cached holds. */
  readonly endsAtMs: number;
  /** When its owner was asked to give it back; null: nobody wants it. */
  readonly revokedAtMs: number | null;
  /** The request that waited for it; null: it was granted at once. */
  readonly requestId: number | null;
}

/** A lock as the database has it, with everybody who holds it and those owners that were asked for. */
export interface ClusterLock extends LockOf {
  readonly id: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  readonly draining: boolean;
  /** Token of the newest exclusive hold there was; 0: none. */
  readonly lastExclusive: number;
  readonly owners: ReadonlyMap<string, ClusterHold>;
  /** Whether more stand in line than were read. */
  readonly isLineCut: boolean;
}

export interface LockWant {
  readonly lockId: string;
  readonly mode: LockMode;
  readonly cached: boolean;
  /** The token of the owner's hold that is to become this one. */
  readonly converts: number | null;
}

/** A place in line: for one lock, or for several that are granted together. */
export interface LockRequest {
  /** Rises with the order of arrival. */
  readonly id: number;
  readonly owner: string;
  readonly wants: readonly LockWant[];
  readonly leaseMs: number;
  readonly counted: boolean;
  /** The process whose client waits; null: nobody does, the owner asks for the outcome or follows events. */
  readonly session: string | null;
  readonly deadlineMs: number;
  /** Its process is gone, or its time is over. */
  readonly isDead: boolean;
  /** Whether all that it wants was read. */
  readonly isWhole: boolean;
}

/** What an owner was given of a lock. */
export interface GrantedLock extends LockOf, ClusterHold {
  /** How long the owner may use it, counted from the answer's making. */
  readonly leftMs: number;
}

/** Something that an owner who is not asking should know. */
export interface LockEvent extends LockOf {
  readonly kind: 'grant' | 'revoke' | 'changed' | 'broken';
  readonly owner: string;
  readonly mode: LockMode;
  /** Of the owner's own hold. */
  readonly token: number;
  readonly requestId: number | null;
}

/** Of a lock that many share nobody reads all names. */
const MAX_TOLD = 10;

function timeFact(ms: number): string {
  return new Date(ms).toISOString();
}

function holderFact({ owner, mode, sinceMs, expiresAtMs }: ClusterHold): Fact {
  return { owner, mode, since: timeFact(sinceMs), expires_at: timeFact(expiresAtMs) };
}

/** Who stands in the way: others hold it, or came first. */
export interface LockObstacle extends LockOf {
  readonly mode: LockMode;
  readonly holders: readonly ClusterHold[];
  /** How many are before it in line and do not go together with it. */
  readonly waiting: number;
}

/** The lock could not be had at once, or not in time. */
export class LockHeld extends Conflict {
  constructor(readonly obstacles: readonly LockObstacle[]) {
    const [first] = obstacles;
    const [holder] = first?.holders ?? [];
    const who = holder === undefined ? 'others came first' : `${holder.owner} holds it, ${holder.mode}`;
    super(`Lock '${first?.name ?? ''}' of lockspace '${first?.lockspace ?? ''}' could not be had: ${who}.`, {
      reason: REASONS.lockHeld,
      facts: {
        locks: obstacles.map(({ lockspace, name, mode, holders, waiting }) => ({
          ...{ lockspace, name, mode, waiting },
          holders: holders.slice(0, MAX_TOLD).map(holderFact),
        })),
      },
    });
  }
}

/** The owner has the lock already, and did not name the token to change that. */
export class LockAlreadyHeld extends Conflict {
  constructor({ lockspace, name }: LockOf, { owner, mode, token, changed, expiresAtMs }: ClusterHold) {
    super(
      `${owner} holds lock '${name}' of lockspace '${lockspace}' already, ${mode}. Name its token to renew or convert it; ` +
        'only a handle with use_semaphore may acquire it again.',
      {
        reason: REASONS.lockAlreadyHeld,
        facts: { lockspace, name, owner, mode, token, changed, expires_at: timeFact(expiresAtMs) },
      },
    );
  }
}

/** The token is not that of the owner's hold: it was released, lost or granted anew. */
export class LockTokenStale extends Conflict {
  constructor({ lockspace, name }: LockOf, owner: string, given: number, current: number | null) {
    super(`Token ${given} of lock '${name}' of lockspace '${lockspace}' is not that of a hold of ${owner}.`, {
      reason: REASONS.lockTokenStale,
      facts: { lockspace, name, owner, given_token: given, current_token: current },
    });
  }
}

/** Two who share a lock both want it alone: each would wait for the other to let go. */
export class LockDeadlock extends Conflict {
  constructor({ lockspace, name }: LockOf, other: string) {
    super(
      `${other} waits to convert lock '${name}' of lockspace '${lockspace}', too: release it, and acquire it again.`,
      {
        reason: REASONS.lockDeadlock,
        facts: { lockspace, name, converting: other },
      },
    );
  }
}

/** Nothing new is granted in this lockspace. */
export class LockspaceDraining extends Conflict {
  constructor(lockspace: string) {
    super(`Lockspace '${lockspace}' is draining: what is held may be kept and released, nothing new is granted.`, {
      reason: REASONS.lockspaceDraining,
      facts: { lockspace },
    });
  }
}

/** The request stands in no line any more, and nothing was granted: ask again. */
export class LockPlaceLost extends Unavailable {
  constructor() {
    super('The place in line was lost: the process that kept it was away for too long, or ends. Ask again.', {
      reason: REASONS.lockPlaceLost,
    });
  }
}
