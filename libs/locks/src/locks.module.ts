import { Module } from '@nestjs/common';
import { ForcedReleaseService } from './slot-lock/forced-release.service.js';
import { SlotLockSweeper } from './slot-lock/slot-lock-sweeper.js';
import { SlotLocksService } from './slot-lock/slot-locks.service.js';

/** The locks. Needs the stores of #berth/store, which the application provides. */
@Module({
  providers: [SlotLocksService, ForcedReleaseService, SlotLockSweeper],
  exports: [SlotLocksService, ForcedReleaseService],
})
export class LocksModule {}
