import type { InventoryRow } from '../ledger/ledger.sql.js';
import { statement } from '../sql.js';

export const listByProviders = statement<InventoryRow>(
  'inventory.listByProviders',
  `select i.resource_provider_id, i.resource_class_id, rc.name as resource_class, i.total, i.reserved, i.min_unit,
          i.max_unit, i.step_size, i.allocation_ratio, i.used::float8 as used
     from inventories i join resource_classes rc on rc.id = i.resource_class_id
    where i.resource_provider_id = any($1::int[])
    order by i.resource_provider_id, i.resource_class_id`,
);

/** The record stays the same row with its `used`; every other field is replaced. */
export const upsert = statement(
  'inventory.upsert',
  `insert into inventories as i (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size,
                                 allocation_ratio)
   select wanted.* from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::float8[])
          as wanted
   on conflict (resource_provider_id, resource_class_id) do update
      set total = excluded.total, reserved = excluded.reserved, min_unit = excluded.min_unit,
          max_unit = excluded.max_unit, step_size = excluded.step_size, allocation_ratio = excluded.allocation_ratio,
          updated_at = now()`,
);

/** Nothing that is used can be removed, whatever was decided before. */
export const removeUnused = statement(
  'inventory.removeUnused',
  `delete from inventories i
    using unnest($1::int[], $2::int[]) as gone (provider_id, class_id)
    where i.resource_provider_id = gone.provider_id and i.resource_class_id = gone.class_id and i.used = 0`,
);

export const deleteByProvider = statement(
  'inventory.deleteByProvider',
  `delete from inventories where resource_provider_id = $1::int`,
);

/**
 * The last line of defence against giving out too much: an increase that doesn't fit updates nothing. A decrease
 * always fits, so that an over-committed provider can be relieved (spec allocations.md §6, 2.3).
 */
export const addUsed = statement(
  'inventory.addUsed',
  `update inventories i set used = i.used + change.delta
     from unnest($1::int[], $2::int[], $3::bigint[]) as change (provider_id, class_id, delta)
    where i.resource_provider_id = change.provider_id and i.resource_class_id = change.class_id
      and (change.delta < 0 or i.used + change.delta <= (i.total - i.reserved) * i.allocation_ratio)`,
);

export const someUsed = statement<{ readonly used: boolean }>(
  'inventory.someUsed',
  `select exists (select 1 from inventories where resource_provider_id = $1::int and used > 0) as used`,
);

export const classInUse = statement<{ readonly used: boolean }>(
  'inventory.classInUse',
  `select exists (select 1 from inventories where resource_class_id = $1::int) as used`,
);
