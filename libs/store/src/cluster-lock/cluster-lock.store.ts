import {
  lockKey,
  type ClusterHold,
  type ClusterLock,
  type GrantedLock,
  type LockChanges,
  type LockOf,
  type LockRequest,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, together, type Tx } from '../sql.js';
import { fromMode, seenBefore, toGranted, toHold, toRequests } from './cluster-lock-rows.js';
import * as views from './cluster-lock-views.sql.js';
import * as sql from './cluster-lock.sql.js';

/** Of a line so many are read: a release serves them in one transaction, and the rest in the next. */
const LINE_HEAD = 100;

const NOTHING = Promise.resolve(undefined);

/** Locks, with what decides on them. */
export interface LockReading {
  readonly nowMs: number;
  readonly locks: readonly ClusterLock[];
  readonly requests: readonly LockRequest[];
  /** Rising, and greater than any that were given out for these locks. */
  readonly numbers: readonly number[];
}

/** A lock that somebody asks for on somebody's behalf. */
export interface AskedLock extends LockOf {
  readonly owner: string;
  /** It shall be there, whether anybody named it before or not. */
  readonly make: boolean;
}

@Injectable()
export class ClusterLockStore {
  /**
   * Takes the row locks of locks, and of those that waiting requests want together with them, in one order; reads them with
   * their holders, the heads of their lines and `requests` beside, and what the owners that ask have seen. Those of no lockspace, or not made, are
   * left out. `numbers`: so many are drawn, at least. A request that came meanwhile, and
   * wants locks that are not locked here, is not whole.
   */
  async read(tx: Tx, asked: readonly AskedLock[], requests: readonly number[], numbers: number): Promise<LockReading> {
    const names = distinct(asked);
    const made = distinct(asked.filter(({ make }) => make));
    const [, locks, holds, line, clock] = await together([
      made.names.length > 0 ? run(tx, sql.addLocks, [made.lockspaces, made.names]) : NOTHING,
      run(tx, sql.lockLocks, [names.lockspaces, names.names]),
      run(tx, sql.listHolds, [
        asked.map(({ lockspace }) => lockspace),
        asked.map(({ name }) => name),
        asked.map(({ owner }) => owner),
      ]),
      run(tx, sql.listLine, [names.lockspaces, names.names, LINE_HEAD, requests]),
      run(tx, sql.clock, [numbers]),
    ] as const);
    const holdRows = [...holds.rows];
    const lineRows = [...line.rows];
    const isNamed = new Set(asked.map(lockKey));
    const near = locks.rows.filter((row) => !isNamed.has(lockKey(row))).map(({ id }) => id);
    if (near.length > 0) {
      const [moreHolds, moreLine] = await together([
        run(tx, sql.listHoldsByIds, [near]),
        run(tx, sql.listLineByIds, [near, LINE_HEAD]),
      ] as const);
      holdRows.push(...moreHolds.rows);
      lineRows.push(...moreLine.rows);
    }
    const more = lineRows.length > 0 ? await run(tx, sql.clock, [lineRows.length]) : undefined;
    return {
      nowMs: clock.rows[0]?.ms ?? 0,
      locks: locks.rows.map((row) => toLock(row, holdRows, lineRows)),
      requests: toRequests(lineRows, LINE_HEAD),
      numbers: [...(clock.rows[0]?.numbers ?? []), ...(more?.rows[0]?.numbers ?? [])],
    };
  }

  /** Writes what operations changed. */
  async write(tx: Tx, { holds, queued, removed }: LockChanges): Promise<void> {
    await together([
      holds.length > 0 ? run(tx, sql.writeHolds, holdColumns(holds)) : NOTHING,
      removed.length > 0 ? run(tx, sql.removeRequests, [removed]) : NOTHING,
      queued.length > 0 ? run(tx, sql.addRequests, requestColumns(queued)) : NOTHING,
      queued.length > 0 ? run(tx, sql.addWants, wantColumns(queued)) : NOTHING,
    ]);
  }

  /** Lets the requests of a process count for `forMs` more, from the database's now. */
  async keepAlive(tx: Tx, session: string, forMs: number): Promise<void> {
    await run(tx, sql.keepAlive, [session, forMs]);
  }

  async forgetSessions(tx: Tx, olderThanMs: number): Promise<void> {
    await run(tx, views.forgetSessions, [olderThanMs]);
  }

  /** Which of these requests stand in line no more, and what they came to. One statement each: run it by itself. */
  async outcomes(tx: Tx, ids: readonly number[]): Promise<ReadonlyMap<number, GrantedLock[]>> {
    const { rows: gone } = await run(tx, views.listGone, [ids]);
    const outcomes = new Map<number, GrantedLock[]>(gone.map(({ id }) => [id, []]));
    if (outcomes.size === 0) return outcomes;
    for (const lock of await this.listByRequests(tx, [...outcomes.keys()])) {
      outcomes.get(lock.requestId ?? 0)?.push(lock);
    }
    return outcomes;
  }

  /** Holds that came out of these requests. */
  async listByRequests(tx: Tx, ids: readonly number[]): Promise<GrantedLock[]> {
    return (await run(tx, views.listByRequests, [ids])).rows.map(toGranted);
  }

  /** In how many ms the first hold ends that stands in the way of those who wait for each lock; those nobody holds: 0. */
  async nextEnds(tx: Tx, locks: readonly LockOf[]): Promise<readonly (LockOf & { readonly inMs: number })[]> {
    const { lockspaces, names } = distinct(locks);
    const { rows } = await run(tx, views.nextEnds, [lockspaces, names]);
    return rows.map(({ lockspace, name, in_ms: inMs }) => ({ lockspace, name, inMs: inMs ?? 0 }));
  }

  /** Locks whose line nobody served in time: at most `limit`. */
  async listOverdue(tx: Tx, limit: number): Promise<LockOf[]> {
    return (await run(tx, views.listOverdue, [limit])).rows;
  }
}

/** Lists for a statement, each lock once. */
function distinct(locks: readonly LockOf[]): { readonly lockspaces: string[]; readonly names: string[] } {
  const each = [...new Map(locks.map((lock) => [lockKey(lock), lock])).values()];
  return { lockspaces: each.map(({ lockspace }) => lockspace), names: each.map(({ name }) => name) };
}

function toLock(row: sql.LockRow, holds: readonly sql.HoldRow[], line: readonly sql.LineRow[]): ClusterLock {
  const own = line.filter(({ lock_id: lockId }) => lockId === row.id);
  return {
    ...{ id: row.id, lockspace: row.lockspace, name: row.name, draining: row.draining },
    ...{ leaseMs: row.lease_ms, graceMs: row.grace_ms, lastExclusive: row.last_exclusive },
    owners: new Map([
      ...own.map((one): [string, ClusterHold] => [one.owner, seenBefore(one)]),
      ...holds.flatMap((one): [string, ClusterHold][] => (one.lock_id === row.id ? [[one.owner, toHold(one)]] : [])),
    ]),
    isLineCut: own.length >= LINE_HEAD,
  };
}

function holdColumns(holds: LockChanges['holds']): unknown[] {
  const column = (value: (hold: ClusterHold) => unknown): unknown[] => holds.map(({ hold }) => value(hold));
  return [
    holds.map(({ lockId }) => lockId),
    column(({ owner }) => owner),
    column(({ mode }) => fromMode(mode)),
    column(({ token }) => token),
    column(({ seen }) => seen),
    column(({ changed }) => changed),
    column(({ cached }) => cached),
    column(({ uses }) => uses),
    column(({ sinceMs }) => sinceMs),
    column(({ expiresAtMs }) => expiresAtMs),
    column(({ endsAtMs }) => endsAtMs),
    column(({ revokedAtMs }) => revokedAtMs),
    column(({ requestId }) => requestId),
    holds.map(({ lastExclusive }) => lastExclusive),
  ];
}

function requestColumns(requests: readonly LockRequest[]): unknown[] {
  return [
    requests.map(({ id }) => id),
    requests.map(({ owner }) => owner),
    requests.map(({ leaseMs }) => leaseMs),
    requests.map(({ counted }) => counted),
    requests.map(({ session }) => session),
    requests.map(({ deadlineMs }) => deadlineMs),
    requests.map(({ wants }) => wants.length),
  ];
}

function wantColumns(requests: readonly LockRequest[]): unknown[] {
  const wants = requests.flatMap(({ id, wants }) => wants.map((want) => ({ id, ...want })));
  return [
    wants.map(({ lockId }) => lockId),
    wants.map(({ id }) => id),
    wants.map(({ mode }) => fromMode(mode)),
    wants.map(({ cached }) => cached),
    wants.map(({ converts }) => converts),
  ];
}
