import type { ListFilter } from '#berth/placement';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsString, Max, Min } from 'class-validator';
import { DEFAULT_PAGE, fromCursor, MAX_PAGE } from '../http/cursor.js';
import type { QueryPairs } from '../http/filters/query-pairs.js';
import { MAX_MINOR } from '../http/microversion.js';
import { ResourceAmount } from '../http/schema/consumer-allocations.dto.js';
import { IsUuidLike, MapOf, MayBeAbsent, versionedBodies } from '../http/schema/index.js';
import { RESOURCE_CLASS } from '../http/schema/inventory-record.dto.js';
import { toListFilter } from './list-providers.query.js';

/** As many as fit into a body; each is looked up in a hash. */
const MAX_UUIDS = 100_000;

/** What may be shown of each provider beside itself. */
export const PARTS = ['inventories', 'usages', 'traits', 'aggregates', 'allocations'] as const;
export type Part = (typeof PARTS)[number];

/**
 * `POST /resource_providers/query`: the filters of `GET /resource_providers` at 1.39, with their grammar; those that may be
 * repeated there are lists here.
 */
export class QueryProvidersBody {
  @MayBeAbsent()
  @IsString()
  readonly name?: string;

  @MayBeAbsent()
  @IsString()
  readonly uuid?: string;

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_UUIDS)
  @IsUuidLike({ each: true })
  readonly uuids?: readonly string[];

  @MayBeAbsent()
  @IsString()
  readonly in_tree?: string;

  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  readonly member_of?: readonly string[];

  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  readonly required?: readonly string[];

  @MayBeAbsent()
  @MapOf(RESOURCE_CLASS, () => ResourceAmount, { minProperties: 1 })
  readonly resources?: Readonly<Record<string, ResourceAmount['amount']>>;

  @MayBeAbsent()
  @IsArray()
  @IsIn(PARTS, { each: true })
  @IsString({ each: true })
  readonly include?: readonly Part[];

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  readonly limit?: number;

  @MayBeAbsent()
  @IsString()
  readonly cursor?: string;
}

export const QUERY_PROVIDERS_BODIES = versionedBodies({ since: 0, class: QueryProvidersBody });

/** The name of the list in its cursors. */
export const PROVIDERS_LIST = 'providers';

/** What the body asks for. Throws Invalid where GET would, and for a cursor that is none. */
export function toProvidersQuery(body: QueryProvidersBody): {
  readonly filter: ListFilter & { readonly uuids: ReadonlySet<string> | undefined };
  readonly after: number;
  readonly limit: number;
  readonly parts: ReadonlySet<Part>;
} {
  return {
    filter: { ...toListFilter(toPairs(body), MAX_MINOR), uuids: body.uuids && new Set(body.uuids) },
    after: Number(fromCursor(PROVIDERS_LIST, body.cursor)),
    limit: body.limit ?? DEFAULT_PAGE,
    parts: new Set(body.include),
  };
}

/** The filters as a query string has them: there is one reader for both. */
function toPairs({ name, uuid, in_tree, member_of = [], required = [], resources }: QueryProvidersBody): QueryPairs {
  const single = { name, uuid, in_tree };
  const amounts = Object.entries(resources ?? {}).map(([resourceClass, amount]) => `${resourceClass}:${amount}`);
  return [
    ...Object.entries(single).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ...member_of.map((value) => ['member_of', value] as const),
    ...required.map((value) => ['required', value] as const),
    ...(amounts.length > 0 ? [['resources', amounts.join(',')] as const] : []),
  ];
}
