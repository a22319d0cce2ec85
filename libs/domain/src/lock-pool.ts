import { Conflict, NotFound, Unavailable, type Fact } from './errors.js';
import { REASONS } from './reasons.js';

/** Volumes that are uploaded at once, in the scheme this comes from. */
export const DEFAULT_POOL_CAPACITY = 5;

/** More at once is not a bound any more. */
export const MAX_POOL_CAPACITY = 1_000;

/** Each decision reads them all: some milliseconds with so many. */
export const MAX_POOL_REQUESTS = 5_000;

/**
 * Who waited may be gone when the permit comes, and its server with it: it is theirs for so long, and from when they have it
 * for its whole lease: ms. Who waits is forgotten after as long without a sign of life.
 */
export const WAITER_LEASE_MS = 15_000;

/** Somebody who wants a key of a pool, or has it. */
export interface PoolRequest {
  /** Rises in the order in which they came. */
  readonly id: number;
  readonly key: string;
  readonly owner: string;
  /** How long a permit lasts from when it is given or renewed: ms; null: until it is released. */
  readonly leaseMs: number | null;
  /** Since when it has its permit: ms since the epoch; null: it waits. */
  readonly grantedMs: number | null;
  /** When it is forgotten unless it says something, as waiter or as holder: ms since the epoch; null: never. */
  readonly expiresMs: number | null;
}

/** A pool, and all that want something of it in the order in which they came. */
export interface PoolState<Request extends PoolRequest = PoolRequest> {
  readonly capacity: number;
  readonly requests: readonly Request[];
}

export type PoolOperation =
  /** Comes into line. A permit that can be had is had at once. */
  | { readonly kind: 'ask'; readonly request: Omit<PoolRequest, 'grantedMs'> }
  /** A holder's lease begins anew. */
  | { readonly kind: 'renew'; readonly id: number; readonly owner: string; readonly leaseMs: number | null }
  /** A holder gives back, or somebody who waits goes. `owner`: left out by who knows that it is his. */
  | { readonly kind: 'leave'; readonly id: number; readonly owner?: string | undefined }
  | { readonly kind: 'resize'; readonly capacity: number }
  /** Nothing but the time has passed. */
  | { readonly kind: 'look' };

export interface PoolDecision {
  readonly state: PoolState;
  /** Whether who is meant was there and, for a renewal, a holder. */
  readonly found: boolean;
  /** Permits given, in the order in which they were. */
  readonly granted: readonly PoolRequest[];
  /** Permits renewed. */
  readonly renewed: readonly PoolRequest[];
  /** Who left: of their own will, or because their time was over. */
  readonly gone: readonly PoolRequest[];
  readonly expired: readonly PoolRequest[];
}

/**
 * What becomes of a pool by one operation at `nowMs`. First whoever is over his time goes, then the operation is done, then
 * permits are given: to each, in the order in which they came, whose key nobody holds, as long as fewer than `capacity`
 * keys are held. So nobody who could have a permit waits, and who waits for a held key takes no room. A capacity that sinks
 * takes no permit away. Source: docs/locks/lock-pools.md.
 */
export function decidePool(state: PoolState, operation: PoolOperation, nowMs: number): PoolDecision {
  const isOver = ({ expiresMs }: PoolRequest): boolean => expiresMs !== null && expiresMs <= nowMs;
  const expired = state.requests.filter(isOver);
  const present = expired.length === 0 ? state.requests : state.requests.filter((one) => !isOver(one));
  const done = carryOut({ ...state, requests: present }, operation, nowMs);
  const asked = operation.kind === 'ask' ? operation.request.id : undefined;
  const { requests, granted } = give(done.state, nowMs, asked);
  return { ...done, state: { capacity: done.state.capacity, requests }, granted, expired };
}

type Done = Pick<PoolDecision, 'state' | 'found' | 'renewed' | 'gone'>;

function carryOut(state: PoolState, operation: PoolOperation, nowMs: number): Done {
  const nothing = { state, found: true, renewed: [], gone: [] };
  switch (operation.kind) {
    case 'look':
      return nothing;
    case 'resize':
      return { ...nothing, state: { ...state, capacity: operation.capacity } };
    case 'ask': {
      const request = { ...operation.request, grantedMs: null };
      return { ...nothing, state: { ...state, requests: [...state.requests, request] } };
    }
    case 'renew': {
      const { id, owner, leaseMs } = operation;
      const held = state.requests.find((one) => one.id === id && one.owner === owner && one.grantedMs !== null);
      if (held === undefined) return { ...nothing, found: false };
      const renewed = { ...held, leaseMs, expiresMs: endOf(leaseMs, nowMs) };
      const requests = state.requests.map((one) => (one === held ? renewed : one));
      return { ...nothing, state: { ...state, requests }, renewed: [renewed] };
    }
    case 'leave': {
      const { id, owner } = operation;
      const leaving = state.requests.find((one) => one.id === id && (owner === undefined || one.owner === owner));
      if (leaving === undefined) return { ...nothing, found: false };
      return {
        ...nothing,
        state: { ...state, requests: state.requests.filter((one) => one !== leaving) },
        gone: [leaving],
      };
    }
  }
}

/** `asked`: who comes now, and has his permit as soon as it is given. */
function give(
  { capacity, requests }: PoolState,
  nowMs: number,
  asked: number | undefined,
): Pick<PoolDecision, 'granted'> & PoolState {
  const held = new Set(requests.filter(({ grantedMs }) => grantedMs !== null).map(({ key }) => key));
  if (held.size >= capacity || held.size === requests.length) return { capacity, requests, granted: [] };
  const granted: PoolRequest[] = [];
  const after = requests.map((one) => {
    if (one.grantedMs !== null || held.size >= capacity || held.has(one.key)) return one;
    held.add(one.key);
    const atFirstMs = one.leaseMs === null || one.id === asked ? one.leaseMs : Math.min(one.leaseMs, WAITER_LEASE_MS);
    const permit = { ...one, grantedMs: nowMs, expiresMs: endOf(atFirstMs, nowMs) };
    granted.push(permit);
    return permit;
  });
  return { capacity, requests: after, granted };
}

function endOf(leaseMs: number | null, nowMs: number): number | null {
  return leaseMs === null ? null : nowMs + leaseMs;
}

/** Who stands in the way of a request: the holder of its key, or the full pool. */
export function obstacleOf({ capacity, requests }: PoolState, key: string): { readonly [name: string]: Fact } {
  const holder = requests.find((one) => one.key === key && one.grantedMs !== null);
  const active = requests.filter(({ grantedMs }) => grantedMs !== null).length;
  return {
    capacity,
    active,
    waiting: requests.length - active,
    holder:
      holder === undefined
        ? null
        : { owner: holder.owner, since: timeText(holder.grantedMs), expires_at: timeText(holder.expiresMs) },
  };
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** There is no pool of that name. */
export class LockPoolNotFound extends NotFound {
  constructor(pool: string) {
    super(`No lock pool ${JSON.stringify(pool)}; PUT /lock_pools/{pool} makes one.`, {
      reason: REASONS.lockPoolNotFound,
      facts: { lock_pool: pool },
    });
  }
}

/** A pool in which somebody holds or awaits a permit was to go. */
export class LockPoolInUse extends Conflict {
  constructor(pool: string, facts: { readonly [name: string]: Fact }) {
    super(`Somebody holds or awaits a permit of lock pool ${JSON.stringify(pool)}.`, {
      reason: REASONS.lockPoolInUse,
      facts: { lock_pool: pool, ...facts },
    });
  }
}

/** The permit was not to be had within the time that its taker would wait. */
export class LockPoolBusy extends Conflict {
  constructor(pool: string, key: string, facts: { readonly [name: string]: Fact }) {
    super(`No permit for ${JSON.stringify(key)} of lock pool ${JSON.stringify(pool)} within the time given.`, {
      reason: REASONS.lockPoolBusy,
      facts: { lock_pool: pool, key, ...facts },
    });
  }
}

/** Nobody of that name holds this permit: it was released, or its lease is over. */
export class PermitNotFound extends NotFound {
  constructor(pool: string, token: number) {
    super(`No permit ${token} of lock pool ${JSON.stringify(pool)}: it was released, or its lease is over.`, {
      reason: REASONS.permitNotFound,
      facts: { lock_pool: pool, token },
    });
  }
}

/** More want something of a pool than can be kept in line, or be decided about in time. */
export class LockPoolOverloaded extends Unavailable {
  constructor(pool: string) {
    super(`Too many want something of lock pool ${JSON.stringify(pool)}: try again later.`, {
      reason: REASONS.overloaded,
      facts: { lock_pool: pool },
    });
  }
}
