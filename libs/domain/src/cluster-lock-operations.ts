import {
  COVERS,
  excludes,
  LockAlreadyHeld,
  LockDeadlock,
  LockHeld,
  LockspaceDraining,
  LockTokenStale,
  type ClusterHold,
  type GrantedLock,
  type LockMode,
  type LockRequest,
} from './cluster-lock.js';
import type { LockTable, OpenLock } from './cluster-lock-table.js';

/** What an owner asks for: one lock, or several that are granted together. */
export interface AcquireLocks {
  readonly owner: string;
  /** Each lock once. */
  readonly wants: readonly { readonly lockId: string; readonly mode: LockMode }[];
  /** Of the owner's hold that is to be renewed or converted; undefined: there is none. One lock only. */
  readonly token?: number | undefined;
  /** undefined: as the lockspace has it. */
  readonly leaseMs?: number | undefined;
  /** How long to stand in line; 0: not at all. */
  readonly waitMs: number;
  readonly session: string | null;
  readonly flags?: HandleFlags | undefined;
}

/** How a handle behaves. Source: docs/locks/cluster-locks.md. */
export interface HandleFlags {
  /** The rows of lock and owner are made with the handle. */
  readonly prealloc: boolean;
  /** Shared holds stay with the owner after their release, until somebody else wants the lock. */
  readonly cacheRead: boolean;
  /** Exclusive ones do. */
  readonly cacheWrite: boolean;
  /** Acquires are counted, and the lock goes with the last release. */
  readonly useSemaphore: boolean;
}

export type AcquireOutcome =
  | { readonly status: 'granted'; readonly locks: readonly GrantedLock[] }
  | { readonly status: 'queued'; readonly request: LockRequest; readonly obstacles: LockHeld };

/** Whatever it is about, one lock of one owner. `token`: of the hold that is meant; undefined: whichever it is. */
export interface HoldOf {
  readonly lockId: string;
  readonly owner: string;
  readonly token?: number | undefined;
}

export interface ReleaseOutcome {
  readonly status: 'released' | 'not_held' | 'counted' | 'cached';
  /** What the owner has now. */
  readonly hold: ClusterHold | undefined;
}

/**
 * Grants what the owner wants, renews or converts what it has, or puts it in line. Throws LockHeld, LockAlreadyHeld,
 * LockTokenStale, LockDeadlock or LockspaceDraining, with nothing changed but that cached holders were asked to let go.
 */
export function acquireLocks(table: LockTable, wish: AcquireLocks): AcquireOutcome {
  const held = wish.wants.flatMap(({ lockId }) => table.holdOf(lockId, wish.owner) ?? []);
  const [want] = wish.wants;
  if (want !== undefined && wish.wants.length === 1) {
    const answered = fromHold(table, table.lock(want.lockId), held[0], wish, want.mode);
    if (answered !== undefined) return answered;
  } else {
    for (const { lockId } of wish.wants) {
      const hold = table.holdOf(lockId, wish.owner);
      if (hold !== undefined && excludes(hold.mode)) throw new LockAlreadyHeld(table.lock(lockId), hold);
    }
  }
  return wait(table, wish, toRequest(table, wish));
}

/** Gives back a hold: at once, unless others of its uses are left, or it may stay cached (`keep`). Never another's. */
export function releaseLock(table: LockTable, { lockId, owner, token }: HoldOf, keep: boolean): ReleaseOutcome {
  const hold = table.holdOf(lockId, owner);
  if (hold === undefined || (token !== undefined && hold.token !== token)) return { status: 'not_held', hold };
  if (hold.uses > 1) {
    return { status: 'counted', hold: table.setHold(lockId, { ...hold, uses: hold.uses - 1 }) };
  }
  if (keep && hold.cached && hold.revokedAtMs === null) return { status: 'cached', hold };
  table.end(lockId, hold);
  table.promote();
  return { status: 'released', hold: undefined };
}

/**
 * Takes back a grant that its owner was not told: it has seen nothing by it, and is told next time what it would have been
 * told now.
 */
export function withdrawGrant(table: LockTable, { lockId, owner, token }: Required<HoldOf>): void {
  const hold = table.holdOf(lockId, owner);
  if (hold?.token !== token) return;
  table.end(lockId, { ...hold, seen: hold.changed ? 0 : hold.seen });
  table.promote();
}

/** Lets a hold last for `leaseMs` from now, and tells a monitor what it saw. undefined: it is not there any more. */
export function renewLock(
  table: LockTable,
  of: Required<HoldOf>,
  leaseMs: number | undefined,
): GrantedLock | undefined {
  const hold = table.holdOf(of.lockId, of.owner);
  return hold === undefined || hold.token !== of.token ? undefined : renewed(table, of.lockId, hold, leaseMs);
}

/** Takes a request out of its line. What was granted meanwhile is not touched. */
export function cancelRequest(table: LockTable, id: number): 'cancelled' | 'not_waiting' {
  const request = table.requestById(id);
  if (request === undefined) return 'not_waiting';
  table.leave(request);
  table.promote();
  return 'cancelled';
}

/** Takes holds from their owners: all of the lock, or those of an owner, or of a token. Answers what they were. */
export function breakHolds(table: LockTable, lockId: string, owner?: string, token?: number): ClusterHold[] {
  const { lockspace, name, owners } = table.lock(lockId);
  const broken = [...owners.values()].filter(
    (hold) =>
      hold.mode !== 'unlock' &&
      (owner === undefined || hold.owner === owner) &&
      (token === undefined || hold.token === token),
  );
  for (const hold of broken) {
    const { mode } = hold;
    table.end(lockId, hold);
    table.tell({ kind: 'broken', lockspace, name, owner: hold.owner, mode, token: hold.token, requestId: null });
  }
  if (broken.length > 0) table.promote();
  return broken;
}

/** Who has the lock already renews or converts it. undefined: it is acquired as by anybody else. */
function fromHold(
  table: LockTable,
  lock: OpenLock,
  hold: ClusterHold | undefined,
  { owner, token, leaseMs, flags }: AcquireLocks,
  mode: LockMode,
): AcquireOutcome | undefined {
  if (token !== undefined && hold?.token !== token) throw new LockTokenStale(lock, owner, token, hold?.token ?? null);
  if (hold === undefined) return undefined;
  if (token === undefined) {
    if (!excludes(hold.mode)) return undefined;
    if (flags?.useSemaphore === true && COVERS[hold.mode][mode]) {
      return again(table, lock.id, { ...hold, uses: hold.uses + 1 }, leaseMs);
    }
    if (hold.cached && hold.revokedAtMs !== null) {
      // Somebody else waits: who takes part in a queue goes to its end.
      table.end(lock.id, hold);
      table.promote();
      return undefined;
    }
    if (hold.cached && COVERS[hold.mode][mode]) {
      return again(table, lock.id, hold, leaseMs);
    }
    if (!hold.cached && flags?.useSemaphore !== true) throw new LockAlreadyHeld(lock, hold);
    return undefined;
  }
  if (hold.mode === mode) return { status: 'granted', locks: [renewed(table, lock.id, hold, leaseMs)] };
  if (!COVERS[hold.mode][mode]) return undefined;
  const request = requestOf(table, lock, { owner, wants: [{ lockId: lock.id, mode }], token, leaseMs, flags });
  return grantNow(table, request);
}

/** Nothing stands in the way. Others may be served by it: those whose requests it made pointless, and who stood behind them. */
function grantNow(table: LockTable, request: LockRequest): AcquireOutcome {
  const locks = table.grant(request);
  table.promote();
  return { status: 'granted', locks };
}

/** Acquired once more by who has it: nothing has changed since. */
function again(table: LockTable, lockId: string, hold: ClusterHold, leaseMs: number | undefined): AcquireOutcome {
  return { status: 'granted', locks: [renewed(table, lockId, { ...hold, changed: false }, leaseMs)] };
}

function wait(table: LockTable, wish: AcquireLocks, request: LockRequest): AcquireOutcome {
  const obstacles = table.obstacles(request);
  const converts = request.wants.some((want) => want.converts !== null);
  for (const { lockId } of converts ? [] : wish.wants) {
    const { draining, lockspace } = table.lock(lockId);
    if (draining) throw new LockspaceDraining(lockspace);
  }
  if (obstacles.length === 0) return grantNow(table, request);
  for (const want of converts ? request.wants : []) {
    const other = table
      .lineOf(want.lockId)
      .find((one) => one.owner !== wish.owner && one.wants.some((its) => its.converts !== null));
    if (other !== undefined) throw new LockDeadlock(table.lock(want.lockId), other.owner);
  }
  const held = new LockHeld(obstacles);
  if (wish.waitMs === 0) {
    table.revokeFor(request);
    throw held;
  }
  table.enqueue(request);
  return { status: 'queued', request, obstacles: held };
}

function toRequest(table: LockTable, wish: AcquireLocks): LockRequest {
  const [want] = wish.wants;
  const lock = table.lock(want?.lockId ?? '');
  const request = requestOf(table, lock, wish);
  return { ...request, session: wish.session, deadlineMs: table.nowMs + wish.waitMs };
}

function requestOf(
  table: LockTable,
  lock: OpenLock,
  { owner, wants, token, leaseMs, flags }: Pick<AcquireLocks, 'owner' | 'wants' | 'token' | 'leaseMs' | 'flags'>,
): LockRequest {
  return {
    id: table.number(),
    owner,
    wants: wants.map(({ lockId, mode }) => {
      const hold = table.holdOf(lockId, owner);
      const converts = hold !== undefined && excludes(hold.mode) ? hold.token : null;
      return { lockId, mode, cached: isCached(flags, mode), converts };
    }),
    leaseMs: leaseMs ?? lock.leaseMs,
    counted: flags?.useSemaphore === true && token === undefined,
    session: null,
    deadlineMs: table.nowMs,
    isDead: false,
    isWhole: true,
  };
}

function isCached(flags: HandleFlags | undefined, mode: LockMode): boolean {
  const kept: Readonly<Record<LockMode, boolean>> = {
    unlock: false,
    monitor: false,
    shared: flags?.cacheRead ?? false,
    exclusive: flags?.cacheWrite ?? false,
  };
  return kept[mode];
}

function renewed(table: LockTable, lockId: string, hold: ClusterHold, leaseMs: number | undefined): GrantedLock {
  const lock = table.lock(lockId);
  const lease = table.leaseOf(lock, hold.cached, leaseMs ?? lock.leaseMs);
  // Nobody else held it exclusively beside somebody who keeps others out; who lost the answer is told the same again.
  const changed = excludes(hold.mode) ? hold.changed : lock.lastExclusive > hold.seen;
  return table.setHold(lockId, { ...hold, ...lease, seen: lock.lastExclusive, changed });
}
