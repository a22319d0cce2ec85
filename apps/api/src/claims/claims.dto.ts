import { MAX_SLOT_LOCKS } from '#berth/domain';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { ANY_KEY, QueryValue, type CandidatesQueryBody } from '../http/candidates/candidates-query.dto.js';
import { LimitedSlot, SlotKey, type SlotLocksBody } from '../http/schema/slot-lock.dto.js';
import {
  AnyOf,
  IsIntOrNull,
  IsUuidLike,
  MapOf,
  MayBeAbsent,
  versionedBodies,
  WholeBody,
} from '../http/schema/index.js';

/** Consumers of one request: they are placed and written together, and whoever else wants those providers waits meanwhile. */
const MAX_CONSUMERS = 100;

/** Weights are compared with one another: larger ones could say nothing more. */
const MAX_WEIGHT = 1_000_000;

/** Who claims; what a write of allocations says, without the allocations. */
export class ClaimConsumer {
  @IsUuidLike()
  readonly consumer_uuid!: string;

  @IsIntOrNull()
  readonly consumer_generation!: number | null;

  @IsString()
  @Length(1, 255)
  readonly project_id!: string;

  @IsString()
  @Length(1, 255)
  readonly user_id!: string;

  @IsString()
  @Length(1, 255)
  @Matches(/^[A-Z0-9_]+$/)
  readonly consumer_type!: string;

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_SLOT_LOCKS)
  @AnyOf(() => [SlotKey, LimitedSlot], { each: true })
  readonly slot_locks?: SlotLocksBody;
}

export class PreferenceName {
  @WholeBody()
  @IsString()
  @IsIn(['first', 'random', 'spread', 'pack'])
  readonly name!: 'first' | 'random' | 'spread' | 'pack';
}

export class Weight {
  @WholeBody()
  @IsNumber()
  @Min(-MAX_WEIGHT)
  @Max(MAX_WEIGHT)
  readonly weight!: number;
}

export class PreferenceWeights {
  @MapOf(ANY_KEY, () => Weight, { minProperties: 1 })
  readonly weights!: Readonly<Record<string, number>>;
}

/** `POST /claims`: the query once for each consumer. */
export class PostClaimsBody {
  @MapOf(ANY_KEY, () => QueryValue)
  readonly query!: CandidatesQueryBody;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CONSUMERS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ClaimConsumer)
  readonly consumers!: readonly ClaimConsumer[];

  @MayBeAbsent()
  @AnyOf(() => [PreferenceName, PreferenceWeights])
  readonly preference?: PreferenceName['name'] | PreferenceWeights;

  @MayBeAbsent()
  @IsBoolean()
  readonly dry_run?: boolean;
}

export const POST_CLAIMS_BODIES = versionedBodies({ since: 39, class: PostClaimsBody });
