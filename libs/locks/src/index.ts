/**
 * Who holds what until when: every hold has an owner, a release says what it released, and a conflict says who holds it.
 * What is held for is not known here.
 */
export { LocksModule } from './locks.module.js';
export { ForcedReleaseService } from './slot-lock/forced-release.service.js';
export { SlotLocksService } from './slot-lock/slot-locks.service.js';
/** What the store answers and the edge shows. */
export type { SlotLock, SlotLockFilter } from '#berth/store';
