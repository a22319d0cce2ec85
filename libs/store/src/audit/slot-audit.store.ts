import { Injectable } from '@nestjs/common';
import { run, together, type Tx } from '../sql.js';
import type { Portion } from './portion.js';
import * as sql from './slot-audit.sql.js';

/** A key whose numbers are not those of its rows; one that has no numbers has 0. */
export interface WrongPool {
  readonly key: string;
  readonly high: number;
  readonly held: number;
  readonly locks: number;
  readonly free: number;
}

/** The numbers beside slot locks, held against the locks (docs/locks/slot-locks.md, invariants 1 and 2). */
@Injectable()
export class SlotAuditStore {
  /** Those of the next `limit` pools behind the key `after` that do not add up; undefined: that was all. */
  async listWrongPools(tx: Tx, after: string, limit: number): Promise<Portion<string, WrongPool> | undefined> {
    const { rows } = await run(tx, sql.listWrongPools, [after, limit]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const found = rows.flatMap(({ key, high, held, locks, free }) =>
      key === null ? [] : [{ key, high, held, locks, free }],
    );
    return { scanned: first.scanned, last: first.last_key, found };
  }

  /** At most `limit` keys behind `after` that have slots and no pool, in order. */
  async listLostKeys(tx: Tx, after: string, limit: number): Promise<string[]> {
    return (await run(tx, sql.listLostKeys, [after, limit])).rows.map(({ key }) => key);
  }

  /** Works out the numbers of a key anew from who holds it. Its row lock must be held. */
  async rebuild(tx: Tx, key: string): Promise<void> {
    await together([
      run(tx, sql.clearFree, [key]),
      run(tx, sql.fillFree, [key]),
      run(tx, sql.countPool, [key]),
      run(tx, sql.removeEmptyPool, [key]),
    ]);
  }
}
