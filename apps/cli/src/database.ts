import { BerthError } from '#berth/domain';
import { NamedLocks } from '#berth/locks';
import {
  AdvisorySessions,
  asOwner,
  demandMigrated,
  grantServing,
  migrate,
  openDataSource,
  ServingRoleError,
} from '#berth/store';
import type { CliConfig } from './config.js';
import { EmbeddedPostgres } from './embedded-postgres/embedded-postgres.js';
import { Refusal } from './refusal.js';

/** The database that a command works on. */
export interface Database {
  readonly url: string;
  /** The same without a pooler between: for what needs a session, migrations among it. */
  readonly directUrl: string;
  /** Its server was left running by a Berth that died, whose API may not have ended yet. */
  readonly adopted: boolean;
  /** Keeps the server running from now on, as far as that is ours to do; see `EmbeddedPostgres.watch`. */
  watch(giveUp: (reason: Error) => void): void;
}

export type Say = (line: string) => void;

/**
 * Runs `work` with the database of the configuration: that of `DATABASE_URL`, or a PostgreSQL of Berth's own, which
 * runs as long as the work does.
 */
export async function withDatabase<T>(
  { databaseUrl, databaseDirectUrl, postgresDirectory }: CliConfig,
  say: Say,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) {
    const directUrl = databaseDirectUrl ?? databaseUrl;
    return await work({ url: databaseUrl, directUrl, adopted: false, watch: () => undefined });
  }
  say(`starting PostgreSQL in ${postgresDirectory} …`);
  const postgres = await EmbeddedPostgres.start({ directory: postgresDirectory, say });
  if (postgres.adopted) say(`took over the PostgreSQL that was still running (process ${postgres.pid})`);
  if (postgres.home !== postgresDirectory) say(`its data are in ${postgres.home}`);
  try {
    const { url, adopted } = postgres;
    return await work({ url, directUrl: url, adopted, watch: (giveUp) => postgres.watch(giveUp) });
  } finally {
    await postgres.stop();
    say('PostgreSQL stopped');
  }
}

/** Another process may be migrating a large database: this long we wait for it before we give up. */
const MIGRATION_WAIT_MS = 600_000;

/**
 * Brings schema and standard names up to date and says what that took. Any number of processes may do so at once: one of them works
 * while the others wait. With `servingRole`, that role may serve afterwards. Throws a `Refusal` where the role of `url` may not.
 */
export async function bringUpToDate(url: string, say: Say, servingRole?: string): Promise<void> {
  const { applied } = await withConnection(url, (dataSource) => {
    const locks = new NamedLocks(new AdvisorySessions(dataSource));
    const options = { prefix: 'berth', external: true, waitMs: MIGRATION_WAIT_MS };
    return locks.synchronized('migrate', options, async (lost) => {
      const done = await asOwner(() => migrate(dataSource, lost));
      if (servingRole !== undefined) await grantServing(dataSource, servingRole);
      return done;
    });
  }).catch((cause: unknown) => {
    const isMeant = cause instanceof ServingRoleError || cause instanceof BerthError;
    throw isMeant ? new Refusal(cause.message, { cause }) : cause;
  });
  say(applied.length === 0 ? 'the schema is up to date' : `applied ${applied.join(', ')}`);
  if (servingRole !== undefined) say(`the role ${servingRole} may serve`);
}

/** Opens a connection for `work` and closes it afterwards. A database that cannot be reached is a `Refusal`. */
export async function withConnection<T>(
  url: string,
  work: (dataSource: Awaited<ReturnType<typeof openDataSource>>) => Promise<T>,
): Promise<T> {
  const dataSource = await openDataSource(url, 1).catch((cause: Error) => {
    throw new Refusal(`the database cannot be reached: ${reasonOf(cause)}`, { cause });
  });
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The same on a database with all migrations. Errors that are no bugs become a `Refusal`. */
export async function withMigrated<T>(
  url: string,
  work: (dataSource: Awaited<ReturnType<typeof openDataSource>>) => Promise<T>,
): Promise<T> {
  try {
    return await withConnection(url, async (dataSource) => {
      await demandMigrated(dataSource);
      return await work(dataSource);
    });
  } catch (error) {
    if (error instanceof BerthError) throw new Refusal(error.message, { cause: error });
    throw error;
  }
}

/** When a name has several addresses, Node's error has no text of its own but one for each. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ');
  return error.message;
}
