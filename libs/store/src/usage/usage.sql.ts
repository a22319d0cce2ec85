import { statement } from '../sql.js';

export interface TotalRow {
  readonly resource_class: string;
  readonly used: number;
}

/** The class ids come first in the grouping, so that the order of an answer is that of the classes. */
export const totals = statement<TotalRow>(
  'usage.totals',
  `select rc.name as resource_class, sum(a.used)::float8 as used
     from consumers c
     join projects p on p.id = c.project_id
     join users u on u.id = c.user_id
     join allocations a on a.consumer_id = c.id
     join resource_classes rc on rc.id = a.resource_class_id
    where p.external_id = $1::text and ($2::text is null or u.external_id = $2::text)
    group by rc.id
    order by rc.id`,
);

export interface TypedTotalRow extends TotalRow {
  readonly consumer_type: string | null;
}

const WANTED = `
     from consumers c
     join projects p on p.id = c.project_id
     join users u on u.id = c.user_id
     left join consumer_types t on t.id = c.consumer_type_id
     join allocations a on a.consumer_id = c.id`;

const CONDITIONS = `
    where p.external_id = $1::text and ($2::text is null or u.external_id = $2::text)
      and case $3::text when 'any' then true when 'untyped' then t.id is null else t.name = $4::text end`;

export const typedTotals = statement<TypedTotalRow>(
  'usage.typedTotals',
  `select t.name as consumer_type, rc.name as resource_class, sum(a.used)::float8 as used
   ${WANTED}
     join resource_classes rc on rc.id = a.resource_class_id
   ${CONDITIONS}
    group by t.id, rc.id
    order by t.id nulls last, rc.id`,
);

export const consumerCounts = statement<{ readonly consumer_type: string | null; readonly consumers: number }>(
  'usage.consumerCounts',
  `select t.name as consumer_type, count(distinct c.id)::float8 as consumers
   ${WANTED}
   ${CONDITIONS}
    group by t.id`,
);
