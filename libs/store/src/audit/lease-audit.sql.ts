import { statement } from '../sql.js';

/** A time is over for so many seconds. By the database's clock, read behind the row locks. */
const over = (column: string, seconds: string): string =>
  `${column} < clock_timestamp() - make_interval(secs => ${seconds}::float8)`;

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

export interface SlotKeyRow {
  readonly key: string;
  readonly slots: number;
  readonly since_ms: number;
}

/** Keys behind $1 with slots of owners whose lease is over. */
export const listSlotKeys = statement<SlotKeyRow>(
  'leaseAudit.listSlotKeys',
  `select key, count(*)::int as slots, ${ms('min(expires_at)')} as since_ms from slot_locks
    where expires_at is not null and ${over('expires_at', '$2')} and key > $1::text
    group by key order by key limit $3::int`,
);

export interface HoldRow {
  readonly lock_id: string;
  readonly lockspace: string;
  readonly name: string;
  readonly owner: string;
  readonly token: string;
  readonly since_ms: number;
}

/** Holds of cluster locks that ended and that nobody came to take, behind ($1, $2). */
export const listHolds = statement<HoldRow>(
  'leaseAudit.listHolds',
  `select o.lock_id, s.name as lockspace, l.name, o.owner, o.token, ${ms('o.ends_at')} as since_ms
     from cluster_lock_owners o join cluster_locks l on l.id = o.lock_id join lockspaces s on s.id = l.lockspace_id
    where o.mode > 0 and ${over('o.ends_at', '$3')} and (o.lock_id, o.owner) > ($1::bigint, $2::text)
    order by o.lock_id, o.owner limit $4::int`,
);

export const lockLock = statement(
  'leaseAudit.lockLock',
  `select 1 from cluster_locks where id = $1::bigint for update`,
);

/** Ends a hold; what its owner saw stays known. */
export const endHold = statement(
  'leaseAudit.endHold',
  `update cluster_lock_owners o set mode = 0, cached = false, uses = 0, revoked_at = null, request_id = null
    where o.lock_id = $1::bigint and o.owner = $2::text and o.token = $3::bigint and o.mode > 0 and ${over('o.ends_at', '$4')}`,
);

export interface RequestRow {
  readonly id: string;
  readonly owner: string;
  readonly deadline_ms: number;
}

const DEAD = (seconds: string): string => `
  (${over('r.deadline', seconds)}
   or (r.session_id is not null and not exists (
         select 1 from cluster_lock_sessions e where e.id = r.session_id and not (${over('e.alive_until', seconds)}))))`;

/** Requests in line, behind $1, whose time is over or whose server is gone. */
export const listRequests = statement<RequestRow>(
  'leaseAudit.listRequests',
  `select r.id, r.owner, ${ms('r.deadline')} as deadline_ms from cluster_lock_requests r
    where r.id > $1::bigint and ${DEAD('$2')} order by r.id limit $3::int`,
);

/** The locks that a request wants, in the order in which everybody takes them. */
export const lockWanted = statement(
  'leaseAudit.lockWanted',
  `select 1 from cluster_locks l where l.id in (select lock_id from cluster_lock_wants where request_id = $1::bigint)
    order by l.lockspace_id, l.name for update`,
);

export const listDead = statement<{ readonly id: string }>(
  'leaseAudit.listDead',
  `select r.id from cluster_lock_requests r where r.id = $1::bigint and ${DEAD('$2')}`,
);

const SILENT = `${over('e.alive_until', '$1')}
      and not exists (select 1 from cluster_lock_requests r where r.session_id = e.id)`;

/** Servers that were not heard of for so long, and for which nobody stands in line. */
export const countSessions = statement<{ readonly sessions: number }>(
  'leaseAudit.countSessions',
  `select count(*)::int as sessions from cluster_lock_sessions e where ${SILENT}`,
);

export const removeSessions = statement(
  'leaseAudit.removeSessions',
  `delete from cluster_lock_sessions e where ${SILENT}`,
);

export interface PoolRequestRow {
  readonly id: string;
  readonly pool: string;
  readonly key: string;
  readonly owner: string;
  readonly held: boolean;
  readonly since_ms: number;
}

/** Requests and permits of lock pools that are over, behind $1. */
export const listPoolRequests = statement<PoolRequestRow>(
  'leaseAudit.listPoolRequests',
  `select r.id, r.pool, r.key, r.owner, r.token is not null as held, ${ms('r.expires_at')} as since_ms
     from lock_pool_requests r where r.id > $1::bigint and ${over('r.expires_at', '$2')} order by r.id limit $3::int`,
);

export const removePoolRequest = statement(
  'leaseAudit.removePoolRequest',
  `delete from lock_pool_requests r where r.id = $1::bigint and ${over('r.expires_at', '$2')}`,
);
