import { statement } from '../sql.js';

export interface HoldingRow {
  readonly consumer_id: string;
  readonly resource_provider_id: number;
  readonly resource_class_id: number;
  readonly used: number;
}

/**
 * What the consumers `$1` hold. Run it after their rows were locked. No join, here and below: a plan from when both tables
 * were empty may walk them, and to walk one for each row of the other takes minutes once there are some thousand rows.
 */
export const listHoldings = statement<HoldingRow>(
  'ledger.listHoldings',
  `select consumer_id, resource_provider_id, resource_class_id, used
     from allocations where consumer_id = any(array(select id from consumers where uuid = any($1::text[])))`,
);

/** The ids of the providers that a group names (`$1`) or that its consumers (`$2`) hold from. */
const CONCERNED = `
  any(array(select id from resource_providers where uuid = any($1::text[])
            union all
            select resource_provider_id from allocations
             where consumer_id = any(array(select id from consumers where uuid = any($2::text[])))))`;

/**
 * The providers concerned, locked in id order: writers who want several wait for one another and never in a circle.
 * What is read after it is read alone.
 */
export const lockProviders = statement<{ readonly id: number; readonly uuid: string; readonly generation: number }>(
  'ledger.lockProviders',
  `select id, uuid, generation
     from resource_providers
    where id = ${CONCERNED}
    order by id
      for no key update`,
);

export interface InventoryRow {
  readonly resource_provider_id: number;
  readonly resource_class_id: number;
  readonly resource_class: string;
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
  readonly used: number;
}

/** The inventories of the providers concerned; by their names again, so that it needs no answer of the one before it. */
export const listInventories = statement<InventoryRow>(
  'ledger.listInventories',
  `select i.resource_provider_id, i.resource_class_id, rc.name as resource_class, i.total, i.reserved, i.min_unit,
          i.max_unit, i.step_size, i.allocation_ratio, i.used::float8 as used
     from inventories i join resource_classes rc on rc.id = i.resource_class_id
    where i.resource_provider_id = ${CONCERNED}`,
);

export const listTraits = statement<{ readonly resource_provider_id: number; readonly trait_id: number }>(
  'ledger.listTraits',
  `select rpt.resource_provider_id, rpt.trait_id
     from resource_providers rp join resource_provider_traits rpt on rpt.resource_provider_id = rp.id
    where rp.uuid = any($1::text[])`,
);

export interface NewcomersRow {
  readonly now_ms: number;
  readonly uuids: readonly string[];
  readonly names: readonly string[];
}

/** Which of the uuids and names are taken, and the transaction's time. */
export const readNewcomers = statement<NewcomersRow>(
  'ledger.readNewcomers',
  `select extract(epoch from now())::float8 * 1000 as now_ms,
          array(select uuid::text from resource_providers where uuid = any($1::text[])) as uuids,
          array(select name::text from resource_providers where name = any($2::text[])) as names`,
);

/** The roots of parents. Run it after the parents were locked: no subtree that has one of them can move then. */
export const listRoots = statement<{ readonly parent_uuid: string; readonly id: number; readonly uuid: string }>(
  'ledger.listRoots',
  `select parent.uuid as parent_uuid, root.id, root.uuid
     from resource_providers parent join resource_providers root on root.id = parent.root_provider_id
    where parent.uuid = any($1::text[])`,
);
