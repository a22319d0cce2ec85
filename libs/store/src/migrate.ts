import { Invalid, STANDARD_RESOURCE_CLASSES, STANDARD_TRAITS } from '#berth/domain';
import type { DataSource } from 'typeorm';
import { forgetOtherHistory } from './change/other-history.js';
import { insertClasses, insertTraits } from './standard-names.sql.js';

/** The oldest PostgreSQL that Berth is tried on; before 14 there is no telling when a server lost something (server-run.ts). */
const OLDEST_SERVER = 15;

/**
 * Brings schema and standard names up to date and says what it applied. Only one may do so at a time: whoever calls it holds a lock
 * on the database, and `lost` says when that is lost. Standard names are only ever added, never renamed or removed. Throws Invalid
 * where the server is too old. Source: spec data_model.md §4.
 */
export async function migrate(dataSource: DataSource, lost?: AbortSignal): Promise<{ applied: readonly string[] }> {
  const [server] = (await dataSource.query(`show server_version`)) as { server_version: string }[];
  demandServer(server?.server_version ?? '');
  const migrations = await dataSource.runMigrations({ transaction: 'each' });
  lost?.throwIfAborted();
  const names = await syncStandardNames(dataSource);
  const log = (await forgetOtherHistory(dataSource)) ? ['a change log that begins anew'] : [];
  return { applied: [...migrations.map(({ name }) => name), ...names, ...log] };
}

/** Throws Invalid unless the server, by what it says of its version, is one that Berth works on. */
export function demandServer(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_SERVER) return;
  throw new Invalid(`the database is of PostgreSQL ${version}; expected ${OLDEST_SERVER} or newer`);
}

/** Throws Invalid unless all migrations of this build are applied to the database. */
export async function demandMigrated(dataSource: DataSource): Promise<void> {
  if (await dataSource.showMigrations()) throw new Invalid('the schema is not up to date: run berth migrate first');
}

/** What differs between the database and the schema this build expects, a line each; nothing means it fits. */
export async function verifySchema(dataSource: DataSource): Promise<readonly string[]> {
  const differences: string[] = [];
  if (await dataSource.showMigrations()) differences.push('there are migrations that were not applied');
  const log = await dataSource.driver.createSchemaBuilder().log();
  for (const { query } of log.upQueries) differences.push(`the schema lacks: ${query}`);
  return differences;
}

async function syncStandardNames(dataSource: DataSource): Promise<string[]> {
  const traits = (await dataSource.query(insertTraits.text, [STANDARD_TRAITS])) as { name: string }[];
  const classes = (await dataSource.query(insertClasses.text, [STANDARD_RESOURCE_CLASSES])) as { name: string }[];
  const added: string[] = [];
  if (traits.length > 0) added.push(`${traits.length} standard traits`);
  if (classes.length > 0) added.push(`${classes.length} standard resource classes`);
  return added;
}
