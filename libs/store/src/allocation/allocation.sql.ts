import { statement } from '../sql.js';

export interface HoldingRow {
  readonly consumer_id: string;
  readonly resource_provider_id: number;
  readonly resource_class_id: number;
  readonly used: number;
}

export const listByConsumerIds = statement<HoldingRow>(
  'allocation.listByConsumerIds',
  `select consumer_id, resource_provider_id, resource_class_id, used
     from allocations where consumer_id = any($1::bigint[])`,
);

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
}

export const listByConsumers = statement<ConsumerAllocationRow>(
  'allocation.listByConsumers',
  `select c.uuid as consumer_uuid, rp.uuid as provider_uuid, rp.generation as provider_generation, rc.name as resource_class, a.used, a.created_at,
          p.external_id as project, u.external_id as user, c.generation as consumer_generation, t.name as consumer_type
     from consumers c
     join projects p on p.id = c.project_id
     join users u on u.id = c.user_id
     left join consumer_types t on t.id = c.consumer_type_id
     join allocations a on a.consumer_id = c.id
     join resource_providers rp on rp.id = a.resource_provider_id
     join resource_classes rc on rc.id = a.resource_class_id
    where c.uuid = any($1::text[])
    order by c.id, a.resource_provider_id, a.resource_class_id`,
);

/** A provider of which nothing is held has one row, without a consumer. */
export interface ProviderAllocationRow {
  readonly provider_uuid: string;
  readonly provider_generation: number;
  readonly consumer_uuid: string | null;
  readonly consumer_generation: number;
  readonly resource_class: string;
  readonly used: number;
  readonly created_at: Date;
}

export const listByProviders = statement<ProviderAllocationRow>(
  'allocation.listByProviders',
  `select rp.uuid as provider_uuid, rp.generation as provider_generation, held.*
     from resource_providers rp
     left join lateral (
       select c.uuid as consumer_uuid, c.generation as consumer_generation, rc.name as resource_class, a.used, a.created_at
         from allocations a
         join consumers c on c.id = a.consumer_id
         join resource_classes rc on rc.id = a.resource_class_id
        where a.resource_provider_id = rp.id
        order by a.consumer_id, a.resource_class_id) as held on true
    where rp.uuid = any($1::text[])`,
);
