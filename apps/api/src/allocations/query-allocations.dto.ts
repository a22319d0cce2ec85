import { UNKNOWN_CONSUMER_TYPE } from '#berth/domain';
import type { ConsumerFilter } from '#berth/placement';
import { ArrayMaxSize, IsArray, IsInt, IsString, Length, Max, Min } from 'class-validator';
import { DEFAULT_PAGE, fromCursor, MAX_PAGE } from '../http/cursor.js';
import { IsUuidLike, MayBeAbsent, versionedBodies } from '../http/schema/index.js';

/** As many as fit into a body; each is looked up by an index. */
const MAX_UUIDS = 100_000;
const MAX_NAME = 255;

/** `POST /allocations/query`: every filter that is given has to pass. */
export class QueryAllocationsBody {
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_UUIDS)
  @IsUuidLike({ each: true })
  readonly consumer_uuids?: readonly string[];

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_UUIDS)
  @IsUuidLike({ each: true })
  readonly resource_provider_uuids?: readonly string[];

  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_NAME)
  readonly project_id?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_NAME)
  readonly user_id?: string;

  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_NAME)
  readonly consumer_type?: string;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  readonly limit?: number;

  @MayBeAbsent()
  @IsString()
  readonly cursor?: string;
}

export const QUERY_ALLOCATIONS_BODIES = versionedBodies({ since: 0, class: QueryAllocationsBody });

/** The name of the list in its cursors. */
export const CONSUMERS_LIST = 'consumers';

/** What the body asks for. Throws Invalid for a cursor that is none. */
export function toConsumersQuery(body: QueryAllocationsBody): {
  readonly filter: ConsumerFilter;
  readonly after: string;
  readonly limit: number;
} {
  return {
    filter: {
      uuids: body.consumer_uuids,
      providers: body.resource_provider_uuids,
      project: body.project_id,
      user: body.user_id,
      type: body.consumer_type === UNKNOWN_CONSUMER_TYPE ? null : body.consumer_type,
    },
    after: fromCursor(CONSUMERS_LIST, body.cursor),
    limit: body.limit ?? DEFAULT_PAGE,
  };
}
