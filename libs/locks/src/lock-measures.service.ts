import type { LockEvent } from '#berth/domain';
import type { SpreadReading } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { LockOperations } from './cluster-lock/lock-operations.js';
import { LockWaiters } from './cluster-lock/lock-waiters.js';
import { LockPoolsService } from './lock-pool/lock-pools.service.js';
import { SlotLocksService } from './slot-lock/slot-locks.service.js';
import type { WaitReading } from './wait-measures.js';

/** Requests that share transactions. */
export interface GroupsReading {
  readonly queued: number;
  readonly refused: number;
  readonly sizes: SpreadReading;
}

/** What this process has counted of its locks since it began, and what it has now. */
export interface LockMeasures {
  readonly groups: { readonly slot: GroupsReading; readonly cluster: GroupsReading };
  readonly waits: { readonly cluster: WaitReading; readonly pool: WaitReading };
  /** Events of cluster locks that were told to owners, by kind. */
  readonly told: Readonly<Record<LockEvent['kind'], number>>;
}

/** Reads what the locks count. */
@Injectable()
export class LockMeasuresService {
  constructor(
    private readonly slots: SlotLocksService,
    private readonly cluster: LockOperations,
    private readonly waiters: LockWaiters,
    private readonly pools: LockPoolsService,
  ) {}

  read(): LockMeasures {
    return {
      groups: { slot: groupsOf(this.slots.groups), cluster: groupsOf(this.cluster.groups) },
      waits: { cluster: this.waiters.waits.read(), pool: this.pools.waiters.waits.read() },
      told: this.cluster.told,
    };
  }
}

function groupsOf({ queued, refused, sizes }: GroupsSource): GroupsReading {
  return { queued, refused, sizes: sizes.read() };
}

interface GroupsSource {
  readonly queued: number;
  readonly refused: number;
  readonly sizes: { read(): SpreadReading };
}
