import { LOCK_MODES, type ClusterHold, type GrantedLock, type LockMode, type LockRequest } from '#berth/domain';
import type { NamedHoldRow } from './cluster-lock-views.sql.js';
import type { HoldRow, LineRow } from './cluster-lock.sql.js';

/** Modes are numbers in rows, in the order of LOCK_MODES. */
export function toMode(number: number): LockMode {
  const mode = LOCK_MODES[number];
  if (mode === undefined) throw new Error(`${number} is no mode of a lock`);
  return mode;
}

export function fromMode(mode: LockMode): number {
  return LOCK_MODES.indexOf(mode);
}

export function toHold(row: HoldRow): ClusterHold {
  return {
    owner: row.owner,
    mode: toMode(row.mode),
    token: row.token,
    seen: row.seen,
    changed: row.changed,
    cached: row.cached,
    uses: row.uses,
    sinceMs: row.since_ms,
    expiresAtMs: row.expires_at_ms,
    endsAtMs: row.ends_at_ms,
    revokedAtMs: row.revoked_at_ms,
    requestId: row.request_id,
  };
}

export function toGranted(row: NamedHoldRow): GrantedLock {
  return { ...toHold(row), lockspace: row.lockspace, name: row.name, leftMs: row.left_ms };
}

/**
 * Requests from the rows of their locks; of some not all rows may have been read. Who stands behind the first `head` of a line
 * counts as such: those between were not read.
 */
export function toRequests(rows: readonly LineRow[], head: number): LockRequest[] {
  const behind = new Set<LineRow>();
  if (rows.length > head) {
    for (const lockId of new Set(rows.map((row) => row.lock_id))) {
      const line = rows.filter((row) => row.lock_id === lockId).sort(byTurn);
      for (const row of line.slice(head)) behind.add(row);
    }
  }
  const byId = new Map<number, LineRow[]>();
  for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return [...byId.values()].flatMap((own) => {
    const [row] = own;
    if (row === undefined) return [];
    const wants = own.map(({ lock_id: lockId, mode, cached, converts }) => ({
      ...{ lockId, mode: toMode(mode), cached, converts },
    }));
    return {
      ...{ id: row.id, owner: row.owner, wants, leaseMs: row.lease_ms, counted: row.counted, session: row.session },
      ...{
        deadlineMs: row.deadline_ms,
        isDead: row.dead,
        isWhole: own.length === row.wants && !own.some((one) => behind.has(one)),
      },
    };
  });
}

/** What an owner who waits has seen, as a hold of nothing: it is asked for nothing else. */
export function seenBefore({ owner, seen }: LineRow): ClusterHold {
  return {
    ...{ owner, mode: 'unlock', token: 0, seen, changed: false, cached: false, uses: 0, sinceMs: 0, expiresAtMs: 0 },
    ...{ endsAtMs: 0, revokedAtMs: null, requestId: null },
  };
}

function byTurn(a: LineRow, b: LineRow): number {
  return Number(a.converts === null) - Number(b.converts === null) || a.id - b.id;
}
