import type { PoolDecision, PoolRequest, PoolState } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { LostRace } from '../lost-race.js';
import { run, together, type Statement, type Tx } from '../sql.js';
import * as sql from './lock-pool.sql.js';

/** A request as it is stored: whoever has a permit has its token, and nobody is there without an end. */
export interface StoredRequest extends PoolRequest {
  readonly leaseMs: number;
  readonly expiresMs: number;
  readonly token: number | null;
}

/** A pool that nobody else decides about until the transaction ends. */
export interface LockedPool {
  /** The database's clock: ms since the epoch. */
  readonly nowMs: number;
  /** The id of who comes next. */
  readonly nextId: number;
  readonly state: PoolState<StoredRequest>;
}

/** What a pool looks like from far away. */
export interface PoolSummary {
  readonly name: string;
  readonly capacity: number;
  readonly active: number;
  readonly waiting: number;
}

@Injectable()
export class LockPoolStore {
  /** Takes the lock of a pool and reads it; undefined: there is none. */
  lock(tx: Tx, name: string): Promise<LockedPool | undefined> {
    return read(tx, sql.lock, [name], name);
  }

  /** The same, with this capacity from now on; null: with the one it has, or `initial` if it is made for this. */
  put(tx: Tx, name: string, capacity: number | null, initial: number): Promise<LockedPool | undefined> {
    return read(tx, sql.put, [name, capacity, initial], name);
  }

  /** The pool without its lock: for looking at. */
  find(tx: Tx, name: string): Promise<LockedPool | undefined> {
    return read(tx, sql.find, [name], name);
  }

  /** At most `limit` pools behind `after`, in order of name. */
  async list(tx: Tx, after: string, limit: number): Promise<PoolSummary[]> {
    const { rows } = await run(tx, sql.list, [after, limit]);
    return rows.map(({ name, capacity, active, waiting }) => ({ name, capacity, active, waiting }));
  }

  /**
   * Writes what was decided under the lock, `asked` being who came. Answers the tokens of the permits that were given, by request.
   * Throws LostRace where the rows are not what was decided on.
   */
  async write(
    tx: Tx,
    { name, nowMs }: { readonly name: string; readonly nowMs: number },
    { granted, gone, expired, renewed }: PoolDecision,
    asked?: PoolRequest,
  ): Promise<ReadonlyMap<number, number>> {
    const others = granted.filter(({ id }) => id !== asked?.id);
    const idsOf = (requests: readonly PoolRequest[]): number[] => requests.map(({ id }) => id);
    // Gone before given: the unique index lets nobody in beside who leaves.
    const [, removed, given, inserted] = await together([
      gone.length === 0 ? NOTHING : run(tx, sql.remove, [idsOf(gone)]),
      expired.length === 0 ? NOTHING : run(tx, sql.removeExpired, [idsOf(expired), nowMs]),
      others.length === 0
        ? NOTHING
        : run(tx, sql.grant, [
            idsOf(others),
            others.map(({ grantedMs }) => grantedMs),
            others.map(({ expiresMs }) => expiresMs),
          ]),
      asked === undefined ? NOTHING : insert(tx, name, granted.find(({ id }) => id === asked.id) ?? asked),
      ...renewed.map((one) => run(tx, sql.renew, [one.id, one.leaseMs, one.expiresMs])),
    ]);
    if (removed.count !== expired.length) throw new LostRace('somebody who waits was kept alive');
    if (given.rows.length !== others.length) throw new LostRace('somebody who waits has gone');
    return new Map([...given.rows, ...inserted.rows].flatMap(({ id, token }) => (token === null ? [] : [[id, token]])));
  }

  /** Keeps requests that wait at this server for so long, and answers which are still there, waiting or not. */
  async keepAlive(tx: Tx, ids: readonly number[], forMs: number): Promise<ReadonlySet<number>> {
    await run(tx, sql.keepAlive, [ids, forMs]);
    const { rows } = await run(tx, sql.listIds, [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Those of the requests that have a permit now, which begins its lease. */
  async collect(tx: Tx, ids: readonly number[]): Promise<StoredRequest[]> {
    const { rows } = await run(tx, sql.collect, [ids]);
    return rows.map(toRequest);
  }

  /** Pools of which at least `limit` requests, if there are so many, are over their time. */
  async listExpiredPools(tx: Tx, limit: number): Promise<string[]> {
    const { rows } = await run(tx, sql.listExpiredPools, [limit]);
    return rows.map(({ pool }) => pool);
  }

  async remove(tx: Tx, name: string): Promise<void> {
    await run(tx, sql.removePool, [name]);
  }
}

const NOTHING = Promise.resolve({ rows: [], count: 0 });

/** Sent together: each statement sees what is there when its turn comes, behind the lock. */
async function read(
  tx: Tx,
  statement: Statement<{ readonly capacity: number }>,
  values: readonly unknown[],
  name: string,
): Promise<LockedPool | undefined> {
  const [found, clock, requests] = await together([
    run(tx, statement, values),
    run(tx, statement === sql.find ? sql.now : sql.clock),
    run(tx, sql.listRequests, [name]),
  ]);
  const pool = found.rows[0];
  if (pool === undefined) return undefined;
  const { now_ms: nowMs = 0, next_id: nextId = 0 } = clock.rows[0] ?? {};
  return { nowMs, nextId, state: { capacity: pool.capacity, requests: requests.rows.map(toRequest) } };
}

function insert(tx: Tx, pool: string, { id, key, owner, leaseMs, grantedMs, expiresMs }: PoolRequest) {
  return run(tx, sql.insert, [id, pool, key, owner, leaseMs, grantedMs, expiresMs]);
}

function toRequest({ id, key, owner, lease_ms, token, granted_ms, expires_ms }: sql.RequestRow): StoredRequest {
  return { id, key, owner, leaseMs: lease_ms, token, grantedMs: granted_ms, expiresMs: expires_ms };
}
