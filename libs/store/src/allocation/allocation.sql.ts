import { statement } from '../sql.js';

export const deleteByConsumerIds = statement(
  'allocation.deleteByConsumerIds',
  `delete from allocations where consumer_id = any($1::bigint[])`,
);

export const insert = statement(
  'allocation.insert',
  `insert into allocations (consumer_id, resource_provider_id, resource_class_id, used)
   select * from unnest($1::bigint[], $2::int[], $3::int[], $4::int[])`,
);

export interface ConsumerAllocationRow {
  readonly consumer_uuid: string;
  readonly provider_uuid: string;
  readonly provider_generation: number;
  readonly resource_class: string;
  readonly used: number;
  readonly created_at: Date;
  readonly project: string;
  readonly user: string;
  readonly consumer_generation: number;
  readonly consumer_type: string | null;
  readonly slot_locks: readonly { key: string; slot: number; limit: number; since_ms: number }[] | null;
}

/**
 * From the consumer outwards, whatever PostgreSQL knows of the tables: look-ups in the list of columns and an order
 * inside a lateral can't be joined in another way. Where it has no statistics yet, as on a new database, it would
 * otherwise read all allocations, or all consumers of a project (24 and 14 ms at 100,000 consumers instead of 0.2).
 */
export const listByConsumers = statement<ConsumerAllocationRow>(
  'allocation.listByConsumers',
  `select c.uuid as consumer_uuid, held.*, c.generation as consumer_generation,
          (select p.external_id from projects p where p.id = c.project_id) as project,
          (select u.external_id from users u where u.id = c.user_id) as user,
          (select t.name from consumer_types t where t.id = c.consumer_type_id) as consumer_type,
          case when c.holds_slots then (
             select json_agg(json_build_object('key', s.key, 'slot', s.slot, 'limit', s.slot_limit,
                                               'since_ms', (extract(epoch from s.acquired_at) * 1000)::float8) order by s.key)
               from slot_locks s where s.consumer_id = c.id) end as slot_locks
     from consumers c
    cross join lateral (
       select rp.uuid as provider_uuid, rp.generation as provider_generation, rc.name as resource_class, a.used, a.created_at
         from allocations a
         join resource_providers rp on rp.id = a.resource_provider_id
         join resource_classes rc on rc.id = a.resource_class_id
        where a.consumer_id = c.id
        order by a.resource_provider_id, a.resource_class_id) as held
    where c.uuid = any($1::text[])`,
);

export interface ProviderAllocationsRow {
  readonly provider_uuid: string;
  readonly provider_generation: number;
  /** null: nothing is held. Else as `parseHeld` reads it: a line a consumer, `uuid generation class used class used …`. */
  readonly held: string | null;
  /** ms since the epoch */
  readonly newest_ms: number | null;
}

/**
 * A row a provider, however much is held of it: rows and columns cost more here than what stands in them (0.55 ms for 20
 * consumers of 3 classes with a row an amount, service and database together; 0.22 so). The consumer is looked up
 * once, not once an amount, and in the list of columns, so that no plan can start from all consumers.
 */
export const listByProviders = statement<ProviderAllocationsRow>(
  'allocation.listByProviders',
  `select rp.uuid as provider_uuid, rp.generation as provider_generation, held.held, held.newest_ms
     from resource_providers rp
    cross join lateral (
       select string_agg((select c.uuid || ' ' || c.generation from consumers c where c.id = one.consumer_id)
                           || ' ' || one.amounts, E'\\n' order by one.consumer_id) as held,
              extract(epoch from max(one.newest))::float8 * 1000 as newest_ms
         from (select a.consumer_id, max(a.created_at) as newest,
                      string_agg(rc.name || ' ' || a.used, ' ' order by a.resource_class_id) as amounts
                 from allocations a
                 join resource_classes rc on rc.id = a.resource_class_id
                where a.resource_provider_id = rp.id
                group by a.consumer_id) as one) as held
    where rp.uuid = any($1::text[])`,
);
