import { statement } from '../sql.js';
import { HOLD, type HoldRow } from './cluster-lock.sql.js';

export interface LockspaceRow {
  readonly id: number;
  readonly name: string;
  readonly draining: boolean;
  readonly lease_ms: number;
  readonly grace_ms: number;
}

const LOCKSPACE = `s.id, s.name, s.draining, s.lease_ms, s.grace_ms`;

/** Makes it, or changes what it says; a lockspace that drains goes on granting. */
export const put = statement<{ readonly made: boolean }>(
  'lockspace.put',
  `insert into lockspaces as s (name, lease_ms, grace_ms) values ($1::text, $2::int, $3::int)
   on conflict (name) do update set lease_ms = excluded.lease_ms, grace_ms = excluded.grace_ms, draining = false
   returning s.xmax = 0 as made`,
);

export const find = statement<LockspaceRow>(
  'lockspace.find',
  `select ${LOCKSPACE} from lockspaces s where s.name = $1::text`,
);

export const list = statement<LockspaceRow>(
  'lockspace.list',
  `select ${LOCKSPACE} from lockspaces s where s.name > $1::text order by s.name limit $2::int`,
);

/** How many hold or wait for locks of it. */
export const countUse = statement<{ readonly held: number; readonly waiting: number }>(
  'lockspace.countUse',
  `select (select count(*)::int from cluster_locks l join cluster_lock_owners o on o.lock_id = l.id and o.mode > 0
            and o.ends_at > clock_timestamp() where l.lockspace_id = $1::int) as held,
          (select count(distinct w.request_id)::int from cluster_locks l join cluster_lock_wants w on w.lock_id = l.id
            where l.lockspace_id = $1::int) as waiting`,
);

export const drain = statement('lockspace.drain', `update lockspaces set draining = true where name = $1::text`);

/** Locks it against new locks, and them against new holds, until the end of the transaction. */
export const lock = statement<LockspaceRow>(
  'lockspace.lock',
  `select ${LOCKSPACE} from lockspaces s where s.name = $1::text for update`,
);

export const lockAll = statement(
  'lockspace.lockAll',
  `select 1 from cluster_locks l where l.lockspace_id = $1::int order by l.lockspace_id, l.name for update`,
);

/** In the order of the foreign keys. */
export const REMOVE = [
  statement(
    'lockspace.removeOwners',
    `delete from cluster_lock_owners o using cluster_locks l where l.id = o.lock_id and l.lockspace_id = $1::int`,
  ),
  statement('lockspace.removeLocks', `delete from cluster_locks where lockspace_id = $1::int`),
  statement('lockspace.removeHandles', `delete from cluster_lock_handles where lockspace_id = $1::int`),
  statement('lockspace.remove', `delete from lockspaces where id = $1::int`),
] as const;

export interface HandleRow {
  readonly handle: string;
  readonly lockspace: string;
  readonly name: string;
  readonly handle_owner: string;
  readonly prealloc: boolean;
  readonly cache_read: boolean;
  readonly cache_write: boolean;
  readonly use_semaphore: boolean;
}

const HANDLE = `h.id as handle, s.name as lockspace, h.name, h.owner as handle_owner, h.prealloc, h.cache_read, h.cache_write, h.use_semaphore`;

/** The handle of an owner for a lock: made, or given other flags. */
export const putHandle = statement<HandleRow>(
  'lockspace.putHandle',
  `with h as (
     insert into cluster_lock_handles as h (id, lockspace_id, name, owner, prealloc, cache_read, cache_write, use_semaphore)
     select $1::uuid, s.id, $3::text, $4::text, $5::boolean, $6::boolean, $7::boolean, $8::boolean
       from lockspaces s where s.name = $2::text
     on conflict (lockspace_id, name, owner) do update
        set prealloc = excluded.prealloc, cache_read = excluded.cache_read, cache_write = excluded.cache_write,
            use_semaphore = excluded.use_semaphore
     returning h.*)
   select ${HANDLE} from h join lockspaces s on s.id = h.lockspace_id`,
);

/** An owner's row of a lock before it holds it for the first time; it saw nothing. */
export const prealloc = statement(
  'lockspace.prealloc',
  `insert into cluster_lock_owners (lock_id, owner, mode, token, seen, since, expires_at, ends_at)
   select l.id, $3::text, 0, 0, 0, clock_timestamp(), clock_timestamp(), clock_timestamp()
     from lockspaces s join cluster_locks l on l.lockspace_id = s.id where s.name = $1::text and l.name = $2::text
   on conflict (lock_id, owner) do nothing`,
);

/** The columns of the hold are null where there is none: `held` says so. */
export interface HandleHoldRow extends HandleRow, HoldRow {
  readonly held: boolean;
}

/** A handle, and what its owner holds of the lock: nothing is written, nothing locked. */
export const findHandle = statement<HandleHoldRow>(
  'lockspace.findHandle',
  `select ${HANDLE}, ${HOLD}, o.owner is not null as held
     from cluster_lock_handles h join lockspaces s on s.id = h.lockspace_id
     left join cluster_locks l on l.lockspace_id = h.lockspace_id and l.name = h.name
     left join cluster_lock_owners o on o.lock_id = l.id and o.owner = h.owner and o.mode > 0 and o.ends_at > clock_timestamp()
    where h.id = $1::uuid`,
);

export const removeHandle = statement('lockspace.removeHandle', `delete from cluster_lock_handles where id = $1::uuid`);
