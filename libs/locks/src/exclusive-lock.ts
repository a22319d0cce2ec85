/** What every lock that one holder has at a time can be used as, whatever it is made of. */
export interface ExclusiveLock {
  /** Resolves once the lock of this name is held; throws when `waitMs` are over. 0: now or never. */
  acquire(name: string, options: { readonly waitMs: number }): Promise<ExclusiveHold>;
}

export interface ExclusiveHold {
  /** Gives the lock back; false if it was not held any more. A second call changes nothing for anybody. */
  release(): Promise<boolean>;
}
