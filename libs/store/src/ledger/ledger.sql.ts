import { statement } from '../sql.js';

/**
 * The providers that a group names or that its consumers hold from, locked in id order: writers who want several
 * wait for one another and never in a circle. What is read after it is read alone.
 */
export const lockProviders = statement<{ readonly id: number; readonly uuid: string; readonly generation: number }>(
  'ledger.lockProviders',
  `select id, uuid, generation
     from resource_providers
    where id in (select id from resource_providers where uuid = any($1::text[])
                 union select unnest($2::int[]))
    order by id
      for no key update`,
);
