import { checkKeys, MAX_SLOT_LIMIT, type WantedSlot } from '#berth/domain';
import { IsInt, IsString, Max, Min } from 'class-validator';
import { MayBeAbsent, WholeBody } from './decorators.js';
import { IsName } from './name.js';

/** A slot lock by its key alone: one holder at a time. */
export class SlotKey {
  @WholeBody()
  @IsName()
  readonly key!: string;
}

/** A slot lock that up to `limit` hold at a time. `slot` and `since` are ignored: what a read shows can be written back. */
export class LimitedSlot {
  @IsName()
  readonly key!: string;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_SLOT_LIMIT)
  readonly limit?: number;

  @MayBeAbsent()
  @IsInt()
  readonly slot?: number;

  @MayBeAbsent()
  @IsString()
  readonly since?: string;
}

/** What slots are wanted; each key once (docs/api/slot-locks.md). */
export type SlotLocksBody = readonly (string | LimitedSlot)[];

/** The slots of a request; a key alone is an exclusive lock. Throws Invalid if one is named twice. */
export function toWantedSlots(locks: SlotLocksBody): WantedSlot[] {
  const wanted = locks.map((lock) =>
    typeof lock === 'string' ? { key: lock, limit: 1 } : { key: lock.key, limit: lock.limit ?? 1 },
  );
  checkKeys(wanted);
  return wanted;
}
