import { query } from './query.js';
import { waitFor } from './wait-for.js';

/**
 * Waits until a session of the database waits for somebody's row lock. Looks by connections of its own: within a transaction
 * PostgreSQL shows the sessions as they were when it was first asked.
 */
export async function untilSomebodyWaits(database: { readonly url: string }, limitMs?: number): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await waitFor(async () => (await query(database, waiting)).length > 0, {
    ...(limitMs !== undefined && { limitMs }),
    what: 'somebody who waits for a row lock',
  });
}
