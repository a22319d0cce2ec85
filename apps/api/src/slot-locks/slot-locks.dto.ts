import { MAX_SLOT_LOCKS, type AcquireSlots } from '#berth/domain';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, Max, Min } from 'class-validator';
import { AnyOf, MayBeAbsent, versionedBodies } from '../http/schema/index.js';
import { IsName } from '../http/schema/name.js';
import { LimitedSlot, SlotKey, toWantedSlots, type SlotLocksBody } from '../http/schema/slot-lock.dto.js';

/** Whoever means longer than ten years means "until released". */
const MAX_LEASE_SECONDS = 315_360_000;

/** `POST /slot_locks` (docs/api/slot-locks.md). */
export class PostSlotLocksBody {
  @IsName()
  readonly owner!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_SLOT_LOCKS)
  @AnyOf(() => [SlotKey, LimitedSlot], { each: true })
  readonly slot_locks!: SlotLocksBody;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_LEASE_SECONDS)
  readonly lease_seconds?: number;
}

export const POST_SLOT_LOCKS_BODIES = versionedBodies({ since: 0, class: PostSlotLocksBody });

/** What the body asks for. Throws Invalid for a key that is named twice. */
export function toAcquire({ owner, slot_locks, lease_seconds }: PostSlotLocksBody): AcquireSlots {
  return { owner, wanted: toWantedSlots(slot_locks), leaseSeconds: lease_seconds ?? null };
}
