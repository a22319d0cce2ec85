import { query } from '../../support/query.js';
import type { SoakDatabase } from './postgres.js';
import type { Line, Values } from './model.js';

/** What a consumer has. */
export interface Holding {
  readonly generation: number;
  /** By provider: how much of the one class that is claimed from it. */
  readonly held: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
  readonly slots: readonly string[];
}

/** How the database's `consumer` rows below word it. */
export function inWords({ generation, held, slots }: Holding): string {
  const amounts = Object.entries(held).flatMap(([provider, { resources }]) =>
    Object.entries(resources).map(([resourceClass, amount]) => `${provider} ${resourceClass} ${amount}`),
  );
  return `${generation}: ${amounts.sort().join(', ')} | ${[...slots].sort().join(', ')}`;
}

export const consumerKey = (uuid: string): string => `consumer ${uuid}`;
export const inventoryKey = (provider: string, resourceClass: string): string =>
  `inventory ${provider} ${resourceClass}`;

export const lineOf = (consumer: string, generation: number, isDeleted = false): Line =>
  `${consumer} ${generation}${isDeleted ? ' deleted' : ''}`;

/** All consumers and inventories that the database has, at one moment. */
export async function readValues(database: SoakDatabase): Promise<Values> {
  const rows = await query<{ readonly key: string; readonly value: string }>(
    database,
    `select 'consumer ' || c.uuid as key,
            concat(c.generation, ': ',
              (select string_agg(concat_ws(' ', rp.uuid, rc.name, a.used), ', '
                                 order by concat_ws(' ', rp.uuid, rc.name, a.used) collate "C")
                 from allocations a join resource_providers rp on rp.id = a.resource_provider_id
                 join resource_classes rc on rc.id = a.resource_class_id where a.consumer_id = c.id), ' | ',
              (select string_agg(s.key, ', ' order by s.key collate "C") from slot_locks s where s.consumer_id = c.id)) as value
       from consumers c
      union all
     select concat_ws(' ', 'inventory', rp.uuid, rc.name), i.total::text
       from inventories i join resource_providers rp on rp.id = i.resource_provider_id
       join resource_classes rc on rc.id = i.resource_class_id`,
  );
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** The generation that words of a consumer begin with. */
export function generationIn(words: string): number {
  return Number.parseInt(words, 10);
}
