import { statement } from '../sql.js';

export interface ResourceClassRow {
  readonly id: number;
  readonly name: string;
  readonly changed_at: Date;
}

const COLUMNS = `id, name, coalesce(updated_at, created_at) as changed_at`;

export const list = statement<ResourceClassRow>(
  'resourceClass.list',
  `select ${COLUMNS} from resource_classes order by id`,
);

export const findByNames = statement<ResourceClassRow>(
  'resourceClass.findByNames',
  `select ${COLUMNS} from resource_classes where name = any($1::text[])`,
);

/** Ids are chosen one after another, so their choosers come one at a time; readers aren't kept waiting. */
export const lockTable = statement(
  'resourceClass.lockTable',
  `lock table resource_classes in share row exclusive mode`,
);

export const insert = statement(
  'resourceClass.insert',
  `insert into resource_classes (id, name)
   select greatest(max(id) + 1, $2::int), $1::text from resource_classes
   on conflict (name) do nothing`,
);

export const rename = statement(
  'resourceClass.rename',
  `update resource_classes set name = $2::text, updated_at = now() where id = $1::int`,
);

/** Locked, so that no inventory of the class comes up while its use is being looked at. */
export const lockByName = statement<{ readonly id: number }>(
  'resourceClass.lockByName',
  `select id from resource_classes where name = $1::text for update`,
);

export const remove = statement('resourceClass.remove', `delete from resource_classes where id = $1::int`);
