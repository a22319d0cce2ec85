import { Unavailable } from './errors.js';

/** What a named lock is known by. The same name under two prefixes is two locks. */
export interface LockName {
  readonly prefix: string;
  readonly name: string;
}

/**
 * The one text that stands for a named lock: different for any two that differ in prefix or name, in whatever characters.
 * Half of a surrogate pair is written out, so that no hash of it folds two names into one.
 */
export function lockNameKey({ prefix, name }: LockName): string {
  return JSON.stringify(['named-lock', prefix, name]);
}

/** A lock was not to be had within the time that its taker would wait. Nothing was done. */
export class LockWaitOver extends Unavailable {
  constructor({ prefix, name }: LockName, waitMs: number) {
    super(`The lock ${JSON.stringify(name)} (prefix ${JSON.stringify(prefix)}) was not free within ${waitMs} ms.`, {
      facts: { prefix, name, wait_ms: waitMs },
    });
  }
}

/** A lock that holds beyond this process was lost before the work under it ended: somebody else may have had it since. */
export class LockLost extends Unavailable {
  constructor({ prefix, name }: LockName, cause: unknown) {
    super(
      `The lock ${JSON.stringify(name)} (prefix ${JSON.stringify(prefix)}) was lost before the work under it ended.`,
      { facts: { prefix, name }, cause },
    );
  }
}
