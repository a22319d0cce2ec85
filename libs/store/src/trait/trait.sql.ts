import { statement } from '../sql.js';

export interface TraitRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: Date;
}

export const list = statement<TraitRow>(
  'trait.list',
  `select t.id, t.name, t.created_at
     from traits t
    where ($1::text[] is null or t.name = any($1::text[]))
      and ($2::text is null or starts_with(t.name, $2::text))
      and ($3::boolean is null
           or $3::boolean = exists (select 1 from resource_provider_traits rpt where rpt.trait_id = t.id))
    order by t.id`,
);

export const findByNames = statement<TraitRow>(
  'trait.findByNames',
  `select id, name, created_at from traits where name = any($1::text[])`,
);

export const insert = statement<TraitRow>(
  'trait.insert',
  `insert into traits (name) values ($1::text) on conflict (name) do nothing returning id, name, created_at`,
);

/** Locked, so that no provider takes the trait while its use is being looked at. */
export const lockByName = statement<{ readonly id: number }>(
  'trait.lockByName',
  `select id from traits where name = $1::text for update`,
);

export const isUsed = statement<{ readonly used: boolean }>(
  'trait.isUsed',
  `select exists (select 1 from resource_provider_traits where trait_id = $1::int) as used`,
);

export const remove = statement('trait.remove', `delete from traits where id = $1::int`);

export const deleteByProvider = statement(
  'trait.deleteByProvider',
  `delete from resource_provider_traits where resource_provider_id = $1::int`,
);

export const give = statement(
  'trait.give',
  `insert into resource_provider_traits (resource_provider_id, trait_id)
   select provider_id, trait_id from unnest($1::int[], $2::int[]) as given (provider_id, trait_id)
    order by provider_id, trait_id`,
);

export const take = statement(
  'trait.take',
  `delete from resource_provider_traits rpt
    using unnest($1::int[], $2::int[]) as taken (provider_id, trait_id)
    where rpt.resource_provider_id = taken.provider_id and rpt.trait_id = taken.trait_id`,
);

export const listByProviders = statement<{ readonly resource_provider_id: number; readonly name: string }>(
  'trait.listByProviders',
  `select rpt.resource_provider_id, t.name
     from resource_provider_traits rpt join traits t on t.id = rpt.trait_id
    where rpt.resource_provider_id = any($1::int[])
    order by t.id`,
);
