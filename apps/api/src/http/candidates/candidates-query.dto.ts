import { ArrayMinSize, IsArray, IsString } from 'class-validator';
import type { QueryPairs } from '../filters/query-pairs.js';
import { AnyOf, WholeBody } from '../schema/index.js';

/** A parameter that is given once. */
export class QueryText {
  @WholeBody()
  @IsString()
  readonly value!: string;
}

/** A parameter that is repeated, in the order of its repetitions. */
export class QueryTexts {
  @WholeBody()
  @IsArray()
  @ArrayMinSize(1)
  @IsString({ each: true })
  readonly values!: readonly string[];
}

export class QueryValue {
  @WholeBody()
  @AnyOf(() => [QueryText, QueryTexts])
  readonly value!: string | readonly string[];
}

/** A candidates query in a body: the parameters of GET /allocation_candidates at 1.39 by name. */
export type CandidatesQueryBody = Readonly<Record<string, QueryValue['value']>>;

/** What keys a query may have is not for the body to say: the query's own rules judge them. */
export const ANY_KEY = /^/;

/** The query as it would have come behind the path, so that one parser reads both. */
export function queryPairsOf(query: CandidatesQueryBody): QueryPairs {
  return Object.entries(query).flatMap(([key, value]) => [value].flat().map((one) => [key, one] as const));
}
