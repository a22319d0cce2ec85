import { AsyncLocalStorage } from 'node:async_hooks';
import type { LockName } from '#berth/domain';

/** A named lock that the running code holds. */
export interface HeldLock extends LockName {
  readonly external: boolean;
}

/** One hold, and those around it. Code that outlives a hold still carries it along, so it says whether it is over. */
interface Holding {
  readonly lock: HeldLock;
  readonly around: Holding | undefined;
  over: boolean;
}

const holdings = new AsyncLocalStorage<Holding>();

/** The named locks inside which the calling code runs, the innermost last; nothing of what others hold at the same time. */
export function locksHeld(): readonly HeldLock[] {
  const held: HeldLock[] = [];
  for (let at = holdings.getStore(); at !== undefined; at = at.around) if (!at.over) held.unshift(at.lock);
  return held;
}

/** Runs `work` and what it starts as code that holds the lock. It stops to count as held when `work` has ended. */
export async function holding<T>(lock: HeldLock, work: () => Promise<T> | T): Promise<T> {
  const own: Holding = { lock, around: holdings.getStore(), over: false };
  try {
    return await holdings.run(own, work);
  } finally {
    own.over = true;
  }
}
