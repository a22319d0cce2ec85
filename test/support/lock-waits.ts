import { query } from './query.js';
import { waitFor } from './wait-for.js';

/** How many sessions of the database wait for somebody's row lock. */
export const WAITING = `
select count(*)::int as waiting from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock'`;

/**
 * Waits until a session of the database waits for somebody's row lock. Looks by connections of its own: within a transaction
 * PostgreSQL shows the sessions as they were when it was first asked.
 */
export async function untilSomebodyWaits(database: { readonly url: string }, limitMs?: number): Promise<void> {
  await waitFor(async () => (await query<{ waiting: number }>(database, WAITING))[0]?.waiting, {
    ...(limitMs !== undefined && { limitMs }),
    what: 'somebody who waits for a row lock',
  });
}
