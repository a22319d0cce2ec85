/** Timers count no further: some 24 days, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface FifoWait {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Ends a hold; false if it was ended before. */
export type Release = () => boolean;

/** Somebody in line. */
interface Waiter {
  readonly admit: () => void;
  before: Waiter | undefined;
  behind: Waiter | undefined;
}

/**
 * Locks by key inside of this process, first come first served. A key is remembered while somebody holds it or waits for it and
 * not longer. What is held here is not held in another process.
 */
export class FifoLocks {
  private readonly lines = new Map<string, Line>();

  /** How many keys are held: with nobody holding anything, 0. */
  get size(): number {
    return this.lines.size;
  }

  /**
   * Holds the key, after all who asked before. undefined when `waitMs` are over first; throws the reason of the signal if that
   * comes first. Whoever leaves the line leaves no trace in it.
   */
  async acquire(key: string, { waitMs, signal }: FifoWait): Promise<Release | undefined> {
    if (!(waitMs >= 0)) throw new RangeError(`waitMs: ${waitMs}; expected 0 or more`);
    signal?.throwIfAborted();
    const line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, new Line());
    else if (waitMs === 0 || !(await turn(line, waitMs, signal))) return undefined;
    let held = true;
    return () => {
      if (!held) return false;
      held = false;
      this.pass(key);
      return true;
    };
  }

  /** To the next in line, or to nobody. */
  private pass(key: string): void {
    const next = this.lines.get(key)?.shift();
    if (next === undefined) this.lines.delete(key);
    else next.admit();
  }
}

function turn(line: Line, waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = { admit: () => settle(() => resolve(true)), before: undefined, behind: undefined };
    const settle = (tell: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
      tell();
    };
    const leave = (): void => {
      line.remove(waiter);
      settle(() => reject(signal?.reason as Error));
    };
    const giveUp = (): void => {
      line.remove(waiter);
      settle(() => resolve(false));
    };
    const timer = setTimeout(giveUp, Math.min(waitMs, MAX_TIMER_MS));
    signal?.addEventListener('abort', leave, { once: true });
    line.push(waiter);
  });
}

/** Linked, so that who leaves from the middle of a long line costs no more than who is at its head. */
class Line {
  private first: Waiter | undefined;
  private last: Waiter | undefined;

  push(waiter: Waiter): void {
    waiter.before = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.behind = waiter;
    this.last = waiter;
  }

  shift(): Waiter | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove({ before, behind }: Waiter): void {
    if (before === undefined) this.first = behind;
    else before.behind = behind;
    if (behind === undefined) this.last = before;
    else behind.before = before;
  }
}
