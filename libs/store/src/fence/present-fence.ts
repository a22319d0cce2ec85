import { AsyncLocalStorage } from 'node:async_hooks';
import type { Fence } from '#berth/domain';

const fences = new AsyncLocalStorage<Fence>();

/**
 * Does work whose every write is to be made under the fence: each transaction that it begins with `Transactions.run`, and
 * each operation that it hands to a group, is refused with FenceStale once the hold has ended. It goes with the work and not
 * through the signatures, so that no write, present or future, can be forgotten. Source: docs/adr/0018.
 */
export function underFence<T>(fence: Fence, work: () => T): T {
  return fences.run(fence, work);
}

/** The fence that the present work is under; undefined: none. Costs nothing in a process that never saw one. */
export function presentFence(): Fence | undefined {
  return fences.getStore();
}

/** Does work for several, each of whom may be under another fence: whoever begins it is only the one who came first. */
export function outsideFences<T>(work: () => T): T {
  return fences.exit(work);
}
