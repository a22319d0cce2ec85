import { statement } from '../sql.js';

/** Stands for the names of traits and classes, where a provider's id stands otherwise. */
export const NAMES = 0;

/** Where the id of a consumer's line comes from: the sequence of the other log, so that both have one order. */
export const LINE_ID = `nextval('supply_changes_id_seq')`;

/** Also of a provider that is not there any more, and of NAMES: such a line has no uuid. */
export const mark = statement(
  'change.mark',
  `insert into supply_changes (resource_provider_id, shape, uuid, generation)
   select changed.id, $2::boolean, rp.uuid, rp.generation
     from unnest($1::int[]) as changed (id) left join resource_providers rp on rp.id = changed.id`,
);

/** Eight numbers an inventory, comma separated, one inventory after the other: half of what json costs both sides. */
const INVENTORIES = `
  (select string_agg(concat_ws(',', i.resource_class_id, i.total, i.reserved, i.min_unit, i.max_unit, i.step_size,
                               i.allocation_ratio, i.used), ',')
     from inventories i where i.resource_provider_id = rp.id)`;

/** Ids, comma separated in braces. */
const TRAITS = `
  array(select t.trait_id from resource_provider_traits t where t.resource_provider_id = rp.id)::text`;

const AGGREGATES = `
  (select coalesce(string_agg(a.uuid, ','), '')
     from resource_provider_aggregates rpa join aggregates a on a.id = rpa.aggregate_id
    where rpa.resource_provider_id = rp.id)`;

/** Ids instead, comma separated in braces: whoever reads a fleet knows the few texts behind them. */
const AGGREGATE_IDS = `
  array(select rpa.aggregate_id from resource_provider_aggregates rpa where rpa.resource_provider_id = rp.id)::text`;

const PROVIDER = `
  rp.id, rp.uuid, rp.name, rp.generation, rp.parent_provider_id as parent_id, rp.root_provider_id as root_id,
  extract(epoch from coalesce(rp.updated_at, rp.created_at))::float8 * 1000 as changed_at_ms`;

export interface WholeProviderRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_id: number | null;
  readonly root_id: number;
  readonly changed_at_ms: number;
  /** null: it has none. */
  readonly inventories: string | null;
  readonly traits: string | null;
  readonly aggregates: string | null;
}

/** Where a reading stands, as the database writes it. */
export const snapshotNow = statement<{ readonly at: string }>(
  'change.snapshotNow',
  `select txid_current_snapshot()::text as at`,
);

export const page = statement<WholeProviderRow>(
  'change.page',
  `select ${PROVIDER}, ${INVENTORIES} as inventories, ${TRAITS} as traits, ${AGGREGATE_IDS} as aggregates
     from resource_providers rp where rp.id > $1::int order by rp.id limit $2::int`,
);

export type SinceRow = Partial<WholeProviderRow> & {
  readonly now: string;
  /** Whether changes since then may have been forgotten. */
  readonly forgotten: boolean;
  /** null: nothing has changed. */
  readonly changed_id: number | null;
};

/**
 * What was committed since the reading `$1`: stamped at or after its xmin and not visible in it. No gaps, whatever
 * the order of commits, long transactions included. One statement, so that all of it is one state of the database.
 */
export const since = statement<SinceRow>(
  'change.since',
  `with changed as (
     select c.resource_provider_id as id, bool_or(c.shape) as shape
       from supply_changes c
      where c.stamp >= txid_snapshot_xmin($1::text::txid_snapshot)
        and not txid_visible_in_snapshot(c.stamp, $1::text::txid_snapshot)
      group by c.resource_provider_id)
   select txid_current_snapshot()::text as now,
          (select f.stamp >= txid_snapshot_xmin($1::text::txid_snapshot) from supply_changes_floor f where f.id = 1) as forgotten,
          changed.id as changed_id, ${PROVIDER}, ${INVENTORIES} as inventories,
          case when changed.shape then ${TRAITS} end as traits,
          case when changed.shape then ${AGGREGATES} end as aggregates
     from (select 1) as always
     left join changed on true
     left join resource_providers rp on rp.id = changed.id`,
);

export const traits = statement<{ readonly id: number; readonly name: string }>(
  'change.traits',
  `select id, name from traits order by id`,
);

export const resourceClasses = statement<{ readonly id: number; readonly name: string }>(
  'change.resourceClasses',
  `select id, name from resource_classes order by id`,
);

export const aggregates = statement<{ readonly id: number; readonly uuid: string }>(
  'change.aggregates',
  `select id, uuid from aggregates`,
);

/** The plan must not depend on what the planner thinks of the table today: always the index on the stamp. */
export const tune = `set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off;
set enable_hashjoin = off; set enable_mergejoin = off; set jit = off`;
