import { statement } from '../sql.js';

/**
 * Keeps the locks `$2` of lockspaces `$1` as they are until the end of the transaction, but for the clock: nobody is granted
 * one, and no release comes first. In the order in which everybody takes them. Not `for share`: writers who share a row
 * lock one after the other, without a gap, would keep the next holder out for ever.
 */
export const keep = statement(
  'fence.keep',
  `select l.id from unnest($1::text[], $2::text[]) as fence (lockspace, name)
     join lockspaces s on s.name = fence.lockspace
     join cluster_locks l on l.lockspace_id = s.id and l.name = fence.name
    order by l.lockspace_id, l.name
      for no key update of l`,
);

/**
 * Which of the fences (places from 1) are not those of exclusive holds whose time is not over. A statement of its own,
 * because it must see what was committed while the one before it waited.
 */
export const listStale = statement<{ readonly place: number }>(
  'fence.listStale',
  `select fence.place::int as place
     from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as fence (lockspace, name, token, place)
    where not exists (
      select 1 from lockspaces s
        join cluster_locks l on l.lockspace_id = s.id and l.name = fence.name
        join cluster_lock_owners o on o.lock_id = l.id and o.mode = 3 and o.token = fence.token
       where s.name = fence.lockspace and o.ends_at > clock_timestamp())`,
);
