/**
 * Who holds what until when: every hold has an owner, a release says what it released, and a conflict says who holds it.
 * What is held for is not known here.
 */
export { LocksModule } from './locks.module.js';
export { ForcedReleaseService } from './slot-lock/forced-release.service.js';
export { SlotLocksService } from './slot-lock/slot-locks.service.js';
export {
  ClusterLocksService,
  type Acquired,
  type AcquireRequest,
  type LockActor,
  type Released,
} from './cluster-lock/cluster-locks.service.js';
export { LockEvents, type EventFollower } from './cluster-lock/lock-events.js';
export {
  LockspacesService,
  type LockspaceInUse,
  type OwnerState,
  type RequestState,
} from './cluster-lock/lockspaces.service.js';
export type { Handle, Lockspace, LockView, WaitingView } from '#berth/store';
export type { ExclusiveHold, ExclusiveLock } from './exclusive-lock.js';
export { LockPool, type LockPoolOptions, type PoolHold, type PoolWait } from './lock-pool/lock-pool.js';
export { LockPoolsService, type AskPermit, type Permit, type PoolView } from './lock-pool/lock-pools.service.js';
export { withPermit } from './lock-pool/with-permit.js';
export { FifoLocks } from './named-lock/fifo-locks.js';
export { LeaseAudit } from './audit/lease-audit.js';
export { LOCK_RETENTION, LockRetention, type LockRetentionOptions } from './cluster-lock/lock-retention.js';
export { locksHeld, type HeldLock } from './named-lock/locks-held.js';
export { NamedLocks, type NamedHold, type NamedLockOptions } from './named-lock/named-locks.js';
export { Synchronized, type HasNamedLocks } from './named-lock/synchronized.decorator.js';
/** What the store answers and the edge shows. */
export type { PoolSummary, SlotLock, SlotLockFilter, StoredRequest } from '#berth/store';
/** How much the locks are used. */
export { LockMeasuresService, type GroupsReading, type LockMeasures } from './lock-measures.service.js';
export type { WaitReading } from './wait-measures.js';
