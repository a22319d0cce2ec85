import { statement } from '../sql.js';

/**
 * Many owners in one statement, each worked out by itself: `at` is the place of the owner in `$1` and `$2`, from 1; a user
 * of null means all of the project. Sums are made by ids, and names looked up for the few rows that are left.
 */
const ofEachOwner = (sums: string, grouping: string): string => `
     from unnest($1::text[], $2::text[]) with ordinality as wanted (project, usr, at)
     join projects p on p.external_id = wanted.project
     left join users u on u.external_id = wanted.usr
    cross join lateral (
       select ${sums}
         from consumers c
         join allocations a on a.consumer_id = c.id
        where c.project_id = p.id and (wanted.usr is null or c.user_id = u.id)
        group by ${grouping}) as one`;

export interface TotalRow {
  readonly at: number;
  readonly resource_class: string;
  readonly used: number;
}

/** The order of an answer is that of the class ids. */
export const totals = statement<TotalRow>(
  'usage.totals',
  `select wanted.at::int as at, rc.name as resource_class, one.used
   ${ofEachOwner('a.resource_class_id, sum(a.used)::float8 as used', 'a.resource_class_id')}
     join resource_classes rc on rc.id = one.resource_class_id
    order by wanted.at, rc.id`,
);

/** A row without a class says how many consumers of the type there are, and comes after the others of its type. */
export interface TypedTotalRow {
  readonly at: number;
  readonly consumer_type: string | null;
  readonly resource_class: string | null;
  readonly used: number;
  readonly consumers: number;
}

export const typedTotals = statement<TypedTotalRow>(
  'usage.typedTotals',
  `select wanted.at::int as at, t.name as consumer_type, rc.name as resource_class, one.used, one.consumers
   ${ofEachOwner(
     `c.consumer_type_id, a.resource_class_id, sum(a.used)::float8 as used, count(distinct c.id)::float8 as consumers`,
     'grouping sets ((c.consumer_type_id, a.resource_class_id), (c.consumer_type_id))',
   )}
     left join consumer_types t on t.id = one.consumer_type_id
     left join resource_classes rc on rc.id = one.resource_class_id
    order by wanted.at, t.id nulls last, rc.id nulls last`,
);
