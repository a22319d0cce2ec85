import { IsInt, IsNumber, Max, Min } from 'class-validator';
import { MayBeAbsent } from './decorators.js';

/** Largest value of an inventory's integers: what 32 signed bits hold (spec http.md §11). */
const MAX_INTEGER = 2_147_483_647;

/** Largest allocation ratio: what single precision holds (spec http.md §11). */
const MAX_RATIO = 3.40282e38;

/** The names of resource classes as bodies may spell them; whether they exist is asked later (spec http.md §11). */
export const RESOURCE_CLASS = /^[A-Z0-9_]+$/;

/** One inventory record; absent fields return to their defaults (spec inventories.md §1). */
export class InventoryRecord {
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  readonly total!: number;

  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  readonly reserved?: number;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  readonly min_unit?: number;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  readonly max_unit?: number;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_INTEGER)
  readonly step_size?: number;

  /** No minimum: zero and negatives are left to the capacity check. */
  @MayBeAbsent()
  @IsNumber()
  @Max(MAX_RATIO)
  readonly allocation_ratio?: number;
}

/** An inventory record that may carry a provider generation, which is ignored: what a read shows can be written back. */
export class EchoedInventoryRecord extends InventoryRecord {
  @MayBeAbsent()
  @IsInt()
  readonly resource_provider_generation?: number;
}
