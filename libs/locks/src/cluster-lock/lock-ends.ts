import type { LockOf } from '#berth/domain';
import type { ClusterLockStore, Transactions } from '#berth/store';

/** Ends that are so near are seen to together: ms. */
const TOGETHER_MS = 20;

/** Holds are renewed, and others take their place: every so often their ends are read anew: ms. */
const RECHECK_MS = 4_000;

interface End {
  readonly lock: LockOf;
  readonly atMs: number;
}

/**
 * When the holds end that somebody waits behind. Nobody is told that a lease is over: whoever serves the line, or stands
 * in it, looks at that moment.
 */
export class LockEnds {
  private readonly ends = new Map<string, End>();
  private timer: NodeJS.Timeout | undefined;
  private checkedAtMs = 0;
  private stopped = false;
  private look: (lock: LockOf) => Promise<void> = () => Promise.resolve();

  /** `waitedFor`: the locks that are waited for in this process. */
  constructor(
    private readonly transactions: Transactions,
    private readonly locks: ClusterLockStore,
    private readonly waitedFor: () => readonly LockOf[],
  ) {}

  useLook(look: (lock: LockOf) => Promise<void>): void {
    this.look = look;
  }

  /** The first hold of a lock that is waited for ends in so many ms. */
  expect(lock: LockOf, inMs: number): void {
    if (this.stopped) return;
    this.ends.set(`${lock.lockspace}\0${lock.name}`, { lock, atMs: performance.now() + Math.max(inMs, 0) });
    this.wake();
  }

  /** Reads the ends of all locks that are waited for here, now and then. */
  check(): void {
    if (performance.now() - this.checkedAtMs < RECHECK_MS) return;
    this.checkedAtMs = performance.now();
    void this.read(this.waitedFor());
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private wake(): void {
    clearTimeout(this.timer);
    let first = Infinity;
    for (const { atMs } of this.ends.values()) first = Math.min(first, atMs);
    if (this.stopped || first === Infinity) return;
    const inMs = Math.min(Math.max(first - performance.now(), 0) + TOGETHER_MS, 60_000);
    this.timer = setTimeout(() => this.due(), inMs).unref();
  }

  private due(): void {
    const now = performance.now();
    const due = [...this.ends].filter(([, { atMs }]) => atMs <= now);
    for (const [key] of due) this.ends.delete(key);
    void this.read(due.map(([, { lock }]) => lock));
    this.wake();
  }

  /** Holds may have been renewed: only those that are over are worth a transaction. */
  private async read(locks: readonly LockOf[]): Promise<void> {
    if (locks.length === 0 || this.stopped) return;
    try {
      const ends = await this.transactions.single('clusterLocks.nextEnds', (tx) => this.locks.nextEnds(tx, locks));
      for (const { lockspace, name, inMs } of ends) {
        const lock = { lockspace, name };
        if (inMs > 0) this.expect(lock, inMs);
        else await this.look(lock);
      }
    } catch {
      // The database is away: looked at again with the next check.
    }
  }
}
