import {
  Conflict,
  NotFound,
  REASONS,
  type ClusterHold,
  type GrantedLock,
  type HandleFlags,
  type LockMode,
  type LockOf,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import { toGranted, toHold, toMode } from './cluster-lock-rows.js';
import * as views from './cluster-lock-views.sql.js';
import * as sql from './lockspace.sql.js';

/** Holders and waiters of a lock that are shown. */
const MAX_SHOWN = 1_000;

/** Of a page of locks each shows so many holders. */
const MAX_SHOWN_IN_LIST = 10;

/** What names with a prefix can end with at most: 255 times the last character. */
const BEYOND = '\u{10ffff}'.repeat(255);

export interface Lockspace {
  readonly name: string;
  readonly draining: boolean;
  /** How long a hold lasts unless its owner says otherwise. */
  readonly leaseMs: number;
  /** How long a cached hold keeps others out beyond its lease. */
  readonly graceMs: number;
}

/** A lock as it is shown. */
export interface LockView extends LockOf {
  readonly holders: readonly ClusterHold[];
  readonly waiting: number;
}

/** Somebody in line. */
export interface WaitingView extends LockOf {
  readonly requestId: number;
  readonly owner: string;
  readonly mode: LockMode;
  readonly converts: boolean;
  readonly deadlineMs: number;
  readonly isAsync: boolean;
}

export interface Handle extends LockOf {
  readonly id: string;
  readonly owner: string;
  readonly flags: HandleFlags;
}

/** A handle and what it holds. */
export interface HandleState {
  readonly handle: Handle;
  readonly hold: GrantedLock | undefined;
}

/** The form of a handle's id; what has another one is the id of none, and no text for the database. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Lockspaces and handles, and locks as they are shown to whoever asks. */
@Injectable()
export class LockspaceStore {
  /** Makes it, or sets what it says and lets it grant again. Answers whether it was made. */
  async put(tx: Tx, { name, leaseMs, graceMs }: Omit<Lockspace, 'draining'>): Promise<boolean> {
    return (await run(tx, sql.put, [name, leaseMs, graceMs])).rows[0]?.made ?? false;
  }

  async find(tx: Tx, name: string): Promise<(Lockspace & { readonly id: number }) | undefined> {
    const row = (await run(tx, sql.find, [name])).rows[0];
    return row === undefined ? undefined : { ...toLockspace(row), id: row.id };
  }

  async list(tx: Tx, after: string, limit: number): Promise<Lockspace[]> {
    return (await run(tx, sql.list, [after, limit])).rows.map(toLockspace);
  }

  async countUse(tx: Tx, id: number): Promise<{ readonly held: number; readonly waiting: number }> {
    return (await run(tx, sql.countUse, [id])).rows[0] ?? { held: 0, waiting: 0 };
  }

  /** Answers whether there is such a lockspace. */
  async drain(tx: Tx, name: string): Promise<boolean> {
    return (await run(tx, sql.drain, [name])).count > 0;
  }

  /** Removes a lockspace with all its locks, and what their owners saw. Throws NotFound, or Conflict while it is in use. */
  async remove(tx: Tx, name: string): Promise<void> {
    const row = (await run(tx, sql.lock, [name])).rows[0];
    if (row === undefined) throw noLockspace(name);
    await run(tx, sql.lockAll, [row.id]);
    const use = await this.countUse(tx, row.id);
    if (!row.draining || use.held > 0 || use.waiting > 0) {
      throw new Conflict(
        `Lockspace '${name}' is in use: drain it, and wait until nothing is held (${use.held} held, ${use.waiting} waiting).`,
        { reason: REASONS.lockspaceInUse, facts: { lockspace: name, draining: row.draining, ...use } },
      );
    }
    for (const statement of sql.REMOVE) await run(tx, statement, [row.id]);
  }

  /** A page of the locks that are held or waited for. */
  async listLocks(tx: Tx, lockspace: string, prefix: string, after: string, limit: number): Promise<LockView[]> {
    const { rows } = await run(tx, views.listInUse, [lockspace, prefix, after, prefix + BEYOND, limit]);
    const holders = await this.holders(tx, rows, MAX_SHOWN_IN_LIST);
    const waiting = new Map(
      (await run(tx, views.countWaiting, [rows.map(({ id }) => id)])).rows.map((row) => [row.lock_id, row.waiting]),
    );
    return rows.map(({ id, name }) => ({
      ...{ lockspace, name, holders: holders.get(id) ?? [], waiting: waiting.get(id) ?? 0 },
    }));
  }

  /** Who holds a lock, those who keep most others out first. A lock that nobody ever named is held by nobody. */
  async holdersOf(tx: Tx, { lockspace, name }: LockOf): Promise<ClusterHold[]> {
    const { rows } = await run(tx, views.findLock, [lockspace, name]);
    return [...(await this.holders(tx, rows, MAX_SHOWN)).values()].flat();
  }

  async listWaiting(tx: Tx, { lockspace, name }: LockOf): Promise<WaitingView[]> {
    return (await run(tx, views.listWaiting, [lockspace, name, MAX_SHOWN])).rows.map(toWaiting);
  }

  /** A request that stands in line, a row for each lock; none: it does not. */
  async findRequest(tx: Tx, id: number): Promise<WaitingView[]> {
    return (await run(tx, views.findRequest, [id])).rows.map(toWaiting);
  }

  async listByOwner(tx: Tx, lockspace: string, owner: string): Promise<GrantedLock[]> {
    return (await run(tx, views.listByOwner, [lockspace, owner, MAX_SHOWN])).rows.map(toGranted);
  }

  async listWaitingByOwner(tx: Tx, lockspace: string, owner: string): Promise<WaitingView[]> {
    return (await run(tx, views.listWaitingByOwner, [lockspace, owner, MAX_SHOWN])).rows.map(toWaiting);
  }

  /** The handle of an owner for a lock; one that is there keeps its id and gets the flags. Throws NotFound. */
  async putHandle(tx: Tx, { id, lockspace, name, owner, flags }: Handle): Promise<Handle> {
    const { prealloc, cacheRead, cacheWrite, useSemaphore } = flags;
    const values = [id, lockspace, name, owner, prealloc, cacheRead, cacheWrite, useSemaphore];
    const row = (await run(tx, sql.putHandle, values)).rows[0];
    if (row === undefined) throw noLockspace(lockspace);
    return toHandle(row);
  }

  /** Makes an owner's row of a lock that is there. */
  async prealloc(tx: Tx, { lockspace, name }: LockOf, owner: string): Promise<void> {
    await run(tx, sql.prealloc, [lockspace, name, owner]);
  }

  async findHandle(tx: Tx, id: string): Promise<HandleState | undefined> {
    if (!UUID.test(id)) return undefined;
    const row = (await run(tx, sql.findHandle, [id])).rows[0];
    if (row === undefined) return undefined;
    const handle = toHandle(row);
    return { handle, hold: row.held ? toGranted(row) : undefined };
  }

  async removeHandle(tx: Tx, id: string): Promise<void> {
    await run(tx, sql.removeHandle, [id]);
  }

  private async holders(
    tx: Tx,
    locks: readonly { readonly id: string }[],
    each: number,
  ): Promise<ReadonlyMap<string, ClusterHold[]>> {
    const holders = new Map<string, ClusterHold[]>(locks.map(({ id }) => [id, []]));
    const { rows } = await run(tx, views.listHolders, [[...holders.keys()], each]);
    for (const row of rows) holders.get(row.lock_id)?.push(toHold(row));
    return holders;
  }
}

/** There is no lockspace of that name. */
export function noLockspace(lockspace: string): NotFound {
  return new NotFound(`No lockspace '${lockspace}' found.`, {
    reason: REASONS.lockspaceNotFound,
    facts: { lockspace },
  });
}

function toLockspace({ name, draining, lease_ms: leaseMs, grace_ms: graceMs }: sql.LockspaceRow): Lockspace {
  return { name, draining, leaseMs, graceMs };
}

function toWaiting(row: views.WaitingRow): WaitingView {
  return {
    ...{ requestId: row.id, lockspace: row.lockspace, name: row.name, owner: row.owner, mode: toMode(row.mode) },
    ...{ converts: row.converts !== null, deadlineMs: row.deadline_ms, isAsync: row.is_async },
  };
}

function toHandle(row: sql.HandleRow): Handle {
  const { handle: id, lockspace, name, handle_owner: owner } = row;
  const { prealloc, cache_read: cacheRead, cache_write: cacheWrite, use_semaphore: useSemaphore } = row;
  return { id, lockspace, name, owner, flags: { prealloc, cacheRead, cacheWrite, useSemaphore } };
}
