import { queryCheck, querySchema, type QueryRule } from '../http/filters/query-check.js';
import { lastValueOf, type QueryPairs } from '../http/filters/query-pairs.js';

const IDENTIFIER = { type: 'string', minLength: 1, maxLength: 255 } as const;
/** Searched, not anchored as a whole: `allotment` passes, `instance` doesn't. */
const CONSUMER_TYPE = { ...IDENTIFIER, pattern: '^[A-Z0-9_]+$|^all|^unknown$' } as const;
const KEYS_1_9 = { project_id: IDENTIFIER, user_id: IDENTIFIER } as const;

/** Which keys GET /usages may have, by version (spec usages.md §2). */
export const USAGES_RULES: readonly QueryRule[] = [
  { since: 9, schema: querySchema(KEYS_1_9, ['project_id']) },
  { since: 38, schema: querySchema({ ...KEYS_1_9, consumer_type: CONSUMER_TYPE }, ['project_id']) },
];

/** Whose usages are wanted. `consumerType` as the client wrote it: `all` and `unknown` have their own meaning. */
export interface UsagesFilter {
  readonly projectId: string;
  readonly userId: string | undefined;
  readonly consumerType: string | undefined;
}

const checkQuery = queryCheck(USAGES_RULES);

/**
 * Turns the query of GET /usages into a filter.
 *
 * @param minor the microversion, 1.`minor`, 9 or higher
 * @throws Invalid if a key is missing, unknown at this version or not well formed
 */
export function toUsagesFilter(pairs: QueryPairs, minor: number): UsagesFilter {
  checkQuery(pairs, minor);
  return {
    projectId: lastValueOf(pairs, 'project_id') ?? '',
    userId: lastValueOf(pairs, 'user_id'),
    consumerType: lastValueOf(pairs, 'consumer_type'),
  };
}
