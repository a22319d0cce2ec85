import type { LockRetentionOptions } from '#berth/locks';
import { integer, type Environment } from './environment.js';

/** A week. */
const DEFAULT_SECONDS = 604_800;
/** An owner that was away for less shall still be told exactly whether something changed. */
const MIN_SECONDS = 60;
/** Ten years: never, for most. */
const MAX_SECONDS = 315_360_000;

/** `BERTH_LOCK_RETENTION_SECONDS`. Throws ConfigError. Source: docs/configuration.md. */
export function readLockRetention(env: Environment): LockRetentionOptions {
  const retentionSeconds = integer(env, 'BERTH_LOCK_RETENTION_SECONDS', DEFAULT_SECONDS, MIN_SECONDS, MAX_SECONDS);
  return { retentionSeconds };
}
