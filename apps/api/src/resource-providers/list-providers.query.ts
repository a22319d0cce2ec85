import type { ListFilter } from '#berth/placement';
import { InvalidQuery } from '#berth/domain';
import { memberOf } from '../http/filters/member-of.filter.js';
import { queryCheck, querySchema, type QueryRule } from '../http/filters/query-check.js';
import { lastValueOf, type QueryPairs } from '../http/filters/query-pairs.js';
import { requiredOf } from '../http/filters/required.filter.js';
import { parseResources } from '../http/filters/resources.filter.js';
import { isDashedUuid } from '../http/filters/uuid-format.js';
import { pythonText } from '../http/schema/index.js';

/** Longest rendering of a bad value in a message; it is the client's and as long as it likes. */
const SHOWN_CHARACTERS = 500;

const STRING = { type: 'string' } as const;
const KEYS_1_0 = { name: STRING, uuid: STRING } as const;
const KEYS_1_3 = { ...KEYS_1_0, member_of: STRING } as const;
const KEYS_1_4 = { ...KEYS_1_3, resources: STRING } as const;
const KEYS_1_14 = { ...KEYS_1_4, in_tree: STRING } as const;
const KEYS_1_18 = { ...KEYS_1_14, required: STRING } as const;

/** Which keys the list of providers may have, by version (spec resource_providers.md §6). */
export const LIST_PROVIDERS_RULES: readonly QueryRule[] = [
  { since: 0, schema: querySchema(KEYS_1_0) },
  { since: 3, schema: querySchema(KEYS_1_3) },
  { since: 4, schema: querySchema(KEYS_1_4) },
  { since: 14, schema: querySchema(KEYS_1_14) },
  { since: 18, schema: querySchema(KEYS_1_18) },
];

const checkQuery = queryCheck(LIST_PROVIDERS_RULES);

/**
 * Turns the query of GET /resource_providers into a filter. An empty name is no filter; of a repeated key the last
 * value counts, but for `member_of` (1.24) and `required` (1.39). Names are looked up by whoever evaluates the filter.
 *
 * @param minor the microversion, 1.`minor`
 * @throws Invalid if a key is unknown at this version or a value is not well formed, `member_of` before `required`
 *   before `resources` (spec resource_providers.md §6, evaluation order)
 */
export function toListFilter(pairs: QueryPairs, minor: number): ListFilter {
  checkQuery(pairs, minor);
  const uuid = providerUuid(pairs, 'uuid');
  const inTree = providerUuid(pairs, 'in_tree');
  const aggregates = memberOf(pairs, '', minor);
  const traits = requiredOf(pairs, 'required', minor);
  const resources = lastValueOf(pairs, 'resources');
  return {
    name: lastValueOf(pairs, 'name') || undefined,
    uuid,
    inTree,
    ...aggregates,
    ...traits,
    resources: resources === undefined ? [] : parseResources(resources),
  };
}

/**
 * Stricter than `format: uuid` in bodies, which takes a uuid without dashes too (spec http.md §11); the text is that
 * of the schema check, which is why this stands apart from it.
 */
function providerUuid(pairs: QueryPairs, key: 'uuid' | 'in_tree'): string | undefined {
  const value = lastValueOf(pairs, key);
  if (value !== undefined && !isDashedUuid(value)) {
    const shown = pythonText(value, SHOWN_CHARACTERS);
    throw new InvalidQuery(
      `Invalid query string parameters: ${shown} is not a 'uuid'  ` +
        `Failed validating 'format' in schema['properties']['${key}']:     {'format': 'uuid', 'type': 'string'}  ` +
        `On instance['${key}']:     ${shown}`,
    );
  }
  return value;
}
