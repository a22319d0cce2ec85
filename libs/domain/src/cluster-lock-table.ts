import {
  COMPATIBLE,
  excludes,
  type ClusterHold,
  type ClusterLock,
  type GrantedLock,
  type LockEvent,
  type LockOf,
  type LockObstacle,
  type LockRequest,
  type LockWant,
} from './cluster-lock.js';

/** A lock while it is worked on. */
export interface OpenLock extends ClusterLock {
  lastExclusive: number;
  readonly owners: Map<string, ClusterHold>;
}

/** What has to be written. */
export interface LockChanges {
  readonly holds: readonly {
    readonly lockId: string;
    readonly hold: ClusterHold;
    readonly lastExclusive: number | null;
  }[];
  readonly queued: readonly LockRequest[];
  /** Ids of requests that stand in line no more. */
  readonly removed: readonly number[];
  /** Requests that were granted after they had waited. */
  readonly granted: readonly { readonly request: LockRequest; readonly locks: readonly GrantedLock[] }[];
  readonly events: readonly LockEvent[];
}

/**
 * Some locks, their holders and lines, while operations are applied to them one after another. Nothing here fails half
 * way: an operation checks first, then changes. `numbers` gives tokens and places, each greater than all before.
 * Rules: docs/locks/cluster-locks.md.
 */
export class LockTable {
  private readonly locks: ReadonlyMap<string, OpenLock>;
  private readonly lines = new Map<string, LockRequest[]>();
  private readonly waiting = new Map<number, LockRequest>();
  /** Locks on which somebody may have become able to go on. */
  private readonly freed = new Set<string>();
  private readonly touched = new Map<string, { readonly lock: OpenLock; readonly owner: string }>();
  private readonly raised = new Set<string>();
  private readonly queued = new Map<number, LockRequest>();
  private readonly removed = new Set<number>();
  private readonly granted: { readonly request: LockRequest; readonly locks: readonly GrantedLock[] }[] = [];
  private readonly events: LockEvent[] = [];

  constructor(
    readonly nowMs: number,
    locks: readonly ClusterLock[],
    requests: readonly LockRequest[],
    private readonly next: () => number,
  ) {
    this.locks = new Map(locks.map((lock) => [lock.id, { ...lock, owners: new Map(lock.owners) }]));
    for (const request of [...requests].sort(byTurn)) {
      if (request.isDead) this.removed.add(request.id);
      else this.join(request);
    }
    for (const lock of this.locks.values()) this.endOverdue(lock);
    // Whose requests are gone, and what ended by itself, is known only now.
    for (const id of this.lines.keys()) this.freed.add(id);
    this.promote();
  }

  lock(id: string): OpenLock {
    const lock = this.locks.get(id);
    if (lock === undefined) throw new Error(`lock ${id} was not read`);
    return lock;
  }

  /** What the owner has of the lock now; undefined: nothing. */
  holdOf(lockId: string, owner: string): ClusterHold | undefined {
    const hold = this.lock(lockId).owners.get(owner);
    return hold === undefined || hold.mode === 'unlock' ? undefined : hold;
  }

  requestById(id: number): LockRequest | undefined {
    return this.waiting.get(id);
  }

  /** Who stands in line for the lock, in the order in which they are served. */
  lineOf(lockId: string): readonly LockRequest[] {
    return this.lines.get(lockId) ?? [];
  }

  number(): number {
    return this.next();
  }

  /** What keeps a request from being granted; nothing: it can be. */
  obstacles(request: LockRequest): LockObstacle[] {
    return request.wants.flatMap((want) => {
      const lock = this.lock(want.lockId);
      const holders = [...lock.owners.values()].filter(
        ({ owner, mode }) => owner !== request.owner && !COMPATIBLE[mode][want.mode],
      );
      const before = this.lineOf(lock.id).filter((other) => goesBefore(other, request, want)).length;
      const waiting = before + (lock.isLineCut && !this.isInLine(request) && excludes(want.mode) ? 1 : 0);
      if (holders.length === 0 && waiting === 0) return [];
      return [{ lockspace: lock.lockspace, name: lock.name, mode: want.mode, holders, waiting }];
    });
  }

  /** Gives a request what it wants; it must be known that nothing stands in its way. */
  grant(request: LockRequest): GrantedLock[] {
    const waited = this.isInLine(request);
    const given = request.wants.map((want) => this.give(request, want, waited));
    if (waited) {
      this.leave(request);
      this.granted.push({ request, locks: given });
      const [first] = given;
      if (request.session === null && first !== undefined) {
        const { lockspace, name, owner, mode, token } = first;
        this.events.push({ kind: 'grant', lockspace, name, owner, mode, token, requestId: request.id });
      }
    }
    return given;
  }

  enqueue(request: LockRequest): void {
    this.join(request);
    this.queued.set(request.id, request);
    this.revokeFor(request);
  }

  leave(request: LockRequest): void {
    this.waiting.delete(request.id);
    for (const { lockId } of request.wants) {
      const left = this.lineOf(lockId).filter((one) => one !== request);
      this.lines.set(lockId, left);
      this.freed.add(lockId);
    }
    // A request that came and went in one transaction was never there.
    if (!this.queued.delete(request.id)) this.removed.add(request.id);
  }

  setHold(lockId: string, hold: ClusterHold): GrantedLock {
    const lock = this.lock(lockId);
    lock.owners.set(hold.owner, hold);
    this.touched.set(`${lockId} ${hold.owner}`, { lock, owner: hold.owner });
    // Of those in line the owner may have what it waited for, and others want what it may keep cached.
    if (hold.mode !== 'exclusive' || this.lineOf(lockId).length > 0) this.freed.add(lockId);
    return { ...hold, lockspace: lock.lockspace, name: lock.name, leftMs: hold.expiresAtMs - this.nowMs };
  }

  /** Takes the owner's hold; what it saw stays known. The next in line are served by `promote`. */
  end(lockId: string, hold: ClusterHold): void {
    this.setHold(lockId, { ...hold, mode: 'unlock', cached: false, uses: 0, revokedAtMs: null, requestId: null });
  }

  tell(event: LockEvent): void {
    this.events.push(event);
  }

  /**
   * Serves the line, in its order: each request that nothing stands in the way of is granted. What it wants goes to a
   * request as a whole; one that can't be granted keeps out those behind it that don't go together with it, so nobody
   * is passed for ever.
   */
  promote(): void {
    for (;;) {
      const [lockId] = this.freed;
      if (lockId === undefined) return;
      // A grant may make another request of its owner pointless, in this line, too: then it is looked at once more.
      this.freed.delete(lockId);
      this.serve(lockId);
    }
  }

  /** Asks those who keep a lock cached to give it back, once, if it stands in the way of the request. */
  revokeFor(request: LockRequest): void {
    for (const want of request.wants) {
      const lock = this.locks.get(want.lockId);
      if (lock === undefined) continue;
      for (const hold of lock.owners.values()) {
        if (!hold.cached || hold.revokedAtMs !== null || hold.owner === request.owner) continue;
        if (COMPATIBLE[hold.mode][want.mode]) continue;
        const { lockspace, name, owner, mode, token } = this.setHold(lock.id, { ...hold, revokedAtMs: this.nowMs });
        this.events.push({ kind: 'revoke', lockspace, name, owner, mode, token, requestId: null });
      }
    }
  }

  /** The locks that somebody waits for, and in how many ms the first hold of each ends. */
  ends(): readonly { readonly lock: LockOf; readonly inMs: number }[] {
    return [...this.locks.values()].flatMap((lock) => {
      const ends = [...lock.owners.values()].flatMap(({ mode, endsAtMs }) => (excludes(mode) ? [endsAtMs] : []));
      if (this.lineOf(lock.id).length === 0 || ends.length === 0) return [];
      return [{ lock: { lockspace: lock.lockspace, name: lock.name }, inMs: Math.min(...ends) - this.nowMs }];
    });
  }

  changes(): LockChanges {
    const holds = [...this.touched.values()].flatMap(({ lock, owner }) => {
      const hold = lock.owners.get(owner);
      if (hold === undefined) return [];
      return [{ lockId: lock.id, hold, lastExclusive: this.raised.has(lock.id) ? lock.lastExclusive : null }];
    });
    const { granted, events } = this;
    return { holds, queued: [...this.queued.values()], removed: [...this.removed], granted, events };
  }

  /** One line. Behind somebody who waits for the lock alone nobody else is served; its own requests may be. */
  private serve(lockId: string): void {
    if (!this.locks.has(lockId)) return;
    let alone: string | undefined;
    for (const request of this.lineOf(lockId)) {
      if (this.isPointless(request)) this.leave(request);
      else if (alone !== undefined && alone !== request.owner) continue;
      else if (request.isWhole && this.obstacles(request).length === 0) this.grant(request);
      else {
        this.revokeFor(request);
        if (request.wants.some((want) => want.lockId === lockId && want.mode === 'exclusive')) alone = request.owner;
      }
    }
  }

  private join(request: LockRequest): void {
    this.waiting.set(request.id, request);
    for (const { lockId } of request.wants) {
      const line = [...this.lineOf(lockId), request];
      const before = line.at(-2);
      this.lines.set(lockId, before !== undefined && byTurn(before, request) > 0 ? line.sort(byTurn) : line);
    }
  }

  /** Somebody who waits for what it has meanwhile, or to convert what it has lost. */
  private isPointless({ owner, wants }: LockRequest): boolean {
    return wants.some(({ lockId, converts }) => {
      const hold = this.holdOf(lockId, owner);
      if (converts !== null) return hold?.token !== converts;
      return hold !== undefined && excludes(hold.mode);
    });
  }

  private isInLine(request: LockRequest): boolean {
    return this.waiting.get(request.id) === request;
  }

  private give(request: LockRequest, want: LockWant, waited: boolean): GrantedLock {
    const lock = this.lock(want.lockId);
    const before = lock.owners.get(request.owner);
    const token = this.next();
    const changed = lock.lastExclusive > (before?.seen ?? 0);
    if (want.mode === 'exclusive') {
      lock.lastExclusive = token;
      this.raised.add(lock.id);
      this.tellMonitors(lock, request.owner);
    }
    return this.setHold(lock.id, {
      owner: request.owner,
      mode: want.mode,
      token,
      seen: lock.lastExclusive,
      changed,
      cached: want.cached,
      uses: want.converts === null ? 1 : (before?.uses ?? 0) + (request.counted ? 1 : 0),
      sinceMs: this.nowMs,
      ...this.leaseOf(lock, want.cached, request.leaseMs),
      revokedAtMs: null,
      requestId: waited ? request.id : null,
    });
  }

  leaseOf(lock: ClusterLock, cached: boolean, leaseMs: number): Pick<ClusterHold, 'expiresAtMs' | 'endsAtMs'> {
    const expiresAtMs = this.nowMs + leaseMs;
    return { expiresAtMs, endsAtMs: expiresAtMs + (cached ? lock.graceMs : 0) };
  }

  private tellMonitors(lock: OpenLock, taker: string): void {
    const { lockspace, name } = lock;
    for (const { owner, mode, token } of lock.owners.values()) {
      if (mode !== 'monitor' || owner === taker) continue;
      this.events.push({ kind: 'changed', lockspace, name, owner, mode, token, requestId: null });
    }
  }

  private endOverdue(lock: OpenLock): void {
    for (const hold of [...lock.owners.values()]) {
      if (hold.mode !== 'unlock' && hold.endsAtMs <= this.nowMs) this.end(lock.id, hold);
    }
  }
}

function goesBefore(other: LockRequest, request: LockRequest, want: LockWant): boolean {
  if (other === request || other.owner === request.owner || byTurn(other, request) > 0) return false;
  return other.wants.some(({ lockId, mode }) => lockId === want.lockId && !COMPATIBLE[mode][want.mode]);
}

/** Conversions first, then by arrival: who shares a lock and wants it alone would wait for those behind it otherwise. */
function byTurn(a: LockRequest, b: LockRequest): number {
  const converts = (one: LockRequest): number => (one.wants.some((want) => want.converts !== null) ? 0 : 1);
  return converts(a) - converts(b) || a.id - b.id;
}
