/** A stretch of work that takes time, under the name that it has in logs and traces. */
export interface Step {
  readonly kind: 'transaction' | 'group' | 'search';
  readonly name: string;
  /** What `Watcher.here` answered to those for whom the work is done together; absent: it is done for the caller alone. */
  readonly sakeOf?: readonly unknown[];
}

/** Sees what work is done when, for whom, and how it ended. */
export interface Watcher {
  /** Does the work, and answers or throws what it does. */
  around<T>(step: Step, work: () => Promise<T>): Promise<T>;
  /** The same for work that is done at once. */
  aroundNow<T>(step: Step, work: () => T): T;
  /** Where the caller stands, for work that is done later together with that of others. */
  here(): unknown;
}

let watcher: Watcher | undefined;

/** From now on this one watches; undefined: nobody, which costs nothing. For the wiring of an application alone. */
export function useWatcher(chosen: Watcher | undefined): void {
  watcher = chosen;
}

/** Does the work; whoever watches sees it. */
export function watched<T>(step: Step, work: () => Promise<T>): Promise<T> {
  return watcher === undefined ? work() : watcher.around(step, work);
}

/** Does the work at once; whoever watches sees it. */
export function watchedNow<T>(step: Step, work: () => T): T {
  return watcher === undefined ? work() : watcher.aroundNow(step, work);
}

/** Where the caller stands, for `Step.sakeOf`; undefined: nobody watches. */
export function placeInWork(): unknown {
  return watcher?.here();
}
