import type { LockOf } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { removeRequests } from '../cluster-lock/cluster-lock.sql.js';
import { lock as lockPool } from '../lock-pool/lock-pool.sql.js';
import { run, type Tx } from '../sql.js';
import * as sql from './lease-audit.sql.js';

/** Slots of a key whose leases are over; times are the database's, ms since the epoch. */
export interface OverdueKey {
  readonly key: string;
  readonly slots: number;
  readonly sinceMs: number;
}

/** A hold of a cluster lock that is over. */
export interface OverdueHold extends LockOf {
  readonly lockId: string;
  readonly owner: string;
  readonly token: string;
  readonly sinceMs: number;
}

/** Somebody in line for cluster locks who is over the time, or whose server is gone. */
export interface DeadRequest {
  readonly id: string;
  readonly owner: string;
  readonly deadlineMs: number;
}

/** A request of a lock pool that is over. */
export interface OverduePermit {
  readonly id: string;
  readonly pool: string;
  readonly key: string;
  readonly owner: string;
  readonly isHeld: boolean;
  readonly sinceMs: number;
}

/** What is over its time by `graceSeconds`, and what ends it if it still is. Each list is one statement: run it by itself. */
@Injectable()
export class LeaseAuditStore {
  async listSlotKeys(tx: Tx, graceSeconds: number, after: string, limit: number): Promise<OverdueKey[]> {
    const { rows } = await run(tx, sql.listSlotKeys, [after, graceSeconds, limit]);
    return rows.map(({ key, slots, since_ms: sinceMs }) => ({ key, slots, sinceMs }));
  }

  async listHolds(
    tx: Tx,
    graceSeconds: number,
    after: Pick<OverdueHold, 'lockId' | 'owner'>,
    limit: number,
  ): Promise<OverdueHold[]> {
    const { rows } = await run(tx, sql.listHolds, [after.lockId, after.owner, graceSeconds, limit]);
    return rows.map(({ lock_id: lockId, since_ms: sinceMs, lockspace, name, owner, token }) => ({
      ...{ lockId, lockspace, name, owner, token, sinceMs },
    }));
  }

  /** Ends a hold that is over, under the lock's row lock; false: it is not there, or was renewed. */
  async endHold(tx: Tx, { lockId, owner, token }: OverdueHold, graceSeconds: number): Promise<boolean> {
    await run(tx, sql.lockLock, [lockId]);
    return (await run(tx, sql.endHold, [lockId, owner, token, graceSeconds])).count > 0;
  }

  async listRequests(tx: Tx, graceSeconds: number, after: string, limit: number): Promise<DeadRequest[]> {
    const { rows } = await run(tx, sql.listRequests, [after, graceSeconds, limit]);
    return rows.map(({ id, owner, deadline_ms: deadlineMs }) => ({ id, owner, deadlineMs }));
  }

  /** Takes a dead request out of its lines; false: it is not there, or not dead any more. */
  async removeRequest(tx: Tx, id: string, graceSeconds: number): Promise<boolean> {
    await run(tx, sql.lockWanted, [id]);
    const { rows } = await run(tx, sql.listDead, [id, graceSeconds]);
    if (rows.length > 0) await run(tx, removeRequests, [[id]]);
    return rows.length > 0;
  }

  /** How many servers are silent for so long. */
  async countSessions(tx: Tx, graceSeconds: number): Promise<number> {
    return (await run(tx, sql.countSessions, [graceSeconds])).rows[0]?.sessions ?? 0;
  }

  async removeSessions(tx: Tx, graceSeconds: number): Promise<boolean> {
    return (await run(tx, sql.removeSessions, [graceSeconds])).count > 0;
  }

  async listPermits(tx: Tx, graceSeconds: number, after: string, limit: number): Promise<OverduePermit[]> {
    const { rows } = await run(tx, sql.listPoolRequests, [after, graceSeconds, limit]);
    return rows.map(({ id, pool, key, owner, held: isHeld, since_ms: sinceMs }) => ({
      ...{ id, pool, key, owner, isHeld, sinceMs },
    }));
  }

  /** Removes what is over, under the pool's row lock; false: it is not there, or was renewed. */
  async removePermit(tx: Tx, { id, pool }: OverduePermit, graceSeconds: number): Promise<boolean> {
    await run(tx, lockPool, [pool]);
    return (await run(tx, sql.removePoolRequest, [id, graceSeconds])).count > 0;
  }
}
