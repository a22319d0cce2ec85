import { choice, ConfigError, required, type Environment } from './environment.js';

/** Where the database is. Source: docs/configuration.md, docs/high-availability.md. */
export interface DatabaseAddress {
  readonly url: string;
  /** Straight to the server, for what needs a session of its own; undefined: `url` leads there. */
  readonly directUrl: string | undefined;
  /** Behind `url` stands a pooler that gives each transaction another session. */
  readonly isPooled: boolean;
}

/** Reads and checks the addresses of the database. Throws ConfigError. */
export function readDatabase(env: Environment): DatabaseAddress {
  const url = required(env, 'DATABASE_URL', 'postgres://…');
  const directUrl = env.DATABASE_DIRECT_URL || undefined;
  const isPooled = choice(env, 'BERTH_DATABASE_POOLER', ['none', 'transaction'], 'none') === 'transaction';
  if (isPooled && directUrl === undefined) {
    throw new ConfigError(
      'DATABASE_DIRECT_URL: missing, expected postgres://… straight to PostgreSQL: BERTH_DATABASE_POOLER=transaction ' +
        'says that DATABASE_URL leads to a pooler, and some of the work needs a session',
    );
  }
  return { url, directUrl, isPooled };
}
