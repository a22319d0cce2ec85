import { statement } from '../sql.js';

/** The locks that requests name: lockspaces and names in two lists. */
const NAMED = `named as (
     select s.id as lockspace_id, wanted.name
       from unnest($1::text[], $2::text[]) as wanted (lockspace, name)
       join lockspaces s on s.name = wanted.lockspace)`;

/** Those, and the locks that a request wants together with one of them: it is granted all or nothing. */
const NEAR = `near as (
     select l.id from named join cluster_locks l using (lockspace_id, name)
     union
    select b.lock_id from named join cluster_locks l using (lockspace_id, name)
      join cluster_lock_wants a on a.lock_id = l.id
      join cluster_lock_requests r on r.id = a.request_id and r.wants > 1
      join cluster_lock_wants b on b.request_id = a.request_id)`;

/**
 * Makes the rows of locks that nobody named before, or that were forgotten since: nobody is to take those for unchanged. In a
 * lockspace that is draining there are no new ones.
 */
export const addLocks = statement(
  'clusterLock.addLocks',
  `with ${NAMED}
   insert into cluster_locks (lockspace_id, name, last_exclusive)
   select n.lockspace_id, n.name, s.forgotten from named n join lockspaces s on s.id = n.lockspace_id and not s.draining
    where not exists (select 1 from cluster_locks l where l.lockspace_id = n.lockspace_id and l.name = n.name)
    order by n.lockspace_id, n.name collate "C"
   on conflict (lockspace_id, name) do nothing`,
);

export interface LockRow {
  readonly id: string;
  readonly lockspace: string;
  readonly name: string;
  readonly lease_ms: number;
  readonly grace_ms: number;
  readonly draining: boolean;
  readonly last_exclusive: number;
}

/** Takes the row locks of locks, in the one order that everybody keeps, and reads them. */
export const lockLocks = statement<LockRow>(
  'clusterLock.lockLocks',
  `with ${NAMED}, ${NEAR}
   select l.id, s.name as lockspace, l.name, s.lease_ms, s.grace_ms, s.draining, l.last_exclusive::float8 as last_exclusive
     from cluster_locks l join lockspaces s on s.id = l.lockspace_id
    where l.id in (select near.id from near)
    order by l.lockspace_id, l.name
      for update of l`,
);

/** What an answer says of a hold; times in ms since the epoch. */
const HOLD = `o.lock_id, o.owner, o.mode, o.token::float8 as token, o.seen::float8 as seen, o.changed, o.cached, o.uses,
          (extract(epoch from o.since) * 1000)::float8 as since_ms, (extract(epoch from o.expires_at) * 1000)::float8 as expires_at_ms,
          (extract(epoch from o.ends_at) * 1000)::float8 as ends_at_ms, (extract(epoch from o.revoked_at) * 1000)::float8 as revoked_at_ms,
          o.request_id::float8 as request_id, (extract(epoch from o.expires_at - clock_timestamp()) * 1000)::float8 as left_ms`;

export interface HoldRow {
  readonly lock_id: string;
  readonly owner: string;
  readonly mode: number;
  readonly token: number;
  readonly seen: number;
  readonly changed: boolean;
  readonly cached: boolean;
  readonly uses: number;
  readonly since_ms: number;
  readonly expires_at_ms: number;
  readonly ends_at_ms: number;
  readonly revoked_at_ms: number | null;
  readonly request_id: number | null;
  readonly left_ms: number;
}

/** Who holds the named locks, or has a right to be told what it saw: $3 are owners. */
export const listHolds = statement<HoldRow>(
  'clusterLock.listHolds',
  `with ${NAMED}, held as (
     select ${HOLD} from named join cluster_locks l using (lockspace_id, name)
       join cluster_lock_owners o on o.lock_id = l.id and o.mode > 0
      union all
     select ${HOLD} from unnest($1::text[], $2::text[], $3::text[]) as asked (lockspace, name, owner)
       join lockspaces s on s.name = asked.lockspace
       join cluster_locks l on l.lockspace_id = s.id and l.name = asked.name
       join cluster_lock_owners o on o.lock_id = l.id and o.owner = asked.owner and o.mode = 0)
   select * from held`,
);

/** The same of locks by id. */
export const listHoldsByIds = statement<HoldRow>(
  'clusterLock.listHoldsByIds',
  `select ${HOLD} from unnest($1::bigint[]) as wanted (id)
     join cluster_lock_owners o on o.lock_id = wanted.id and o.mode > 0`,
);

/** A request, one of the locks it wants, and what its owner saw of that. */
const LINE = `found.lock_id, found.mode, found.cached, found.converts::float8 as converts, r.id::float8 as id, r.owner, r.lease_ms,
          r.counted, r.session_id as session, (extract(epoch from r.deadline) * 1000)::float8 as deadline_ms, r.wants,
          r.deadline < clock_timestamp() - case when r.session_id is null then interval '0' else interval '5 seconds' end
            or (r.session_id is not null and coalesce(e.alive_until < clock_timestamp(), true)) as dead,
          coalesce(o.seen, 0)::float8 as seen
     from cluster_lock_requests r
     left join cluster_lock_sessions e on e.id = r.session_id`;

export interface LineRow {
  readonly lock_id: string;
  readonly mode: number;
  readonly cached: boolean;
  readonly converts: number | null;
  readonly id: number;
  readonly owner: string;
  readonly lease_ms: number;
  readonly counted: boolean;
  readonly session: string | null;
  readonly deadline_ms: number;
  readonly wants: number;
  readonly dead: boolean;
  readonly seen: number;
}

const HEAD = `select * from cluster_lock_wants w where w.lock_id = the_lock.id order by w.converts is null, w.request_id limit`;

/** The heads of the lines of the named locks, $3 of each, and requests that are meant wherever they stand, $4. */
export const listLine = statement<LineRow>(
  'clusterLock.listLine',
  `with ${NAMED}, waiting as (
     select found.* from named join cluster_locks the_lock using (lockspace_id, name)
      cross join lateral (${HEAD} $3::int) as found
      union
     select w.* from cluster_lock_wants w where w.request_id = any($4::bigint[]))
   select ${LINE}
     join waiting found on found.request_id = r.id
     left join cluster_lock_owners o on o.lock_id = found.lock_id and o.owner = r.owner`,
);

/** The same of locks by id. */
export const listLineByIds = statement<LineRow>(
  'clusterLock.listLineByIds',
  `with waiting as (
     select found.* from unnest($1::bigint[]) as the_lock (id) cross join lateral (${HEAD} $2::int) as found)
   select ${LINE}
     join waiting found on found.request_id = r.id
     left join cluster_lock_owners o on o.lock_id = found.lock_id and o.owner = r.owner`,
);

/** The time, and so many numbers, each greater than any before. Behind the row locks: what is granted later is greater. */
export const clock = statement<{ readonly ms: number; readonly numbers: number[] }>(
  'clusterLock.clock',
  `select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms,
          array(select nextval('cluster_lock_numbers')::float8 from generate_series(1, $1::int)) as numbers`,
);

/** Writes holds, one of an owner and lock, and what the newest exclusive one of a lock was, where that is given. */
export const writeHolds = statement(
  'clusterLock.writeHolds',
  `with written as (
     select * from unnest($1::bigint[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::boolean[], $7::boolean[], $8::int[],
                          $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::bigint[], $14::bigint[])
       as w (lock_id, owner, mode, token, seen, changed, cached, uses, since_ms, expires_at_ms, ends_at_ms, revoked_at_ms, request_id,
             last_exclusive)),
   raised as (
     update cluster_locks l set last_exclusive = w.last_exclusive
       from (select distinct lock_id, last_exclusive from written where last_exclusive is not null) w where l.id = w.lock_id)
   insert into cluster_lock_owners as o
          (lock_id, owner, mode, token, seen, changed, cached, uses, since, expires_at, ends_at, revoked_at, request_id)
   select lock_id, owner, mode, token, seen, changed, cached, uses, to_timestamp(since_ms / 1000), to_timestamp(expires_at_ms / 1000),
          to_timestamp(ends_at_ms / 1000), to_timestamp(revoked_at_ms / 1000), request_id
     from written
   on conflict (lock_id, owner) do update
      set mode = excluded.mode, token = excluded.token, seen = excluded.seen, changed = excluded.changed, cached = excluded.cached,
          uses = excluded.uses, since = excluded.since, expires_at = excluded.expires_at, ends_at = excluded.ends_at,
          revoked_at = excluded.revoked_at, request_id = excluded.request_id`,
);

export const addRequests = statement(
  'clusterLock.addRequests',
  `insert into cluster_lock_requests (id, owner, lease_ms, counted, session_id, deadline, wants)
   select id, owner, lease_ms, counted, session_id, to_timestamp(deadline_ms / 1000), wants
     from unnest($1::bigint[], $2::text[], $3::int[], $4::boolean[], $5::uuid[], $6::float8[], $7::int[])
       as w (id, owner, lease_ms, counted, session_id, deadline_ms, wants)`,
);

export const addWants = statement(
  'clusterLock.addWants',
  `insert into cluster_lock_wants (lock_id, request_id, mode, cached, converts)
   select * from unnest($1::bigint[], $2::bigint[], $3::int[], $4::boolean[], $5::bigint[])`,
);

export const removeRequests = statement(
  'clusterLock.removeRequests',
  `with wants as (delete from cluster_lock_wants where request_id = any($1::bigint[]))
   delete from cluster_lock_requests where id = any($1::bigint[])`,
);

/** The process lives for so many ms more. */
export const keepAlive = statement(
  'clusterLock.keepAlive',
  `insert into cluster_lock_sessions as s (id, alive_until)
   values ($1::uuid, clock_timestamp() + $2::int * interval '1 millisecond')
   on conflict (id) do update set alive_until = greatest(s.alive_until, excluded.alive_until)`,
);

export { HOLD };
