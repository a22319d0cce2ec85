import { statement } from '../sql.js';

export interface ProviderRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_id: number | null;
  readonly parent_uuid: string | null;
  readonly root_id: number;
  readonly root_uuid: string;
  readonly changed_at: Date;
}

const COLUMNS = `
  rp.id, rp.uuid, rp.name, rp.generation, rp.parent_provider_id as parent_id, parent.uuid as parent_uuid,
  rp.root_provider_id as root_id, root.uuid as root_uuid, coalesce(rp.updated_at, rp.created_at) as changed_at`;

export const findByUuid = statement<ProviderRow>(
  'provider.findByUuid',
  `select ${COLUMNS}
     from resource_providers rp
     join resource_providers root on root.id = rp.root_provider_id
     left join resource_providers parent on parent.id = rp.parent_provider_id
    where rp.uuid = $1::text`,
);

/** The named providers and all members of the trees that they are in, by id. */
export const listTrees = statement<ProviderRow>(
  'provider.listTrees',
  `select ${COLUMNS}
     from resource_providers rp
     join resource_providers root on root.id = rp.root_provider_id
     left join resource_providers parent on parent.id = rp.parent_provider_id
    where rp.root_provider_id in (select root_provider_id from resource_providers where uuid = any($1::text[]))
    order by rp.id`,
);

/** Lets names be exchanged: what is to be renamed leaves its old name first. No client can ask for such a name. */
export const vacateNames = statement(
  'provider.vacateNames',
  `update resource_providers set name = repeat('~', 164) || uuid where id = any($1::int[])`,
);

/** All that hangs on a root and is filed under another one. */
export const fileUnderRoot = statement<{ readonly id: number }>(
  'provider.fileUnderRoot',
  `with recursive subtree as (
     select id from resource_providers where id = $1::int
     union
     select child.id from resource_providers child join subtree on child.parent_provider_id = subtree.id)
   update resource_providers rp set root_provider_id = $1::int, updated_at = now()
     from subtree
    where rp.id = subtree.id and rp.root_provider_id <> $1::int
   returning rp.id`,
);

/** The ids of providers by uuid. */
export const findIds = statement<{ readonly uuid: string; readonly id: number }>(
  'provider.findIds',
  `select uuid, id from resource_providers where uuid = any($1::text[])`,
);

/** The first of the names that a provider has. */
export const findTakenName = statement<{ readonly name: string }>(
  'provider.findTakenName',
  `select name from resource_providers where name = any($1::text[]) order by name limit 1`,
);

/** In order of name, so that two writers who create the same ones wait for one another and never in a circle. */
export const insert = statement<{ readonly inserted: number }>(
  'provider.insert',
  `with wanted as materialized (
     select nextval(pg_get_serial_sequence('resource_providers', 'id'))::int as id, uuid, name, root_id, parent_id
       from (select * from unnest($1::text[], $2::text[], $3::int[], $4::int[])
                             as given (uuid, name, root_id, parent_id) order by name) as given),
   inserted as (
     insert into resource_providers (id, uuid, name, root_provider_id, parent_provider_id)
     select id, uuid, name, coalesce(root_id, id), parent_id from wanted
     on conflict do nothing
     returning id, uuid, generation),
   logged as (
     insert into supply_changes (resource_provider_id, shape, uuid, generation)
     select id, true, uuid, generation from inserted)
   select count(*)::int as inserted from inserted`,
);

/** Moves of subtrees come one after another. */
export const lockMoves = statement('provider.lockMoves', `select pg_advisory_xact_lock($1::bigint)`);

/** `union` and not `union all`: parents that ran in a circle, by somebody's hand, must not keep this running for ever. */
export const subtreeIds = statement<{ readonly id: number }>(
  'provider.subtreeIds',
  `with recursive subtree as (
     select id from resource_providers where id = $1::int
     union
     select child.id from resource_providers child join subtree on child.parent_provider_id = subtree.id)
   select id from subtree`,
);

/** In id order, so that writers who want several of them wait for one another and never in a circle. */
export const lockByIds = statement<{ readonly id: number }>(
  'provider.lockByIds',
  `select id from resource_providers where id = any($1::int[]) order by id for no key update`,
);

export const rename = statement(
  'provider.rename',
  `update resource_providers set name = $2::text, updated_at = now() where id = $1::int`,
);

export const setParent = statement(
  'provider.setParent',
  `update resource_providers set parent_provider_id = $2::int, updated_at = now() where id = $1::int`,
);

export const setRoot = statement(
  'provider.setRoot',
  `update resource_providers set root_provider_id = $2::int, updated_at = now() where id = any($1::int[])`,
);

export const lockForDelete = statement<{ readonly id: number }>(
  'provider.lockForDelete',
  `select id from resource_providers where uuid = $1::text for update`,
);

export const countChildren = statement<{ readonly children: number }>(
  'provider.countChildren',
  `select count(*)::int as children from resource_providers where parent_provider_id = $1::int`,
);

/** With its last line in the log of changes: afterwards nobody knows any more what it was called. */
export const remove = statement(
  'provider.remove',
  `with gone as (
     delete from resource_providers where id = $1::int returning id, uuid, generation)
   insert into supply_changes (resource_provider_id, shape, uuid, generation, deleted)
   select id, true, uuid, generation, true from gone`,
);
