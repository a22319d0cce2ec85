import { statement } from '../sql.js';

export interface ConsumerRow {
  readonly id: string;
  readonly uuid: string;
  readonly project: string;
  readonly user: string;
  readonly consumer_type: string | null;
  readonly generation: number;
}

/** In order of uuid, so that writers who want several of them wait for one another and never in a circle. */
export const lockByUuids = statement<ConsumerRow>(
  'consumer.lockByUuids',
  `with locked as (
     select id, uuid, project_id, user_id, consumer_type_id, generation
       from consumers where uuid = any($1::text[]) order by uuid for update)
   select locked.id, locked.uuid, p.external_id as project, u.external_id as user, t.name as consumer_type,
          locked.generation
     from locked
     join projects p on p.id = locked.project_id
     join users u on u.id = locked.user_id
     left join consumer_types t on t.id = locked.consumer_type_id`,
);

/** One inserted row a missing name; in order, so that two writers never wait for one another in a circle. */
const ensure = (table: string, column: string): string =>
  `insert into ${table} (${column})
   select distinct wanted.name from unnest($1::text[]) as wanted (name)
    where not exists (select 1 from ${table} known where known.${column} = wanted.name)
    order by wanted.name
   on conflict (${column}) do nothing`;

export const ensureProjects = statement('consumer.ensureProjects', ensure('projects', 'external_id'));
export const ensureUsers = statement('consumer.ensureUsers', ensure('users', 'external_id'));
export const ensureTypes = statement('consumer.ensureTypes', ensure('consumer_types', 'name'));

/** A row that another transaction inserted first is left out of the answer. */
export const insert = statement<{ readonly id: string; readonly uuid: string }>(
  'consumer.insert',
  `insert into consumers (uuid, project_id, user_id, consumer_type_id, generation)
   select wanted.uuid, p.id, u.id, t.id, wanted.generation
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[]) as wanted (uuid, project, usr, type, generation)
     join projects p on p.external_id = wanted.project
     join users u on u.external_id = wanted.usr
     left join consumer_types t on t.name = wanted.type
    order by wanted.uuid
   on conflict (uuid) do nothing
   returning id, uuid`,
);

export const setOwners = statement(
  'consumer.setOwners',
  `update consumers c set project_id = p.id, user_id = u.id, consumer_type_id = t.id, updated_at = now()
     from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as wanted (id, project, usr, type)
     join projects p on p.external_id = wanted.project
     join users u on u.external_id = wanted.usr
     left join consumer_types t on t.name = wanted.type
    where c.id = wanted.id`,
);

export const remove = statement('consumer.remove', `delete from consumers where id = any($1::bigint[])`);
