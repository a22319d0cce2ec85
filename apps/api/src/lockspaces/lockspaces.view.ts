import type { ClusterHold, GrantedLock, LockEvent, LockOf } from '#berth/domain';
import type {
  Handle,
  Lockspace,
  LockspaceInUse,
  LockView,
  OwnerState,
  Released,
  RequestState,
  WaitingView,
} from '#berth/locks';
import { nextPage } from './lockspaces.query.js';

/** Source: docs/api/cluster-locks.md. */
export function lockspaceView({ name, draining, leaseMs, graceMs }: Lockspace): object {
  return { name, draining, lease_ms: leaseMs, grace_ms: graceMs };
}

export function lockspaceInUseView(lockspace: LockspaceInUse): object {
  const { name, draining, leaseMs, graceMs, held, waiting } = lockspace;
  return { name, draining, lease_ms: leaseMs, grace_ms: graceMs, held, waiting };
}

export function lockspacesView(lockspaces: readonly Lockspace[], limit: number): object {
  return { lockspaces: lockspaces.map(lockspaceView), next: nextPage(lockspaces, limit) };
}

/** What an owner has. `lease_ms`: how long it lasts from now. */
export function grantedView(lock: GrantedLock): object {
  const { lockspace, name, owner, mode, token, changed, cached, uses, revokedAtMs } = lock;
  return {
    ...{ lockspace, name, owner, mode, token, changed, cached, uses, revoked: revokedAtMs !== null },
    ...{ since: timeView(lock.sinceMs), expires_at: timeView(lock.expiresAtMs), lease_ms: Math.floor(lock.leftMs) },
  };
}

/** The answer to who asked for one. */
export function singleView([lock]: readonly GrantedLock[]): object {
  return lock === undefined ? {} : grantedView(lock);
}

export function grantedAllView(locks: readonly GrantedLock[]): object {
  return { locks: locks.map(grantedView) };
}

/** A request that stands in line by itself. */
export function queuedView(requestId: number): object {
  return { request: requestId, status: 'waiting' };
}

export function releasedView({ lockspace, name }: LockOf, { released, left, hold }: Released): object {
  const held = hold === undefined ? null : { mode: hold.mode, token: hold.token, uses: hold.uses };
  return { lockspace, name, mode: 'unlock', released, left, hold: held };
}

/** In the order of the request; those that are lost say so. */
export function renewedView(
  wanted: readonly { readonly name: string; readonly token: number }[],
  renewed: readonly (GrantedLock | undefined)[],
): object {
  return {
    locks: wanted.map(({ name, token }, index) => {
      const lock = renewed[index];
      return lock === undefined ? { name, token, renewed: false } : { ...grantedView(lock), renewed: true };
    }),
  };
}

export function lockView(
  { lockspace, name }: LockOf,
  { holders, line }: { readonly holders: readonly ClusterHold[]; readonly line: readonly WaitingView[] },
): object {
  return { lockspace, name, holders: holders.map(holderView), line: line.map(waitingView) };
}

export function locksView(locks: readonly LockView[], limit: number): object {
  const rows = locks.map(({ name, holders, waiting }) => ({ name, waiting, holders: holders.map(holderView) }));
  return { locks: rows, next: nextPage(locks, limit) };
}

export function brokenView({ lockspace, name }: LockOf, broken: readonly ClusterHold[]): object {
  return { lockspace, name, broken: broken.map(holderView) };
}

export function requestView(requestId: number, state: RequestState): object {
  if (state.status === 'granted') {
    return { request: requestId, status: 'granted', locks: state.locks.map(grantedView) };
  }
  return { request: requestId, status: 'waiting', locks: state.wants.map(waitingView) };
}

/** What was granted before the request could be taken out of line stays held. */
export function cancelledView(requestId: number, granted: readonly GrantedLock[] | undefined): object {
  return granted === undefined
    ? { request: requestId, status: 'cancelled', locks: [] }
    : { request: requestId, status: 'granted', locks: granted.map(grantedView) };
}

export function handleView({ id, lockspace, name, owner, flags }: Handle): object {
  return {
    ...{ handle: id, lockspace, name, owner, prealloc: flags.prealloc, cache_read: flags.cacheRead },
    ...{ cache_write: flags.cacheWrite, use_semaphore: flags.useSemaphore },
  };
}

export function ownerView(owner: string, { holds, waiting }: OwnerState): object {
  return { owner, locks: holds.map(grantedView), line: waiting.map(waitingView) };
}

/** One server-sent event. */
export function eventText({ kind, name, mode, token, requestId }: LockEvent): string {
  return `event: ${kind}\ndata: ${JSON.stringify({ name, mode, token, request: requestId })}\n\n`;
}

/** What a follower has to know before events make sense, and after any may have been missed. */
export function stateText(owner: string, state: OwnerState): string {
  return `event: state\ndata: ${JSON.stringify(ownerView(owner, state))}\n\n`;
}

function holderView(hold: ClusterHold): object {
  const { owner, mode, token, cached, uses, revokedAtMs } = hold;
  return {
    ...{ owner, mode, token, cached, uses, revoked: revokedAtMs !== null },
    ...{ since: timeView(hold.sinceMs), expires_at: timeView(hold.expiresAtMs) },
  };
}

function waitingView({ requestId, name, owner, mode, converts, deadlineMs, isAsync }: WaitingView): object {
  return { request: requestId, name, owner, mode, converts, async: isAsync, deadline: timeView(deadlineMs) };
}

function timeView(ms: number): string {
  return new Date(ms).toISOString();
}
