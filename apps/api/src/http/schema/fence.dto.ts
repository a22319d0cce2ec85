import type { Fence } from '#berth/domain';
import { IsInt, Max, Min } from 'class-validator';
import { IsName } from './name.js';

/** The hold that a write is made under (docs/api/fenced-writes.md). */
export class FenceBody implements Fence {
  @IsName()
  readonly lockspace!: string;

  @IsName()
  readonly name!: string;

  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly token!: number;
}
