import { AdvisorySessions } from '#berth/store';
import { Module } from '@nestjs/common';
import { ClusterLockSweeper } from './cluster-lock/cluster-lock-sweeper.js';
import { ClusterLocksService } from './cluster-lock/cluster-locks.service.js';
import { LockEvents } from './cluster-lock/lock-events.js';
import { LockOperations } from './cluster-lock/lock-operations.js';
import { LockspacesService } from './cluster-lock/lockspaces.service.js';
import { LockWaiters } from './cluster-lock/lock-waiters.js';
import { LockMeasuresService } from './lock-measures.service.js';
import { LockPoolsService } from './lock-pool/lock-pools.service.js';
import { NamedLocks } from './named-lock/named-locks.js';
import { ForcedReleaseService } from './slot-lock/forced-release.service.js';
import { SlotLockSweeper } from './slot-lock/slot-lock-sweeper.js';
import { SlotLocksService } from './slot-lock/slot-locks.service.js';

const CLUSTER_LOCKS = [ClusterLocksService, LockspacesService, LockEvents];

/** The locks. Needs the stores of #berth/store, which the application provides. */
@Module({
  providers: [
    SlotLocksService,
    ForcedReleaseService,
    SlotLockSweeper,
    ...CLUSTER_LOCKS,
    LockOperations,
    LockWaiters,
    ClusterLockSweeper,
    LockPoolsService,
    LockMeasuresService,
    {
      provide: NamedLocks,
      useFactory: (sessions: AdvisorySessions) => new NamedLocks(sessions),
      inject: [AdvisorySessions],
    },
  ],
  exports: [
    SlotLocksService,
    ForcedReleaseService,
    ...CLUSTER_LOCKS,
    NamedLocks,
    LockPoolsService,
    LockMeasuresService,
  ],
})
export class LocksModule {}
