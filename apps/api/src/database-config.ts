import type { DatabaseAddress } from '#berth/store';
import { choice, ConfigError, required, type Environment } from './environment.js';

/** Reads and checks the addresses of the database. Throws ConfigError. Source: docs/configuration.md, docs/high-availability.md. */
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
