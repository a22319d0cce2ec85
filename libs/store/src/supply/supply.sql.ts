import { statement } from '../sql.js';

export const providers = statement<{
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_id: number | null;
  readonly root_id: number;
  readonly changed_at_ms: number;
}>(
  'supply.providers',
  `select id, uuid, name, generation, parent_provider_id as parent_id, root_provider_id as root_id,
          extract(epoch from coalesce(updated_at, created_at))::float8 * 1000 as changed_at_ms
     from resource_providers order by id`,
);

export const inventories = statement<{
  readonly provider_id: number;
  readonly class_id: number;
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
  readonly used: number;
}>(
  'supply.inventories',
  `select resource_provider_id as provider_id, resource_class_id as class_id, total, reserved, min_unit, max_unit, step_size,
          allocation_ratio, used::float8 as used
     from inventories order by resource_provider_id, resource_class_id`,
);

export const providerTraits = statement<{ readonly provider_id: number; readonly trait_id: number }>(
  'supply.providerTraits',
  `select resource_provider_id as provider_id, trait_id from resource_provider_traits order by 1, 2`,
);

export const providerAggregates = statement<{ readonly provider_id: number; readonly aggregate: string }>(
  'supply.providerAggregates',
  `select rpa.resource_provider_id as provider_id, a.uuid as aggregate
     from resource_provider_aggregates rpa join aggregates a on a.id = rpa.aggregate_id order by 1, rpa.aggregate_id`,
);

export const traits = statement<{ readonly id: number; readonly name: string }>(
  'supply.traits',
  `select id, name from traits order by id`,
);

export const resourceClasses = statement<{ readonly id: number; readonly name: string }>(
  'supply.resourceClasses',
  `select id, name from resource_classes order by id`,
);
