import { statement } from '../sql.js';

/** Held last, and granted last, more than so many seconds ago, and by nobody who has a handle and may come back any time. */
const UNUSED = (seconds: string): string => `
  o.ends_at < clock_timestamp() - make_interval(secs => ${seconds}::float8)
  and not exists (select 1 from cluster_lock_handles h
                   where h.lockspace_id = l.lockspace_id and h.name = l.name and h.owner = o.owner)`;

const NO_HANDLE = `not exists (select 1 from cluster_lock_handles h where h.lockspace_id = l.lockspace_id and h.name = l.name)`;
const NO_WANT = `not exists (select 1 from cluster_lock_wants w where w.lock_id = l.id)`;

export interface UnusedLockRow {
  readonly last_id: string;
  readonly scanned: number;
  /** null: nothing in this portion. */
  readonly id: string | null;
  readonly owners: number;
  readonly unused: boolean;
}

/** A portion of all locks behind $1: those of which somebody ($3 seconds) or everybody has stayed away. */
export const listUnused = statement<UnusedLockRow>(
  'unusedLock.list',
  `with page as materialized (select * from cluster_locks where id > $1::bigint order by id limit $2::int),
   ended as (select id as last_id, (select count(*) from page)::int as scanned from page order by id desc limit 1),
   counted as (
     select l.id,
            (select count(*) from cluster_lock_owners o where o.lock_id = l.id and ${UNUSED('$3')})::int as owners,
            not exists (select 1 from cluster_lock_owners o where o.lock_id = l.id and not (${UNUSED('$3')}))
              and ${NO_WANT} and ${NO_HANDLE} as unused
       from page l)
   select ended.last_id, ended.scanned, c.id, c.owners, c.unused
     from ended left join counted c on c.owners > 0 or c.unused
    order by c.id`,
);

/** In the order of who removes lockspaces: those first, then their locks. */
export const lockSpaces = statement(
  'unusedLock.lockSpaces',
  `select 1 from lockspaces where id in (select lockspace_id from cluster_locks where id = any($1::bigint[]))
    order by id for no key update`,
);

/** Those of the locks that nobody is busy with. */
export const lockLocks = statement<{ readonly id: string }>(
  'unusedLock.lockLocks',
  `select id from cluster_locks where id = any($1::bigint[]) order by lockspace_id, name for update skip locked`,
);

export const forgetOwners = statement(
  'unusedLock.forgetOwners',
  `delete from cluster_lock_owners
    where ctid = any(array(
      select o.ctid from cluster_locks l join cluster_lock_owners o on o.lock_id = l.id
       where l.id = any($1::bigint[]) and ${UNUSED('$2')} limit $3::int))`,
);

/**
 * Removes locks that nobody has anything to do with, and keeps in the lockspace up to which exclusive hold they are
 * forgotten: a lock that is named anew there begins with it, so whoever comes back is told that something changed.
 */
export const forgetLocks = statement<{ readonly gone: number }>(
  'unusedLock.forgetLocks',
  `with gone as (
     delete from cluster_locks l
      where l.id = any($1::bigint[]) and ${NO_WANT} and ${NO_HANDLE}
        and not exists (select 1 from cluster_lock_owners o where o.lock_id = l.id)
      returning l.lockspace_id, l.last_exclusive),
   raised as (
     update lockspaces s set forgotten = top.last_exclusive
       from (select lockspace_id, max(last_exclusive) as last_exclusive from gone group by lockspace_id) as top
      where s.id = top.lockspace_id and s.forgotten < top.last_exclusive)
   select count(*)::int as gone from gone`,
);
