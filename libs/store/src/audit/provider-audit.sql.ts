import { statement } from '../sql.js';

export interface RootRow {
  readonly id: number;
  readonly uuid: string;
}

/** Roots behind $1 that have the trait $2. */
export const listMarkedRoots = statement<RootRow>(
  'providerAudit.listMarkedRoots',
  `select rp.id, rp.uuid
     from traits t join resource_provider_traits rpt on rpt.trait_id = t.id
     join resource_providers rp on rp.id = rpt.resource_provider_id and rp.root_provider_id = rp.id
    where t.name = $2::text and rp.id > $1::int
    order by rp.id limit $3::int`,
);

/** Those of the uuids that are roots. */
export const listRoots = statement<RootRow>(
  'providerAudit.listRoots',
  `select id, uuid from resource_providers where uuid = any($1::text[]) and root_provider_id = id order by id`,
);

export const listAllocated = statement<{ readonly id: number }>(
  'providerAudit.listAllocated',
  `select wanted.id from unnest($1::int[]) as wanted (id)
    where exists (select 1 from allocations a where a.resource_provider_id = wanted.id)`,
);

/** Keeps whoever would take the mark away waiting until the end of the transaction. */
export const lockRoot = statement(
  'providerAudit.lockRoot',
  `select 1 from resource_providers where id = $1::int for no key update`,
);

/** Whether provider $1 still is of the tree $2, and its root still has the trait $3 (null: needs none). */
export const isMeant = statement<{ readonly meant: boolean }>(
  'providerAudit.isMeant',
  `select exists (select 1 from resource_providers where uuid = $1::text and root_provider_id = $2::int)
      and ($3::text is null or exists (
        select 1 from resource_provider_traits rpt join traits t on t.id = rpt.trait_id
         where rpt.resource_provider_id = $2::int and t.name = $3::text)) as meant`,
);

/** The ancestor of a provider that has no parent; none where parents run in a circle. */
const TOP = (provider: string): string => `
  (with recursive above as (
     select id, parent_provider_id, array[id] as path from resource_providers where id = ${provider}
      union all
     select p.id, p.parent_provider_id, above.path || p.id
       from above join resource_providers p on p.id = above.parent_provider_id and p.id <> all(above.path))
   select id from above where parent_provider_id is null)`;

export interface MisfiledRow {
  readonly last_id: number;
  readonly scanned: number;
  /** null: nothing in this portion. */
  readonly id: number | null;
  readonly uuid: string;
  readonly root_uuid: string;
  /** null: its parents run in a circle. */
  readonly top_uuid: string | null;
}

/** A portion of all providers behind $1: those that are filed under another root than their topmost ancestor. */
export const listMisfiled = statement<MisfiledRow>(
  'providerAudit.listMisfiled',
  `with page as materialized (
     select id, uuid, root_provider_id, case when parent_provider_id is null then id else ${TOP('rp.id')} end as top_id
       from (select * from resource_providers where id > $1::int order by id limit $2::int) as rp),
   ended as (select id as last_id, (select count(*) from page)::int as scanned from page order by id desc limit 1)
   select ended.last_id, ended.scanned, found.id, found.uuid, root.uuid as root_uuid, top.uuid as top_uuid
     from ended
     left join page found on found.root_provider_id is distinct from found.top_id
     left join resource_providers root on root.id = found.root_provider_id
     left join resource_providers top on top.id = found.top_id
    order by found.id`,
);

export const findTop = statement<{ readonly top: number | null }>(
  'providerAudit.findTop',
  `select ${TOP('$1::int')} as top`,
);
