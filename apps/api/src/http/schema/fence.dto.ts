import type { Fence } from '#berth/domain';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { STORABLE } from './slot-lock.dto.js';

/** The hold that a write is made under (docs/api/fenced-writes.md). */
export class FenceBody implements Fence {
  @IsString()
  @Length(1, 255)
  @Matches(STORABLE)
  readonly lockspace!: string;

  @IsString()
  @Length(1, 255)
  @Matches(STORABLE)
  readonly name!: string;

  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly token!: number;
}
