import { REASONS, Unavailable } from '#berth/domain';
import type { DataSource } from 'typeorm';
import { isUnavailable } from './pg-errors.js';

/** How long a lost connection's commit is asked after before the answer is "not known": ms. */
const RESOLVE_LIMIT_MS = 15_000;

const POLL_MS = 100;

/** What became of a transaction whose commit was not answered. */
export type CommitFate = 'committed' | 'aborted';

/**
 * Asks the database, on other connections, what became of a transaction: the commit record is written with its id,
 * so PostgreSQL itself knows. Throws Unavailable when nobody can say within RESOLVE_LIMIT_MS.
 */
export async function fateOf(dataSource: DataSource, xid: string): Promise<CommitFate> {
  const deadline = Date.now() + RESOLVE_LIMIT_MS;
  for (;;) {
    const status = await statusOf(dataSource, xid);
    if (status === 'committed' || status === 'aborted') return status;
    if (Date.now() > deadline) {
      throw new Unavailable(
        'The connection to the database was lost during commit; whether it took effect is not known.',
        { reason: REASONS.commitUnknown },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function statusOf(dataSource: DataSource, xid: string): Promise<string | null> {
  try {
    const rows = (await dataSource.query('select pg_xact_status($1::text::xid8) as status', [xid])) as {
      status: string | null;
    }[];
    return rows[0]?.status ?? null;
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}
