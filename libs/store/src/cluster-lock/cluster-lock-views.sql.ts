import { statement } from '../sql.js';
import { HOLD, type HoldRow } from './cluster-lock.sql.js';

/** Beyond its end nobody has it, whatever the row says until somebody comes to take it. */
const LIVE = `o.mode > 0 and o.ends_at > clock_timestamp()`;

/** A hold, and of which lock. */
export interface NamedHoldRow extends HoldRow {
  readonly lockspace: string;
  readonly name: string;
}

/** What an owner has in a lockspace, by name of lock. */
export const listByOwner = statement<NamedHoldRow>(
  'clusterLock.listByOwner',
  `select s.name as lockspace, l.name, ${HOLD}
     from cluster_lock_owners o join cluster_locks l on l.id = o.lock_id join lockspaces s on s.id = l.lockspace_id
    where o.owner = $2::text and s.name = $1::text and ${LIVE} order by l.name limit $3::int`,
);

/** Holds that came out of requests that waited. */
export const listByRequests = statement<NamedHoldRow>(
  'clusterLock.listByRequests',
  `select s.name as lockspace, l.name, ${HOLD}
     from cluster_lock_owners o join cluster_locks l on l.id = o.lock_id join lockspaces s on s.id = l.lockspace_id
    where o.request_id = any($1::bigint[]) and ${LIVE} order by l.name`,
);

/** Those of the requests that stand in line no more. */
export const listGone = statement<{ readonly id: number }>(
  'clusterLock.listGone',
  `select asked.id::float8 as id from unnest($1::bigint[]) as asked (id)
    where not exists (select 1 from cluster_lock_requests r where r.id = asked.id)`,
);

export interface WaitingRow {
  readonly id: number;
  readonly lockspace: string;
  readonly name: string;
  readonly owner: string;
  readonly mode: number;
  readonly converts: number | null;
  readonly deadline_ms: number;
  readonly is_async: boolean;
}

const WAITING = `r.id::float8 as id, s.name as lockspace, l.name, r.owner, w.mode, w.converts::float8 as converts,
          (extract(epoch from r.deadline) * 1000)::float8 as deadline_ms, r.session_id is null as is_async
     from cluster_lock_requests r join cluster_lock_wants w on w.request_id = r.id
     join cluster_locks l on l.id = w.lock_id join lockspaces s on s.id = l.lockspace_id`;

/** A request, a row for each lock it wants. */
export const findRequest = statement<WaitingRow>(
  'clusterLock.findRequest',
  `select ${WAITING} where r.id = $1::bigint order by l.name`,
);

/** The line of a lock, the first that will be served first. */
export const listWaiting = statement<WaitingRow>(
  'clusterLock.listWaiting',
  `select ${WAITING} where s.name = $1::text and l.name = $2::text order by w.converts is null, r.id limit $3::int`,
);

export const listWaitingByOwner = statement<WaitingRow>(
  'clusterLock.listWaitingByOwner',
  `select ${WAITING} where r.owner = $2::text and s.name = $1::text order by r.id, l.name limit $3::int`,
);

/** A page of the locks that somebody holds or waits for, behind $3, with names that begin with $2 and go no further than $4. */
export const listInUse = statement<{ readonly id: string; readonly name: string; readonly last_exclusive: number }>(
  'clusterLock.listInUse',
  `select l.id, l.name, l.last_exclusive::float8 as last_exclusive
     from lockspaces s join cluster_locks l on l.lockspace_id = s.id
    where s.name = $1::text and l.name > $3::text and l.name >= $2::text and l.name <= $4::text and starts_with(l.name, $2::text)
      and (exists (select 1 from cluster_lock_owners o where o.lock_id = l.id and ${LIVE})
        or exists (select 1 from cluster_lock_wants w where w.lock_id = l.id))
    order by l.name limit $5::int`,
);

export const findLock = statement<{ readonly id: string; readonly name: string; readonly last_exclusive: number }>(
  'clusterLock.findLock',
  `select l.id, l.name, l.last_exclusive::float8 as last_exclusive
     from lockspaces s join cluster_locks l on l.lockspace_id = s.id where s.name = $1::text and l.name = $2::text`,
);

/** Some of those who hold each lock, and how many wait for it. */
export const listHolders = statement<HoldRow>(
  'clusterLock.listHolders',
  `select found.* from unnest($1::bigint[]) as wanted (id)
    cross join lateral (
       select ${HOLD} from cluster_lock_owners o where o.lock_id = wanted.id and ${LIVE}
        order by o.mode desc, o.since, o.owner limit $2::int) as found`,
);

export const countWaiting = statement<{ readonly lock_id: string; readonly waiting: number }>(
  'clusterLock.countWaiting',
  `select lock_id, count(*)::int as waiting from cluster_lock_wants where lock_id = any($1::bigint[]) group by lock_id`,
);

/**
 * When, in ms from now, the first hold ends that keeps others out, of each of these locks: named in two lists, a lockspace
 * and a name each.
 */
export const nextEnds = statement<{ readonly lockspace: string; readonly name: string; readonly in_ms: number | null }>(
  'clusterLock.nextEnds',
  `select wanted.lockspace, wanted.name,
          (extract(epoch from (select min(o.ends_at) from cluster_lock_owners o where o.lock_id = l.id and o.mode > 0)
                              - clock_timestamp()) * 1000)::float8 as in_ms
     from unnest($1::text[], $2::text[]) as wanted (lockspace, name)
     join lockspaces s on s.name = wanted.lockspace join cluster_locks l on l.lockspace_id = s.id and l.name = wanted.name`,
);

/** Locks for which somebody waits although a hold has ended, nobody holds them, or who stands in line is gone. */
export const listOverdue = statement<{ readonly lockspace: string; readonly name: string }>(
  'clusterLock.listOverdue',
  `select s.name as lockspace, l.name
     from (select w.lock_id,
                  bool_or(r.deadline < clock_timestamp() - case when r.session_id is null then interval '0' else interval '5 seconds' end
                    or (r.session_id is not null and coalesce(e.alive_until < clock_timestamp(), true))) as dead
             from cluster_lock_wants w join cluster_lock_requests r on r.id = w.request_id
             left join cluster_lock_sessions e on e.id = r.session_id
            group by w.lock_id) as line
     join cluster_locks l on l.id = line.lock_id join lockspaces s on s.id = l.lockspace_id
    where line.dead or exists (select 1 from cluster_lock_owners o where o.lock_id = line.lock_id and o.mode > 0
                                  and o.ends_at <= clock_timestamp())
       or not exists (select 1 from cluster_lock_owners o where o.lock_id = line.lock_id and o.mode > 1)
    limit $1::int`,
);

/** Processes that were not heard of for so many ms: nobody waits there. */
export const forgetSessions = statement(
  'clusterLock.forgetSessions',
  `delete from cluster_lock_sessions e where e.alive_until < clock_timestamp() - $1::int * interval '1 millisecond'
      and not exists (select 1 from cluster_lock_requests r where r.session_id = e.id)`,
);
