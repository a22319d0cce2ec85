import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './unused-lock.sql.js';

/** A portion of all locks. */
export interface UnusedPage {
  readonly scanned: number;
  /** Behind which id the next portion begins. */
  readonly last: string;
  /** Locks of which there is something to forget. */
  readonly ids: readonly string[];
  /** How many owners' memories that are, and how many locks that nobody else has anything to do with. */
  readonly owners: number;
  readonly locks: number;
}

/** Cluster locks, and what owners saw of them, that nobody has used for long. Source: docs/locks/cluster-locks.md. */
@Injectable()
export class UnusedLockStore {
  /** What of the next `limit` locks behind the id `after` is unused for so long; undefined: that was all. One statement. */
  async list(tx: Tx, unusedForSeconds: number, after: string, limit: number): Promise<UnusedPage | undefined> {
    const { rows } = await run(tx, sql.listUnused, [after, limit, unusedForSeconds]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const found = rows.filter(({ id }) => id !== null);
    return {
      scanned: first.scanned,
      last: first.last_id,
      ids: found.flatMap(({ id }) => id ?? []),
      owners: found.reduce((sum, { owners }) => sum + owners, 0),
      locks: found.filter(({ unused }) => unused).length,
    };
  }

  /**
   * Forgets what of these locks still is unused for so long, at most `limit` memories of owners, and passes over locks that
   * somebody is busy with. Answers how many rows that were.
   */
  async forget(tx: Tx, ids: readonly string[], unusedForSeconds: number, limit: number): Promise<number> {
    await run(tx, sql.lockSpaces, [ids]);
    const { rows } = await run(tx, sql.lockLocks, [ids]);
    const locked = rows.map(({ id }) => id);
    const { count } = await run(tx, sql.forgetOwners, [locked, unusedForSeconds, limit]);
    const gone = await run(tx, sql.forgetLocks, [locked]);
    return count + (gone.rows[0]?.gone ?? 0);
  }
}
