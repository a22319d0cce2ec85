import { statement } from '../sql.js';

/** What the planner thinks of tables, without counting them. */
export const estimate = statement<{ readonly rows: number }>(
  'rowEstimate.estimate',
  `select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 as rows
     from unnest($1::text[]) as wanted (name) join pg_class c on c.oid = to_regclass(wanted.name)`,
);
