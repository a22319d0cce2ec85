import { REASONS, Unavailable } from '#berth/domain';
import type { DataSource } from 'typeorm';
import { isUnavailable } from './pg-errors.js';
import { LAST_LOSS, TIMELINE } from './server-run.js';

/** How long a lost connection's commit is asked after before the answer is "not known": ms. */
const RESOLVE_LIMIT_MS = 15_000;

const POLL_MS = 100;

/** What a transaction that may write learns of itself when it begins, as PostgreSQL writes it. */
export interface Opened {
  readonly xid: string;
  readonly begun: string;
  readonly timeline: string;
}

/** What became of a transaction whose commit was not answered. */
export type CommitFate = 'committed' | 'aborted';

/**
 * Asks the database, on other connections, what became of a transaction: the commit record is written with its id,
 * so PostgreSQL itself knows. Throws Unavailable when nobody can say within RESOLVE_LIMIT_MS.
 */
export async function fateOf(dataSource: DataSource, opened: Opened): Promise<CommitFate> {
  const deadline = Date.now() + RESOLVE_LIMIT_MS;
  for (;;) {
    const found = await find(dataSource, opened);
    const fate = found === undefined ? 'under way' : fateBy(found);
    if (fate === 'committed' || fate === 'aborted') return fate;
    if (fate === 'unknown' || Date.now() > deadline) {
      throw new Unavailable(
        'The connection to the database was lost during commit; whether it took effect is not known.',
        { reason: REASONS.commitUnknown },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Found {
  /** What the server says of the id; null: it has not come to it yet. */
  readonly status: string | null;
  /** Whether it can have lost nothing since the transaction began: then the id is that of this transaction. */
  readonly same: boolean;
  /** Whether lines of the logs that carry the id are this transaction's; null: there are none. */
  readonly ours: boolean | null;
}

/**
 * On a server that took over, or recovered from a crash, a transaction that was lost never has been, and its id may be another's by now. What it
 * wrote tells which: the log's lines carry the moment at which it began.
 */
function fateBy({ status, same, ours }: Found): CommitFate | 'under way' | 'unknown' {
  if (status === 'aborted') return 'aborted';
  if (same) return status === 'committed' ? 'committed' : 'under way';
  if (status !== 'committed') return 'aborted';
  if (ours === null) return 'unknown';
  return ours ? 'committed' : 'aborted';
}

const LINES = ['supply_changes', 'consumer_changes']
  .map((log) => `select created_at from ${log} where stamp = $1::text::bigint`)
  .join(' union all ');

/**
 * The message, which nobody reads, makes the question a write: its own commit is answered only when the synchronous standbys have it,
 * and with it all that was committed before. Whoever is told "committed" may rely on it as if the first answer had come.
 */
const FIND = `
select case when $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::text::xid8) end as status,
       ${TIMELINE} = $3::text and ${LAST_LOSS} < $2::text::timestamptz as same,
       (select bool_or(created_at = $2::text::timestamptz) from (${LINES}) as lines) as ours,
       pg_logical_emit_message(true, 'berth', 'commit asked after')`;

async function find(dataSource: DataSource, { xid, begun, timeline }: Opened): Promise<Found | undefined> {
  try {
    const rows = (await dataSource.query(FIND, [xid, begun, timeline])) as Found[];
    return rows[0];
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}
