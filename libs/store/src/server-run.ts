import type { ClientBase } from 'pg';
import { run, statement, type Tx } from './sql.js';

/** Which timeline the server writes. Fails on a standby, which writes none. */
export const TIMELINE = `left(pg_walfile_name(pg_current_wal_lsn()), 8)`;

/** When the server last recovered from a crash: that resets its statistics, while an end in order keeps them. */
const LAST_RECOVERY = `(select stats_reset from pg_stat_wal)`;

/**
 * When the server last forgot what it had not yet written to disk, at the latest: at its start, or when it recovered from the crash
 * of one of its processes. Numbers of transactions that were lost then are given out again.
 */
export const LAST_LOSS = `greatest(pg_postmaster_start_time(), ${LAST_RECOVERY})`;

/**
 * Which history of which database this is: another one after a restore, a fail-over, a move or a crash, where the numbers of
 * transactions say nothing about this one's.
 */
export const HISTORY = `left(md5(concat_ws(' ', (select system_identifier from pg_control_system()), ${TIMELINE},
  (select oid from pg_database where datname = current_database()), extract(epoch from ${LAST_RECOVERY}))), 8)`;

/** Within it, a transaction's number stands for the same transaction for as long as it lasts. */
export type ServerRun = string;

const serverRun = statement<{ readonly run: ServerRun }>(
  'server.run',
  `select concat_ws(' ', ${HISTORY}, ${LAST_LOSS}) as run`,
);

const known = new WeakMap<ClientBase, ServerRun>();

/** Asks which run of the server this is. Throws Unavailable's causes on a standby. */
export async function readServerRun(tx: Tx): Promise<ServerRun> {
  const { rows } = await run(tx, serverRun);
  return rows[0]?.run ?? '';
}

/** The same of a connection that keeps its session: it never leads to two of them, so it is asked once. */
export async function serverRunOf(tx: Tx): Promise<ServerRun> {
  const found = known.get(tx.client) ?? (await readServerRun(tx));
  known.set(tx.client, found);
  return found;
}
