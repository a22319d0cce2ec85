import { Invalid, REASONS } from '#berth/domain';
import { ArrayUnique, IsArray, IsInt } from 'class-validator';
import { IsUuidLike, versionedBodies, WholeBody } from '../http/schema/index.js';

/** `PUT …/aggregates` of 1.1 to 1.18: the body is the bare array (spec aggregates.md). */
export class PutAggregatesBody {
  @WholeBody()
  @IsArray()
  @ArrayUnique()
  @IsUuidLike({ each: true })
  readonly aggregates!: readonly string[];
}

/** Since 1.19: an object, with the provider's generation. */
export class PutAggregatesBodyV1_19 {
  @IsArray()
  @ArrayUnique()
  @IsUuidLike({ each: true })
  readonly aggregates!: readonly string[];

  @IsInt()
  readonly resource_provider_generation!: number;
}

export const PUT_AGGREGATES_BODIES = versionedBodies(
  { since: 1, class: PutAggregatesBody },
  { since: 19, class: PutAggregatesBodyV1_19 },
);

/** Longest spelling of a uuid that can be stored (spec aggregates.md). */
const MAX_SPELLING = 36;

/** The set that the body asks for, and the generation it claims. Throws Invalid for a spelling that is too long. */
export function toAggregates(body: readonly string[] | PutAggregatesBodyV1_19): {
  readonly aggregates: readonly string[];
  readonly generation: number | undefined;
} {
  const { aggregates, generation } = isBare(body)
    ? { aggregates: body, generation: undefined }
    : { aggregates: body.aggregates, generation: body.resource_provider_generation };
  const tooLong = aggregates.find((uuid) => uuid.length > MAX_SPELLING);
  if (tooLong !== undefined) {
    throw new Invalid(
      `JSON does not validate: '${tooLong}' is too long, an aggregate has at most ${MAX_SPELLING} characters`,
      { reason: REASONS.bodyInvalid },
    );
  }
  return { aggregates, generation };
}

function isBare(body: readonly string[] | PutAggregatesBodyV1_19): body is readonly string[] {
  return Array.isArray(body);
}
