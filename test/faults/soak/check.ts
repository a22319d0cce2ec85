import pg from 'pg';
import { wrongCounters } from '../../support/counters.js';
import { valueOf } from '../../support/metrics.js';
import { query } from '../../support/query.js';
import { send } from '../../support/send.js';
import { wrongSlots } from '../../support/slots.js';
import { waitFor } from '../../support/wait-for.js';
import type { Violation } from './log.js';
import type { SoakDatabase } from './postgres.js';

/** A transaction whose client is gone may go on until PostgreSQL ends it. */
const QUIET_LIMIT_MS = 60_000;

/** Timers look after things even when nobody asks for anything, each for a moment. */
const IDLE_LIMIT_MS = 15_000;
const SCRAPE_LIMIT_MS = 15_000;

/** Two who have a lock alone, and what holds nothing and is there. */
const WRONG_LOCKS = `
  select 'two holders of lock ' || a.lock_id as what from cluster_lock_owners a join cluster_lock_owners b using (lock_id)
   where a.owner < b.owner and a.mode = 3 and b.mode > 1 and least(a.ends_at, b.ends_at) > clock_timestamp()
  union all
  select 'one token twice: ' || token from cluster_lock_owners where token > 0 group by lock_id, token having count(*) > 1
  union all
  select 'consumer without allocations: ' || uuid from consumers c
   where not exists (select 1 from allocations a where a.consumer_id = c.id)`;

/** Waits until no transaction of the service that writes is under way. */
export async function comeToRest(database: SoakDatabase): Promise<void> {
  const open = async (): Promise<boolean> => {
    const rows = await query(
      database,
      `select 1 from pg_stat_activity where application_name = 'berth' and backend_xid is not null limit 1`,
    );
    return rows.length === 0;
  };
  await waitFor(open, { limitMs: QUIET_LIMIT_MS, what: 'the end of all transactions' });
}

/** Which of the services, while nobody asks them for anything, never have all their connections to the database at hand. */
export async function checkConnections(urls: readonly string[]): Promise<Violation[]> {
  const checked = urls.map(async (url): Promise<Violation[]> => {
    let busy: number | undefined;
    const areIdle = async (): Promise<boolean> => {
      const { body } = await send(url, { method: 'GET', path: '/metrics', limitMs: SCRAPE_LIMIT_MS });
      busy = valueOf(String(body), 'berth_database_connections{state="busy"}');
      return busy === 0;
    };
    try {
      await waitFor(areIdle, { limitMs: IDLE_LIMIT_MS, what: 'connections' });
      return [];
    } catch {
      return [{ rule: 'connections', message: `${busy ?? 'an unknown number'} are busy, and nobody is there` }];
    }
  });
  return (await Promise.all(checked)).flat();
}

/** What of the database contradicts itself, whatever clients were told. */
export async function checkWhole({ url }: SoakDatabase): Promise<Violation[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const counters = await wrongCounters(client);
    const slots = await wrongSlots(client);
    const { rows } = await client.query<{ readonly what: string }>(WRONG_LOCKS);
    return [
      ...counters.map((row) => ({ rule: 'counters', message: JSON.stringify(row) })),
      ...slots.map((row) => ({ rule: 'slots', message: JSON.stringify(row) })),
      ...rows.map(({ what }) => ({ rule: 'locks', message: what })),
    ];
  } finally {
    await client.end();
  }
}
