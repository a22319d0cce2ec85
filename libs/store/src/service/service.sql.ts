import { statement } from '../sql.js';

/** When the migrations that were applied were written: ms. */
export const appliedMigrations = statement<{ readonly written_ms: number }>(
  'service.appliedMigrations',
  `select "timestamp"::float8 as written_ms from berth_migrations`,
);

/** So many holds are counted and no more: the question costs the same in every cloud. */
export const MOST_COUNTED = 10_000;

const counted = (source: string): string =>
  `(select count(*)::int from (select from ${source} limit ${MOST_COUNTED}) counted)`;

/** What is held and awaited of locks now, by everybody. */
export const lockUsage = statement<{
  readonly slots: number;
  readonly cluster_holds: number;
  readonly cluster_requests: number;
}>(
  'service.lockUsage',
  `select ${counted('slot_locks where expires_at is null or expires_at > clock_timestamp()')} as slots,
          ${counted('cluster_lock_owners where ends_at > clock_timestamp()')} as cluster_holds,
          ${counted('cluster_lock_requests')} as cluster_requests`,
);
