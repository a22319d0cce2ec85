import { STANDARD_RESOURCE_CLASSES, STANDARD_TRAITS } from '#berth/domain';
import type { DataSource, QueryRunner } from 'typeorm';
import { advisoryKey } from './advisory-lock.js';

const MIGRATION_LOCK = 'berth:migrate';

/** Another process may be migrating a large database: this long we wait for it before we give up. */
const LOCK_LIMIT_MS = 600_000;

/**
 * Brings schema and standard names up to date and says what it applied. Any number of processes may call it at
 * once: an advisory lock on a connection of its own lets one work while the others wait. Standard names are
 * only ever added, never renamed or removed. Source: spec data_model.md §4.
 */
export async function migrate(dataSource: DataSource): Promise<{ applied: readonly string[] }> {
  return await underMigrationLock(dataSource, async (runner) => {
    const migrations = await dataSource.runMigrations({ transaction: 'each' });
    const names = await syncStandardNames(runner);
    return { applied: [...migrations.map(({ name }) => name), ...names] };
  });
}

/** What differs between the database and the schema this build expects, a line each; nothing means it fits. */
export async function verifySchema(dataSource: DataSource): Promise<readonly string[]> {
  const differences: string[] = [];
  if (await dataSource.showMigrations()) differences.push('there are migrations that were not applied');
  const log = await dataSource.driver.createSchemaBuilder().log();
  for (const { query } of log.upQueries) differences.push(`the schema lacks: ${query}`);
  return differences;
}

async function underMigrationLock<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner();
  const key = advisoryKey(MIGRATION_LOCK);
  try {
    await runner.query(`select set_config('lock_timeout', $1, false)`, [`${LOCK_LIMIT_MS}`]);
    await runner.query('select pg_advisory_lock($1::bigint)', [key]);
    try {
      return await work(runner);
    } finally {
      await runner.query('select pg_advisory_unlock($1::bigint)', [key]);
    }
  } finally {
    await runner.query('reset lock_timeout').catch(() => undefined);
    await runner.release();
  }
}

async function syncStandardNames(runner: QueryRunner): Promise<string[]> {
  const traits = (await runner.query(INSERT_TRAITS, [STANDARD_TRAITS])) as { name: string }[];
  const classes = (await runner.query(INSERT_RESOURCE_CLASSES, [STANDARD_RESOURCE_CLASSES])) as { name: string }[];
  const added: string[] = [];
  if (traits.length > 0) added.push(`${traits.length} standard traits`);
  if (classes.length > 0) added.push(`${classes.length} standard resource classes`);
  return added;
}

const INSERT_TRAITS = `
insert into traits (name)
select wanted.name
  from unnest($1::text[]) with ordinality as wanted (name, position)
 where not exists (select 1 from traits t where t.name = wanted.name)
 order by wanted.position
on conflict (name) do nothing
returning name`;

const INSERT_RESOURCE_CLASSES = `
insert into resource_classes (id, name)
select wanted.position - 1, wanted.name
  from unnest($1::text[]) with ordinality as wanted (name, position)
 where not exists (select 1 from resource_classes c where c.name = wanted.name)
 order by wanted.position
on conflict (name) do nothing
returning name`;
