import { statement } from '../sql.js';

/** A portion of all inventories behind ($1, $2), and where it ends. */
const PAGE = `page as materialized (
     select * from inventories
      where (resource_provider_id, resource_class_id) > ($1::int, $2::int)
      order by resource_provider_id, resource_class_id limit $3::int),
   ended as (
     select resource_provider_id as last_provider, resource_class_id as last_class, (select count(*) from page)::int as scanned
       from page order by resource_provider_id desc, resource_class_id desc limit 1)`;

export interface InventoryPageRow {
  readonly last_provider: number;
  readonly last_class: number;
  readonly scanned: number;
  /** null: nothing in this portion. */
  readonly provider_id: number | null;
  readonly class_id: number;
  readonly uuid: string;
  readonly resource_class: string;
  readonly used: number;
  /** What is allocated, or what there is room for. */
  readonly expected: number;
}

const SHOWN = `ended.last_provider, ended.last_class, ended.scanned, found.resource_provider_id as provider_id,
          found.resource_class_id as class_id, rp.uuid, rc.name as resource_class, found.used::float8 as used,
          found.expected::float8 as expected`;

const NAMED = `left join resource_providers rp on rp.id = found.resource_provider_id
     left join resource_classes rc on rc.id = found.resource_class_id
    order by found.resource_provider_id, found.resource_class_id`;

const ALLOCATED = (of: string, provider: string, resourceClass: string): string =>
  `(select coalesce(sum(a.used), 0) from allocations a
     where a.resource_provider_id = ${of}.${provider} and a.resource_class_id = ${of}.${resourceClass})`;

/** Whose `used` is not the sum of the allocations. One statement: both are of one moment. */
export const listDrift = statement<InventoryPageRow>(
  'inventoryAudit.listDrift',
  `with ${PAGE}, counted as (
     select page.*, ${ALLOCATED('page', 'resource_provider_id', 'resource_class_id')} as expected from page)
   select ${SHOWN} from ended left join counted found on found.used <> found.expected ${NAMED}`,
);

/** Of which more is used than there is room for, as after an inventory has shrunk. */
export const listExceeded = statement<InventoryPageRow>(
  'inventoryAudit.listExceeded',
  `with ${PAGE}, counted as (
     select page.*, (page.total - page.reserved) * page.allocation_ratio as expected from page)
   select ${SHOWN} from ended left join counted found on found.used > found.expected ${NAMED}`,
);

/** Run it after the provider's row lock was had: it counts what was committed until then. */
export const setUsed = statement(
  'inventoryAudit.setUsed',
  `update inventories i set used = counted.allocated
     from (select wanted.*, ${ALLOCATED('wanted', 'provider_id', 'class_id')} as allocated
             from (select $1::int as provider_id, $2::int as class_id) as wanted) as counted
    where i.resource_provider_id = counted.provider_id and i.resource_class_id = counted.class_id
      and i.used <> counted.allocated`,
);
