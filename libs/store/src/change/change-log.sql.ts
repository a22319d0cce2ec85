import { HISTORY } from '../server-run.js';
import { statement, type Statement } from '../sql.js';

/** The two logs, and where in `supply_changes_floor` each says up to where it has forgotten. */
const LOGS = {
  provider: { table: 'supply_changes', floor: 1 },
  consumer: { table: 'consumer_changes', floor: 2 },
} as const;

type Log = keyof typeof LOGS;

export const LOG_NAMES = Object.keys(LOGS) as readonly Log[];

/**
 * Forgets the `$2` oldest lines as far as they are older than `$1` seconds, and remembers up to where, in one statement: a
 * reader sees both or neither. It begins where the last one ended, so that it needn't wade through what was removed and not
 * yet cleaned up, and takes lines where it found them: no plan can lead through the whole log. Nothing is left below,
 * because a stamp is passed only when its transaction is over. Of several processes one works, the others find nothing.
 */
const forgetting = (log: Log): Statement<{ readonly gone: number }> => {
  const { table, floor } = LOGS[log];
  return statement<{ readonly gone: number }>(
    `changeLog.forget.${log}`,
    `with floor as (
       select stamp from supply_changes_floor where id = ${floor} for update skip locked),
     oldest as (
       select c.ctid, c.stamp, c.created_at < now() - make_interval(secs => $1::float8) as old
         from ${table} c
        where c.stamp >= (select stamp from floor) and c.stamp < txid_snapshot_xmin(txid_current_snapshot())
        order by c.stamp, c.id limit $2::int),
     gone as (
       delete from ${table} c
        where c.ctid = any(array(select ctid from oldest where stamp < coalesce(
                (select min(stamp) from oldest where not old), 9223372036854775807)))
       returning c.stamp),
     moved as (
       update supply_changes_floor set stamp = (select max(stamp) from gone)
        where id = ${floor} and exists (select 1 from gone))
     select count(*)::int as gone from gone`,
  );
};

export const forget: Record<Log, Statement<{ readonly gone: number }>> = {
  provider: forgetting('provider'),
  consumer: forgetting('consumer'),
};

/** Notes where the database's history stands, unless somebody did a moment ago or nothing has changed since. */
export const mark = statement(
  'changeLog.mark',
  `insert into change_marks (horizon, snapshot)
   select txid_snapshot_xmax(txid_current_snapshot()), txid_current_snapshot()::text
     from (select coalesce(max(horizon), 0) as horizon, coalesce(max(created_at), '-infinity') as created_at
             from change_marks where horizon = (select max(horizon) from change_marks)) as last
    where last.created_at <= now() - make_interval(secs => $1::float8)
      and (exists (select 1 from supply_changes where stamp >= last.horizon)
           or exists (select 1 from consumer_changes where stamp >= last.horizon))
   on conflict do nothing`,
);

export const forgetMarks = statement(
  'changeLog.forgetMarks',
  `delete from change_marks where created_at < now() - make_interval(secs => $1::float8)`,
);

/** The first mark behind the reading `$1` and before the reading `$2`. Of two snapshots the later has the higher xmax. */
export const nextMark = statement<{ readonly snapshot: string }>(
  'changeLog.nextMark',
  `select snapshot from change_marks
    where horizon > txid_snapshot_xmax($1::text::txid_snapshot) and horizon < txid_snapshot_xmax($2::text::txid_snapshot)
    order by horizon limit 1`,
);

/** Which history of which database this is. */
export const history = statement<{ readonly history: string }>('changeLog.history', `select ${HISTORY} as history`);

export interface LineRow {
  readonly id: number | null;
  readonly kind: 'provider' | 'consumer';
  readonly uuid: string;
  readonly generation: number;
  readonly deleted: boolean;
  readonly shape: boolean;
  readonly at_ms: number;
  readonly now: string;
  /** Whether lines since then may have been forgotten. */
  readonly forgotten: boolean;
}

const inWindow = (shape: string, wanted: string): string => `
  c.id, c.uuid, c.generation, c.deleted, ${shape} as shape, c.created_at
    from ${wanted}
     and c.stamp >= txid_snapshot_xmin($1::text::txid_snapshot)
     and c.stamp < coalesce(txid_snapshot_xmax($2::text::txid_snapshot), 9223372036854775807)
     and not txid_visible_in_snapshot(c.stamp, $1::text::txid_snapshot)
     and ($2::text is null or txid_visible_in_snapshot(c.stamp, $2::text::txid_snapshot))
     and c.id > $3::bigint
     and ($6::text[] is null or c.uuid = any($6::text[]))`;

/**
 * What was committed after the reading `$1` and not after `$2` (null: now), in order of id, beyond the id `$3`. For each
 * provider and consumer that is the order of the commits. One row without an id says that there is nothing.
 */
export const between = statement<LineRow>(
  'changeLog.between',
  `select txid_current_snapshot()::text as now,
          exists (select 1 from supply_changes_floor f where f.stamp >= txid_snapshot_xmin($1::text::txid_snapshot)) as forgotten,
          line.id::float8 as id, line.kind, line.uuid, line.generation, line.deleted, line.shape,
          extract(epoch from line.created_at)::float8 * 1000 as at_ms
     from (select 1) as always
     left join (
       select 'provider' as kind, ${inWindow('c.shape', 'supply_changes c where $4::boolean and c.uuid is not null')}
       union all
       select 'consumer' as kind, ${inWindow('false', 'consumer_changes c where $5::boolean')}
        order by id limit $7::int) as line on true
    order by line.id`,
);
