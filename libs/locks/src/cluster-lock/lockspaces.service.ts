import { randomUUID } from 'node:crypto';
import type { ClusterHold, GrantedLock, HandleFlags, LockOf } from '#berth/domain';
import {
  LockspaceStore,
  noLockspace,
  Transactions,
  type Handle,
  type Lockspace,
  type LockView,
  type Tx,
  type WaitingView,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ClusterLocksService, noHandle, noRequest } from './cluster-locks.service.js';
import { LockOperations } from './lock-operations.js';

/** A lockspace, and how much of it is in use. */
export interface LockspaceInUse extends Lockspace {
  readonly held: number;
  readonly waiting: number;
}

/** What became of a request. */
export type RequestState =
  | { readonly status: 'waiting'; readonly wants: readonly WaitingView[] }
  | { readonly status: 'granted'; readonly locks: readonly GrantedLock[] };

/** All that an owner has to do with in a lockspace. */
export interface OwnerState {
  readonly holds: readonly GrantedLock[];
  readonly waiting: readonly WaitingView[];
}

/** Lockspaces, handles, and who holds what and waits for what. */
@Injectable()
export class LockspacesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly lockspaces: LockspaceStore,
    private readonly operations: LockOperations,
    private readonly locks: ClusterLocksService,
  ) {}

  /** Makes a lockspace, or sets its times; one that drained grants again. Answers whether it was made. */
  put(lockspace: Omit<Lockspace, 'draining'>): Promise<boolean> {
    return this.transactions.run('lockspaces.put', (tx) => this.lockspaces.put(tx, lockspace));
  }

  /** Throws NotFound. */
  get(name: string): Promise<LockspaceInUse> {
    return this.transactions.single('lockspaces.get', async (tx) => {
      const found = await this.find(tx, name);
      return { ...found, ...(await this.lockspaces.countUse(tx, found.id)) };
    });
  }

  /** A page of at most `limit`, those behind the name `after`. */
  list(after: string, limit: number): Promise<readonly Lockspace[]> {
    return this.transactions.single('lockspaces.list', (tx) => this.lockspaces.list(tx, after, limit));
  }

  /** From now on nothing new is granted. Throws NotFound. */
  async drain(name: string): Promise<LockspaceInUse> {
    const found = await this.transactions.run('lockspaces.drain', (tx) => this.lockspaces.drain(tx, name));
    if (!found) throw noLockspace(name);
    return await this.get(name);
  }

  /** Removes a lockspace that is drained and that nobody uses. Throws NotFound, or Conflict. */
  remove(name: string): Promise<void> {
    return this.transactions.run('lockspaces.remove', (tx) => this.lockspaces.remove(tx, name));
  }

  /** A page of the locks that somebody holds or waits for. Throws NotFound. */
  listLocks(lockspace: string, prefix: string, after: string, limit: number): Promise<readonly LockView[]> {
    return this.transactions.single('lockspaces.locks', async (tx) => {
      await this.find(tx, lockspace);
      return await this.lockspaces.listLocks(tx, lockspace, prefix, after, limit);
    });
  }

  /** Who holds a lock, and its line. Throws NotFound if there is no such lockspace. */
  showLock(lock: LockOf): Promise<{ readonly holders: readonly ClusterHold[]; readonly line: readonly WaitingView[] }> {
    return this.transactions.single('lockspaces.lock', async (tx) => {
      await this.find(tx, lock.lockspace);
      return { holders: await this.lockspaces.holdersOf(tx, lock), line: await this.lockspaces.listWaiting(tx, lock) };
    });
  }

  /** Throws NotFound if the request neither waits, nor is anything held that it was granted. */
  async request(lockspace: string, id: number): Promise<RequestState> {
    const wants = await this.transactions.single('lockspaces.request', (tx) => this.lockspaces.findRequest(tx, id));
    if (wants[0]?.lockspace === lockspace) return { status: 'waiting', wants };
    const locks = await this.locks.grantedBy(id);
    if (locks[0]?.lockspace !== lockspace) throw noRequest(id);
    return { status: 'granted', locks };
  }

  /** What an owner holds and waits for: at most 1,000 of each. Throws NotFound. */
  ownerState(lockspace: string, owner: string): Promise<OwnerState> {
    return this.transactions.single('lockspaces.owner', async (tx) => {
      await this.find(tx, lockspace);
      return {
        holds: await this.lockspaces.listByOwner(tx, lockspace, owner),
        waiting: await this.lockspaces.listWaitingByOwner(tx, lockspace, owner),
      };
    });
  }

  /**
   * The handle of an owner for a lock: a new one, or the one there is, with these flags from now on. Without an owner, one
   * is made up. Throws NotFound.
   */
  async allocate(lock: LockOf, owner: string | undefined, flags: HandleFlags): Promise<Handle> {
    const id = randomUUID();
    const handle = await this.transactions.run('lockspaces.handle', (tx) =>
      this.lockspaces.putHandle(tx, { ...lock, id, owner: owner ?? `handle:${id}`, flags }),
    );
    if (flags.prealloc) {
      await this.operations.run({ locks: [lock], owner: handle.owner, make: true, apply: () => undefined });
      await this.transactions.run('lockspaces.prealloc', (tx) => this.lockspaces.prealloc(tx, lock, handle.owner));
    }
    return handle;
  }

  /** Frees a handle with what it holds. Answers whether it held anything. Throws NotFound. */
  async free(lockspace: string, id: string): Promise<boolean> {
    const state = await this.transactions.single('lockspaces.findHandle', (tx) => this.lockspaces.findHandle(tx, id));
    if (state?.handle.lockspace !== lockspace) throw noHandle(id);
    await this.transactions.run('lockspaces.removeHandle', (tx) => this.lockspaces.removeHandle(tx, id));
    return await this.locks.releaseAll(state.handle, state.handle.owner);
  }

  private async find(tx: Tx, name: string): Promise<Lockspace & { readonly id: number }> {
    const found = await this.lockspaces.find(tx, name);
    if (found === undefined) throw noLockspace(name);
    return found;
  }
}
