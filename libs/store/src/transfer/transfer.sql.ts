import { statement } from '../sql.js';

export interface TransferRow {
  readonly kind: 'file' | 'placement';
  readonly source: string;
  readonly records: number;
  readonly digest: string;
}

/** A reading that lasts: whoever takes the lines may take his time, and nothing is locked meanwhile. */
export const unhurried = statement(
  'transfer.unhurried',
  `select set_config('idle_in_transaction_session_timeout', '0', true), set_config('statement_timeout', '0', true)`,
);

export const find = statement<TransferRow>(
  'transfer.find',
  `select kind, source, records::float8 as records, digest from transfers`,
);

export const begin = statement(
  'transfer.begin',
  `insert into transfers (id, kind, source) values (1, $1::text, $2::text)`,
);

export const advance = statement(
  'transfer.advance',
  `update transfers set records = $1::bigint, digest = $2::text where records = $3::bigint`,
);

export const end = statement('transfer.end', `delete from transfers`);
export const endMarks = statement('transfer.endMarks', `delete from transfer_marks`);

/** The first thing found that is not part of a new, migrated database; $1, $2: the standard traits and classes. */
export const findOccupant = statement<{ readonly occupant: string | null }>(
  'transfer.findOccupant',
  `select case
     when exists (select 1 from resource_providers) then 'resource providers'
     when exists (select 1 from consumers) then 'consumers'
     when exists (select 1 from traits where name <> all($1::text[])) then 'traits'
     when exists (select 1 from resource_classes where name <> all($2::text[])) then 'resource classes'
     when exists (select 1 from slot_pools) or exists (select 1 from slot_locks) then 'slot locks'
     when exists (select 1 from lock_pools) then 'lock pools'
     when exists (select 1 from lockspaces) then 'lockspaces'
   end as occupant`,
);

/** Other sessions of Berth on this database: as far as this role may know of them. */
export const countServices = statement<{ readonly services: number }>(
  'transfer.countServices',
  `select count(*)::int as services from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name = 'berth'`,
);

/** Names without anybody who uses them: those of a new database, and what a refused write left. */
export const CLEAR_NAMES = ['traits', 'resource_classes', 'aggregates', 'projects', 'users', 'consumer_types'].map(
  (table) => statement(`transfer.clear.${table}`, `delete from ${table}`),
);

/** Where ids and tokens come from. What others hold tokens of (`numbers`) must never give one a second time. */
const SEQUENCES = {
  traits: `pg_get_serial_sequence('traits', 'id')`,
  aggregates: `pg_get_serial_sequence('aggregates', 'id')`,
  projects: `pg_get_serial_sequence('projects', 'id')`,
  users: `pg_get_serial_sequence('users', 'id')`,
  consumer_types: `pg_get_serial_sequence('consumer_types', 'id')`,
  resource_providers: `pg_get_serial_sequence('resource_providers', 'id')`,
  consumers: `pg_get_serial_sequence('consumers', 'id')`,
  slot_locks: `pg_get_serial_sequence('slot_locks', 'id')`,
  lockspaces: `pg_get_serial_sequence('lockspaces', 'id')`,
  cluster_locks: `pg_get_serial_sequence('cluster_locks', 'id')`,
  cluster_lock_numbers: `'cluster_lock_numbers'`,
  lock_pool_tokens: `'lock_pool_tokens'`,
} as const;

export type SequenceName = keyof typeof SEQUENCES;

const names = Object.entries(SEQUENCES)
  .map(([name, sequence]) => `('${name}', ${sequence})`)
  .join(', ');

/** Read after the snapshot was taken, so no row of it has a higher number. */
export const sequences = statement<{ readonly name: SequenceName; readonly value: number }>(
  'transfer.sequences',
  `select name, coalesce(pg_sequence_last_value(sequence::regclass), 0)::float8 as value
     from (values ${names}) as one (name, sequence)`,
);

/** Further, never back. */
export const advanceSequences = statement(
  'transfer.advanceSequences',
  `select setval(one.sequence::regclass,
                 greatest(wanted.value, coalesce(pg_sequence_last_value(one.sequence::regclass), 0)))
     from (values ${names}) as one (name, sequence)
     join unnest($1::text[], $2::bigint[]) as wanted (name, value) on wanted.name = one.name
    where wanted.value > 0`,
);

export const migrationName = statement<{ readonly name: string }>(
  'transfer.migrationName',
  `select name from berth_migrations order by id desc limit 1`,
);

export const usedByClass = statement<{ readonly resource_class: string; readonly used: number }>(
  'transfer.usedByClass',
  `select rc.name as resource_class, sums.used
     from (select resource_class_id, sum(used)::float8 as used from allocations group by 1) as sums
     join resource_classes rc on rc.id = sums.resource_class_id order by rc.id`,
);

export const countAllocations = statement<{ readonly count: number }>(
  'transfer.countAllocations',
  `select count(*)::float8 as count from allocations`,
);

/** Inventories whose counter is not the sum of what is held. */
export const wrongCounters = statement<{
  readonly provider: string;
  readonly resource_class: string;
  readonly used: number;
  readonly held: number;
}>(
  'transfer.wrongCounters',
  `select rp.uuid as provider, rc.name as resource_class, i.used::float8 as used, coalesce(sums.held, 0)::float8 as held
     from inventories i
     left join (select resource_provider_id, resource_class_id, sum(used) as held from allocations group by 1, 2) as sums
       using (resource_provider_id, resource_class_id)
     join resource_providers rp on rp.id = i.resource_provider_id
     join resource_classes rc on rc.id = i.resource_class_id
    where i.used <> coalesce(sums.held, 0) limit 5`,
);

/** So that the first requests are planned by what there is now. */
export const analyze = `analyze resource_providers, inventories, resource_provider_traits, resource_provider_aggregates,
  traits, resource_classes, aggregates, consumers, allocations, projects, users, consumer_types`;
