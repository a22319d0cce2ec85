import { LINE_ID } from '../change/change.sql.js';
import { statement } from '../sql.js';

const given = (columns: string): string => `json_to_recordset($1::json) as given (${columns})`;

/** What was copied of a provider, and at which generation of the source; null: not yet. */
export interface CopiedRow {
  readonly uuid: string;
  readonly name: string;
  readonly parent: string | null;
  readonly root: string;
  readonly supply: number | null;
  readonly demand: number | null;
}

export const listCopied = statement<CopiedRow>(
  'copy.list',
  `select rp.uuid, rp.name, parent.uuid as parent, root.uuid as root, m.supply, m.demand
     from resource_providers rp
     join resource_providers root on root.id = rp.root_provider_id
     left join resource_providers parent on parent.id = rp.parent_provider_id
     left join transfer_marks m on m.uuid = rp.uuid
    order by rp.id`,
);

/** In the order given, which is that of the source. Their places in trees come afterwards: parents may be among them. */
export const addProviders = statement(
  'copy.addProviders',
  `with wanted as materialized (
     select nextval(pg_get_serial_sequence('resource_providers', 'id'))::int as id, uuid, name
       from (select * from unnest($1::text[], $2::text[]) with ordinality as one (uuid, name, place) order by place) as one),
   added as (
     insert into resource_providers (id, uuid, name, root_provider_id) select id, uuid, name, id from wanted
     returning id, uuid, generation)
   insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, generation from added`,
);

/** Free names first, so that names can be exchanged. */
export const vacateNames = statement(
  'copy.vacateNames',
  `update resource_providers set name = repeat('~', 164) || uuid where uuid = any($1::text[])`,
);

export const placeProviders = statement(
  'copy.placeProviders',
  `with placed as (
     update resource_providers rp set name = wanted.name, parent_provider_id = parent.id, root_provider_id = root.id
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as wanted (uuid, name, parent, root)
       join resource_providers root on root.uuid = wanted.root
       left join resource_providers parent on parent.uuid = wanted.parent
      where rp.uuid = wanted.uuid
     returning rp.id, rp.uuid, rp.generation)
   insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, generation from placed`,
);

/** Out of the tree before they go, whatever the order. */
export const uproot = statement(
  'copy.uproot',
  `update resource_providers set parent_provider_id = null, root_provider_id = id where uuid = any($1::text[])`,
);

const BELONGINGS = ['inventories', 'resource_provider_traits', 'resource_provider_aggregates'];
const OF_PROVIDERS = `resource_provider_id in (select id from resource_providers where uuid = any($1::text[]))`;

export const REMOVE_PROVIDERS = [
  ...BELONGINGS.map((table) => statement(`copy.remove.${table}`, `delete from ${table} where ${OF_PROVIDERS}`)),
  statement('copy.remove.marks', `delete from transfer_marks where uuid = any($1::text[])`),
  statement(
    'copy.remove.providers',
    `with gone as (delete from resource_providers where uuid = any($1::text[]) returning id, uuid, generation)
     insert into supply_changes (resource_provider_id, shape, uuid, generation, deleted)
     select id, true, uuid, generation, true from gone`,
  ),
];

export const addTraits = statement(
  'copy.addTraits',
  `insert into traits (name)
   select wanted.name from unnest($1::text[]) with ordinality as wanted (name, place)
    where not exists (select 1 from traits t where t.name = wanted.name) order by wanted.place`,
);

/** What is no standard class here gets the next ids of custom ones. */
export const addClasses = statement(
  'copy.addClasses',
  `insert into resource_classes (id, name)
   select greatest((select max(id) from resource_classes) + 1, $2::int) + row_number() over (order by wanted.place) - 1, wanted.name
     from unnest($1::text[]) with ordinality as wanted (name, place)
    where not exists (select 1 from resource_classes c where c.name = wanted.name)`,
);

/** Custom names that the source has no more. */
export const dropTraits = statement(
  'copy.dropTraits',
  `delete from traits t where t.name <> all($1::text[]) and starts_with(t.name, $2::text)
      and not exists (select 1 from resource_provider_traits rpt where rpt.trait_id = t.id)`,
);
export const dropClasses = statement(
  'copy.dropClasses',
  `delete from resource_classes c where c.name <> all($1::text[]) and starts_with(c.name, $2::text)
      and not exists (select 1 from inventories i where i.resource_class_id = c.id)`,
);

/** Consumers that hold something of an inventory that is to go: what the source says of them now is read again. */
export const listStranded = statement<{ readonly uuid: string }>(
  'copy.listStranded',
  `select distinct c.uuid
     from ${given('uuid text, inventories json')}
     join resource_providers rp on rp.uuid = given.uuid
     join allocations a on a.resource_provider_id = rp.id
     join resource_classes rc on rc.id = a.resource_class_id
     join consumers c on c.id = a.consumer_id
    where rc.name not in (select i.class from json_to_recordset(given.inventories) as i (class text))`,
);

const WANTED = `wanted as materialized (
     select rp.id, given.* from ${given('uuid text, generation int, inventories json, traits json, aggregates json')}
       join resource_providers rp on rp.uuid = given.uuid),`;

/** What a provider has by itself becomes that of the source; how much is used stays. */
export const PUT_SUPPLY = [
  statement(
    'copy.dropInventories',
    `delete from inventories i using ${given('uuid text, inventories json')}
       join resource_providers rp on rp.uuid = given.uuid
      where i.resource_provider_id = rp.id and i.resource_class_id not in (
        select rc.id from json_to_recordset(given.inventories) as one (class text) join resource_classes rc on rc.name = one.class)`,
  ),
  statement(
    'copy.putInventories',
    `insert into inventories as i (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size,
                                   allocation_ratio)
     select rp.id, rc.id, one.total, one.reserved, one.min_unit, one.max_unit, one.step_size, one.allocation_ratio
       from ${given('uuid text, inventories json')}
       join resource_providers rp on rp.uuid = given.uuid
      cross join lateral json_to_recordset(given.inventories) as one (class text, total int, reserved int, min_unit int,
            max_unit int, step_size int, allocation_ratio float8)
       join resource_classes rc on rc.name = one.class
     on conflict (resource_provider_id, resource_class_id) do update
        set total = excluded.total, reserved = excluded.reserved, min_unit = excluded.min_unit,
            max_unit = excluded.max_unit, step_size = excluded.step_size, allocation_ratio = excluded.allocation_ratio`,
  ),
  ...['resource_provider_traits', 'resource_provider_aggregates'].map((table) =>
    statement(
      `copy.drop.${table}`,
      `delete from ${table} where resource_provider_id in (
         select rp.id from ${given('uuid text')} join resource_providers rp on rp.uuid = given.uuid)`,
    ),
  ),
  statement(
    'copy.putTraits',
    `insert into resource_provider_traits (resource_provider_id, trait_id)
     select rp.id, t.id from ${given('uuid text, traits json')} join resource_providers rp on rp.uuid = given.uuid
      cross join lateral json_array_elements_text(given.traits) as one (name) join traits t on t.name = one.name`,
  ),
  statement(
    'copy.addAggregates',
    `insert into aggregates (uuid)
     select distinct one.uuid from ${given('aggregates json')}
      cross join lateral json_array_elements_text(given.aggregates) as one (uuid)
      where not exists (select 1 from aggregates a where a.uuid = one.uuid)`,
  ),
  statement(
    'copy.putAggregates',
    `insert into resource_provider_aggregates (resource_provider_id, aggregate_id)
     select rp.id, a.id from ${given('uuid text, aggregates json')} join resource_providers rp on rp.uuid = given.uuid
      cross join lateral json_array_elements_text(given.aggregates) as one (uuid) join aggregates a on a.uuid = one.uuid`,
  ),
  statement(
    'copy.markSupply',
    `with ${WANTED}
     numbered as (
       update resource_providers rp set generation = wanted.generation from wanted where rp.id = wanted.id),
     marked as (
       insert into transfer_marks (uuid, supply) select uuid, generation from wanted
       on conflict (uuid) do update set supply = excluded.supply)
     insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, generation from wanted`,
  ),
];

export interface CopiedHoldRow {
  readonly provider: string;
  readonly consumer: string;
  readonly generation: number;
  readonly resource_class: string;
  readonly used: number;
}

/** What is held of providers here. */
export const listHeld = statement<CopiedHoldRow>(
  'copy.listHeld',
  `select rp.uuid as provider, c.uuid as consumer, c.generation, rc.name as resource_class, a.used
     from resource_providers rp
     join allocations a on a.resource_provider_id = rp.id
     join resource_classes rc on rc.id = a.resource_class_id
     join consumers c on c.id = a.consumer_id
    where rp.uuid = any($1::text[])`,
);

const HOLDERS = `holders as materialized (select id, uuid, generation from consumers where uuid = any($1::text[]))`;

/** Consumers with all that they hold; what is used falls with it. */
export const DROP_CONSUMERS = [
  statement(
    'copy.unuse',
    `with ${HOLDERS},
     sums as materialized (
       select a.resource_provider_id, a.resource_class_id, sum(a.used) as used
         from holders join allocations a on a.consumer_id = holders.id group by 1, 2),
     counted as (
       update inventories i set used = i.used - sums.used from sums
        where i.resource_provider_id = sums.resource_provider_id and i.resource_class_id = sums.resource_class_id)
     insert into supply_changes (resource_provider_id, shape, uuid, generation)
     select rp.id, false, rp.uuid, rp.generation from resource_providers rp
      where rp.id in (select resource_provider_id from sums)`,
  ),
  statement(
    'copy.dropAllocations',
    `delete from allocations where consumer_id in (select id from consumers where uuid = any($1::text[]))`,
  ),
  statement(
    'copy.dropConsumers',
    `with gone as (delete from consumers where uuid = any($1::text[]) returning uuid, generation)
     insert into consumer_changes (id, uuid, generation, deleted) select ${LINE_ID}, uuid, generation, true from gone`,
  ),
];

/** Those of the pairs of provider and class of which nobody can hold anything here. */
export const listMissing = statement<{ readonly provider: string; readonly resource_class: string }>(
  'copy.listMissing',
  `select wanted.provider, wanted.resource_class
     from unnest($1::text[], $2::text[]) as wanted (provider, resource_class)
    where not exists (
      select 1 from resource_providers rp
        join inventories i on i.resource_provider_id = rp.id
        join resource_classes rc on rc.id = i.resource_class_id
       where rp.uuid = wanted.provider and rc.name = wanted.resource_class)`,
);

export const ADD_CONSUMERS = [
  statement(
    'copy.addConsumers',
    `with added as (
       insert into consumers (uuid, project_id, user_id, consumer_type_id, generation)
       select given.uuid, p.id, u.id, t.id, given.generation
         from ${given('uuid text, project text, "user" text, type text, generation int')}
         join projects p on p.external_id = given.project
         join users u on u.external_id = given."user"
         left join consumer_types t on t.name = given.type
       returning id, uuid, generation)
     insert into consumer_changes (id, uuid, generation) select ${LINE_ID}, uuid, generation from added`,
  ),
  statement(
    'copy.addAllocations',
    `with held as materialized (
       select c.id as consumer_id, rp.id as provider_id, rp.uuid, rp.generation, rc.id as class_id, one.used
         from ${given('uuid text, allocations json')}
         join consumers c on c.uuid = given.uuid
        cross join lateral json_to_recordset(given.allocations) as one (provider text, class text, used int)
         join resource_providers rp on rp.uuid = one.provider
         join resource_classes rc on rc.name = one.class),
     claimed as (
       insert into allocations (consumer_id, resource_provider_id, resource_class_id, used)
       select consumer_id, provider_id, class_id, used from held),
     counted as (
       update inventories i set used = i.used + sums.used
         from (select provider_id, class_id, sum(used) as used from held group by 1, 2) as sums
        where i.resource_provider_id = sums.provider_id and i.resource_class_id = sums.class_id)
     insert into supply_changes (resource_provider_id, shape, uuid, generation)
     select distinct provider_id, false, uuid, generation from held`,
  ),
];

export const markDemand = statement(
  'copy.markDemand',
  `update transfer_marks m set demand = wanted.generation
     from unnest($1::text[], $2::int[]) as wanted (uuid, generation) where m.uuid = wanted.uuid`,
);

export const unmarkDemand = statement(
  'copy.unmarkDemand',
  `update transfer_marks set demand = null where uuid = any($1::text[])`,
);

/** What is used of each inventory. */
export const listUsed = statement<{ readonly uuid: string; readonly resource_class: string; readonly used: number }>(
  'copy.listUsed',
  `select rp.uuid, rc.name as resource_class, i.used::float8 as used
     from resource_providers rp
     join inventories i on i.resource_provider_id = rp.id
     join resource_classes rc on rc.id = i.resource_class_id
    where rp.uuid = any($1::text[])`,
);
