import { LINE_ID } from '../change/change.sql.js';
import { statement, type Statement } from '../sql.js';

/**
 * The rows of a deployment as records of an export, and back: what a page answers, the insert takes. Ids are those of the
 * rows, so that whatever is listed in the order of ids stays in it. Times are microseconds since the epoch.
 */
export interface RecordKind {
  /** A page of rows behind `$1`, at most `$2`; `at` is where the next page begins. */
  readonly page: Statement<{ readonly at: string }>;
  /** Comes before every `at`. */
  readonly first: string;
  /** Takes rows as one JSON array. */
  readonly insert: Statement;
  readonly count: Statement<{ readonly count: number }>;
}

const us = (column: string, as = column.replace(/_at$/, '_us')): string =>
  `(extract(epoch from ${column}) * 1000000)::float8 as ${as}`;
const time = (column: string): string => `timestamptz 'epoch' + ${column} * interval '1 microsecond'`;
const given = (columns: string): string => `json_to_recordset($1::json) as given (${columns})`;

interface Plain {
  readonly table: string;
  /** What a page reads, as it names it. */
  readonly reads: string;
  readonly key: string;
  readonly keyType: string;
  readonly first?: string;
  /** The columns that the insert writes, what it writes into them, and their types in the record. */
  readonly into: string;
  readonly values: string;
  readonly record: string;
  /** What else a page must hold to. */
  readonly where?: string;
  readonly onConflict?: string;
}

function plain(name: string, { table, reads, key, keyType, first, where, ...to }: Plain): RecordKind {
  return {
    first: first ?? '-1',
    page: statement<{ readonly at: string }>(
      `transfer.page.${name}`,
      `select t.${key}::text as at, ${reads} from ${table} t
        where t.${key} > $1::text::${keyType} ${where ?? ''} order by t.${key} limit $2::int`,
    ),
    insert: statement(
      `transfer.insert.${name}`,
      `insert into ${table} (${to.into}) select ${to.values} from ${given(to.record)}`,
    ),
    count: statement<{ readonly count: number }>(
      `transfer.count.${name}`,
      `select count(*)::float8 as count from ${table} t where true ${where ?? ''}`,
    ),
  };
}

const named = (name: string, table: string, column: string): RecordKind =>
  plain(name, {
    table,
    reads: `t.id::float8 as id, t.${column} as name, ${us('t.created_at', 'created_us')}`,
    key: 'id',
    keyType: 'int',
    into: `id, ${column}, created_at`,
    values: `id, name, ${time('created_us')}`,
    record: 'id int, name text, created_us float8',
  });

const provider: RecordKind = {
  first: '',
  // By ids, not behind one: parents come first, whatever their ids.
  page: statement<{ readonly at: string }>(
    'transfer.page.provider',
    `select rp.id::text as at, rp.id, rp.uuid, rp.name, rp.generation, rp.parent_provider_id as parent,
            rp.root_provider_id as root, ${us('rp.created_at', 'created_us')}, ${us('rp.updated_at', 'updated_us')},
            coalesce((select json_agg(json_build_object(
                'class', i.resource_class_id, 'total', i.total, 'reserved', i.reserved, 'min_unit', i.min_unit,
                'max_unit', i.max_unit, 'step_size', i.step_size, 'allocation_ratio', i.allocation_ratio, 'used', i.used,
                'created_us', (extract(epoch from i.created_at) * 1000000)::float8,
                'updated_us', (extract(epoch from i.updated_at) * 1000000)::float8) order by i.resource_class_id)
               from inventories i where i.resource_provider_id = rp.id), '[]') as inventories,
            array(select t.trait_id from resource_provider_traits t where t.resource_provider_id = rp.id order by 1) as traits,
            array(select a.aggregate_id from resource_provider_aggregates a
                   where a.resource_provider_id = rp.id order by 1) as aggregates
       from unnest($1::int[]) with ordinality as wanted (id, place) join resource_providers rp on rp.id = wanted.id
      order by wanted.place`,
  ),
  insert: statement(
    'transfer.insert.provider',
    `with given as materialized (
       select * from ${given(`id int, uuid text, name text, generation int, parent int, root int, created_us float8,
         updated_us float8, inventories json, traits json, aggregates json`)}),
     added as (
       insert into resource_providers (id, uuid, name, generation, parent_provider_id, root_provider_id, created_at, updated_at)
       select id, uuid, name, generation, parent, root, ${time('created_us')}, ${time('updated_us')} from given),
     supplied as (
       insert into inventories (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size,
                                allocation_ratio, used, created_at, updated_at)
       select given.id, i.class, i.total, i.reserved, i.min_unit, i.max_unit, i.step_size, i.allocation_ratio, i.used,
              ${time('i.created_us')}, ${time('i.updated_us')}
         from given cross join lateral json_to_recordset(given.inventories) as i (class int, total int, reserved int,
              min_unit int, max_unit int, step_size int, allocation_ratio float8, used bigint, created_us float8,
              updated_us float8)),
     qualified as (
       insert into resource_provider_traits (resource_provider_id, trait_id)
       select given.id, one.id::int from given cross join lateral json_array_elements_text(given.traits) as one (id)),
     joined as (
       insert into resource_provider_aggregates (resource_provider_id, aggregate_id)
       select given.id, one.id::int from given cross join lateral json_array_elements_text(given.aggregates) as one (id))
     insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, generation from given`,
  ),
  count: statement<{ readonly count: number }>(
    'transfer.count.provider',
    `select count(*)::float8 as count from resource_providers`,
  ),
};

const consumer: RecordKind = {
  first: '-1',
  page: statement<{ readonly at: string }>(
    'transfer.page.consumer',
    `select c.id::text as at, c.id::float8 as id, c.uuid, c.project_id as project, c.user_id as user, c.consumer_type_id as type,
            c.generation, c.holds_slots, ${us('c.created_at', 'created_us')}, ${us('c.updated_at', 'updated_us')},
            coalesce((select json_agg(json_build_object('provider', a.resource_provider_id, 'class', a.resource_class_id,
                'used', a.used, 'created_us', (extract(epoch from a.created_at) * 1000000)::float8)
                order by a.resource_provider_id, a.resource_class_id)
               from allocations a where a.consumer_id = c.id), '[]') as allocations
       from consumers c where c.id > $1::text::bigint order by c.id limit $2::int`,
  ),
  insert: statement(
    'transfer.insert.consumer',
    `with given as materialized (
       select * from ${given(`id bigint, uuid text, project int, "user" int, type int, generation int, holds_slots boolean,
         created_us float8, updated_us float8, allocations json`)}),
     added as (
       insert into consumers (id, uuid, project_id, user_id, consumer_type_id, generation, holds_slots, created_at, updated_at)
       select id, uuid, project, "user", type, generation, holds_slots, ${time('created_us')}, ${time('updated_us')} from given),
     claimed as (
       insert into allocations (consumer_id, resource_provider_id, resource_class_id, used, created_at)
       select given.id, a.provider, a.class, a.used, ${time('a.created_us')}
         from given cross join lateral json_to_recordset(given.allocations)
              as a (provider int, class int, used int, created_us float8))
     insert into consumer_changes (id, uuid, generation) select ${LINE_ID}, uuid, generation from given`,
  ),
  count: statement<{ readonly count: number }>(
    'transfer.count.consumer',
    `select count(*)::float8 as count from consumers`,
  ),
};

const slotPool: RecordKind = {
  first: '',
  page: statement<{ readonly at: string }>(
    'transfer.page.slotPool',
    `select p.key as at, p.key, p.high, p.held, array(select f.slot from slot_free f where f.key = p.key order by 1) as free
       from slot_pools p where p.key > $1::text order by p.key limit $2::int`,
  ),
  insert: statement(
    'transfer.insert.slotPool',
    `with given as materialized (select * from ${given('key text, high int, held int, free json')}),
     added as (insert into slot_pools (key, high, held) select key, high, held from given)
     insert into slot_free (key, slot)
     select given.key, one.slot::int from given cross join lateral json_array_elements_text(given.free) as one (slot)`,
  ),
  count: statement<{ readonly count: number }>(
    'transfer.count.slotPool',
    `select count(*)::float8 as count from slot_pools`,
  ),
};

/** In the order in which they can be written: each names only what came before it. */
export const KINDS = {
  resource_class: plain('resourceClass', {
    table: 'resource_classes',
    reads: `t.id, t.name, ${us('t.created_at', 'created_us')}, ${us('t.updated_at', 'updated_us')}`,
    key: 'id',
    keyType: 'int',
    into: 'id, name, created_at, updated_at',
    values: `id, name, ${time('created_us')}, ${time('updated_us')}`,
    record: 'id int, name text, created_us float8, updated_us float8',
  }),
  trait: named('trait', 'traits', 'name'),
  aggregate: named('aggregate', 'aggregates', 'uuid'),
  project: named('project', 'projects', 'external_id'),
  user: named('user', 'users', 'external_id'),
  consumer_type: named('consumerType', 'consumer_types', 'name'),
  provider,
  consumer,
  slot_pool: slotPool,
  slot_lock: plain('slotLock', {
    table: 'slot_locks',
    reads: `t.id::float8 as id, t.key, t.slot, t.slot_limit as limit, t.consumer_id::float8 as consumer, t.owner,
            ${us('t.acquired_at', 'acquired_us')}, ${us('t.expires_at', 'expires_us')}`,
    key: 'id',
    keyType: 'bigint',
    into: 'id, key, slot, slot_limit, consumer_id, owner, acquired_at, expires_at',
    values: `id, key, slot, "limit", consumer, owner, ${time('acquired_us')}, ${time('expires_us')}`,
    record: `id bigint, key text, slot int, "limit" int, consumer bigint, owner text, acquired_us float8, expires_us float8`,
  }),
  lock_pool: plain('lockPool', {
    table: 'lock_pools',
    reads: 't.name, t.capacity',
    key: 'name',
    keyType: 'text',
    first: '',
    into: 'name, capacity',
    values: 'name, capacity',
    record: 'name text, capacity int',
  }),
  lockspace: plain('lockspace', {
    table: 'lockspaces',
    reads: `t.id, t.name, t.draining, t.lease_ms, t.grace_ms, t.forgotten::float8 as forgotten, ${us('t.created_at', 'created_us')}`,
    key: 'id',
    keyType: 'int',
    into: 'id, name, draining, lease_ms, grace_ms, forgotten, created_at',
    values: `id, name, draining, lease_ms, grace_ms, forgotten, ${time('created_us')}`,
    record: 'id int, name text, draining boolean, lease_ms int, grace_ms int, forgotten bigint, created_us float8',
  }),
  cluster_lock: plain('clusterLock', {
    table: 'cluster_locks',
    reads: `t.id::float8 as id, t.lockspace_id as lockspace, t.name, t.last_exclusive::float8 as last_exclusive`,
    key: 'id',
    keyType: 'bigint',
    into: 'id, lockspace_id, name, last_exclusive',
    values: 'id, lockspace, name, last_exclusive',
    record: 'id bigint, lockspace int, name text, last_exclusive bigint',
  }),
  cluster_lock_handle: plain('clusterLockHandle', {
    table: 'cluster_lock_handles',
    reads: `t.id, t.lockspace_id as lockspace, t.name, t.owner, t.prealloc, t.cache_read, t.cache_write, t.use_semaphore,
            ${us('t.created_at', 'created_us')}`,
    key: 'id',
    keyType: 'uuid',
    // No handle has it: they are random.
    first: '00000000-0000-0000-0000-000000000000',
    into: 'id, lockspace_id, name, owner, prealloc, cache_read, cache_write, use_semaphore, created_at',
    values: `id, lockspace, name, owner, prealloc, cache_read, cache_write, use_semaphore, ${time('created_us')}`,
    record: `id uuid, lockspace int, name text, owner text, prealloc boolean, cache_read boolean, cache_write boolean,
             use_semaphore boolean, created_us float8`,
  }),
} as const satisfies Record<string, RecordKind>;

/** All ids of providers, parents first. */
export const providerIds = statement<{ readonly ids: readonly number[] | null }>(
  'transfer.providerIds',
  `with recursive tree (id, depth) as (
     select id, 0 from resource_providers where parent_provider_id is null
     union all
     select child.id, tree.depth + 1 from tree join resource_providers child on child.parent_provider_id = tree.id)
   select array_agg(id order by depth, id) as ids from tree`,
);
