import { statement } from './sql.js';

const MISSING_TRAITS = `
  select wanted.name
    from unnest($1::text[]) with ordinality as wanted (name, position)
   where not exists (select 1 from traits t where t.name = wanted.name)
   order by wanted.position`;

/** Classes have the ids of their places in the list. */
const MISSING_CLASSES = `
  select wanted.position - 1 as id, wanted.name
    from unnest($1::text[]) with ordinality as wanted (name, position)
   where not exists (select 1 from resource_classes c where c.name = wanted.name)
   order by wanted.position`;

export const listMissingTraits = statement<{ readonly name: string }>('standardNames.missingTraits', MISSING_TRAITS);

export const listMissingClasses = statement<{ readonly name: string }>('standardNames.missingClasses', MISSING_CLASSES);

export const insertTraits = statement<{ readonly name: string }>(
  'standardNames.insertTraits',
  `insert into traits (name) ${MISSING_TRAITS} on conflict (name) do nothing returning name`,
);

export const insertClasses = statement<{ readonly name: string }>(
  'standardNames.insertClasses',
  `insert into resource_classes (id, name) ${MISSING_CLASSES} on conflict (name) do nothing returning name`,
);
