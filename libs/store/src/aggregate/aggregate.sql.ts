import { statement } from '../sql.js';

/** In order of uuid, so that two writers who create the same aggregates wait for one another and never in a circle. */
export const ensure = statement(
  'aggregate.ensure',
  `insert into aggregates (uuid)
   select distinct wanted.uuid from unnest($1::text[]) as wanted (uuid)
    where not exists (select 1 from aggregates a where a.uuid = wanted.uuid)
    order by wanted.uuid
   on conflict (uuid) do nothing`,
);

export const deleteByProviders = statement(
  'aggregate.deleteByProviders',
  `delete from resource_provider_aggregates where resource_provider_id = any($1::int[])`,
);

export const insertMembers = statement(
  'aggregate.insertMembers',
  `insert into resource_provider_aggregates (resource_provider_id, aggregate_id)
   select wanted.provider_id, a.id
     from unnest($1::int[], $2::text[]) as wanted (provider_id, uuid) join aggregates a on a.uuid = wanted.uuid
    order by wanted.provider_id, a.id`,
);

export const listByProviders = statement<{ readonly resource_provider_id: number; readonly uuid: string }>(
  'aggregate.listByProviders',
  `select rpa.resource_provider_id, a.uuid
     from resource_provider_aggregates rpa join aggregates a on a.id = rpa.aggregate_id
    where rpa.resource_provider_id = any($1::int[])
    order by a.uuid`,
);
