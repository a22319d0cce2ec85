import { LINE_ID } from '../change/change.sql.js';
import { statement, type Statement } from '../sql.js';

export interface ConsumerRow {
  readonly id: string;
  readonly uuid: string;
  readonly project: string;
  readonly user: string;
  readonly consumer_type: string | null;
  readonly generation: number;
  readonly holds_slots: boolean;
}

/** In order of uuid, so that writers who want several of them wait for one another and never in a circle. */
export const lockByUuids = statement<ConsumerRow>(
  'consumer.lockByUuids',
  `with locked as (
     select id, uuid, project_id, user_id, consumer_type_id, generation, holds_slots
       from consumers where uuid = any($1::text[]) order by uuid for update)
   select locked.id, locked.uuid, p.external_id as project, u.external_id as user, t.name as consumer_type,
          locked.generation, locked.holds_slots
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

/**
 * With its line in the log of changes. A row that another transaction inserted first is left out of the answer, and so is one whose
 * project, user or type has no row.
 */
export const insert = statement<{ readonly id: string; readonly uuid: string }>(
  'consumer.insert',
  `with added as (
     insert into consumers (uuid, project_id, user_id, consumer_type_id, generation, holds_slots)
     select wanted.uuid, p.id, u.id, t.id, wanted.generation, wanted.holds_slots
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::boolean[])
         as wanted (uuid, project, usr, type, generation, holds_slots)
       join projects p on p.external_id = wanted.project
       join users u on u.external_id = wanted.usr
       left join consumer_types t on t.name = wanted.type
      where wanted.type is null or t.id is not null
      order by wanted.uuid
     on conflict (uuid) do nothing
     returning id, uuid, generation),
   logged as (
     insert into consumer_changes (id, uuid, generation) select ${LINE_ID}, uuid, generation from added)
   select id, uuid from added`,
);

export const setOwners = statement(
  'consumer.setOwners',
  `update consumers c set project_id = p.id, user_id = u.id, consumer_type_id = t.id, updated_at = now()
     from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as wanted (id, project, usr, type)
     join projects p on p.external_id = wanted.project
     join users u on u.external_id = wanted.usr
     left join consumer_types t on t.name = wanted.type
    where c.id = wanted.id and (wanted.type is null or t.id is not null)`,
);

export const setHoldsSlots = statement(
  'consumer.setHoldsSlots',
  `update consumers c set holds_slots = wanted.holds_slots
     from unnest($1::bigint[], $2::boolean[]) as wanted (id, holds_slots) where c.id = wanted.id`,
);

export const remove = statement(
  'consumer.remove',
  `with gone as (
     delete from consumers where id = any($1::bigint[]) returning uuid, generation)
   insert into consumer_changes (id, uuid, generation, deleted) select ${LINE_ID}, uuid, generation, true from gone`,
);

/** The filters of a page of consumers, in the order of their parameters. */
export const PAGE_FILTERS = ['uuids', 'providers', 'project', 'user', 'type'] as const;

const CONDITIONS: Readonly<Record<(typeof PAGE_FILTERS)[number], string>> = {
  uuids: 'c.uuid = any($3::text[])',
  providers: `c.id in (select a.consumer_id from allocations a
                         join resource_providers rp on rp.id = a.resource_provider_id
                        where rp.uuid = any($4::text[]))`,
  project: 'c.project_id = (select id from projects where external_id = $5::text)',
  user: 'c.user_id = (select id from users where external_id = $6::text)',
  type: `c.consumer_type_id is not distinct from (select id from consumer_types where name = $7::text)
         and ($7::text is null or exists (select 1 from consumer_types where name = $7::text))`,
};

/**
 * A page of consumers in order of id, after an id, one statement for each set of filters: with all filters in one, the plan
 * would be that of none. What a statement has no use for is named with its type all the same.
 */
export const page: readonly Statement<{ readonly id: string; readonly uuid: string }>[] = Array.from(
  { length: 1 << PAGE_FILTERS.length },
  (_, mask) => {
    const conditions = PAGE_FILTERS.filter((_filter, bit) => (mask & (1 << bit)) !== 0).map((name) => CONDITIONS[name]);
    return statement<{ readonly id: string; readonly uuid: string }>(
      `consumer.page.${mask}`,
      `select c.id, c.uuid
         from consumers c,
              (select $3::text[], $4::text[], $5::text, $6::text, $7::text) as given
        where ${['c.id > $1::bigint', ...conditions].join(' and ')}
        order by c.id
        limit $2::int`,
    );
  },
);
