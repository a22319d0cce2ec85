import { querySchema, type QueryRule } from '../filters/query-check.js';
import type { JsonSchema } from '../schema/index.js';

const STRING = { type: 'string' } as const;
const LIMIT = { type: 'string', pattern: '^[1-9][0-9]*$' } as const;
const GROUP_POLICY = { type: 'string', enum: ['none', 'isolate'] } as const;

const NUMBERED = '([1-9][0-9]*)?';
const NAMED = '([a-zA-Z0-9_-]{1,64})?';

function byPattern(prefixes: readonly string[], suffix: string): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(prefixes.map((prefix) => [`^${prefix}${suffix}$`, STRING]));
}

/** From 1.25 the keys of a group carry its suffix; the others stay plain. */
function grouped(patterns: Readonly<Record<string, JsonSchema>>, plain: Readonly<Record<string, JsonSchema>> = {}) {
  return {
    ...querySchema({ limit: LIMIT, group_policy: GROUP_POLICY, ...plain }),
    patternProperties: patterns,
  } satisfies JsonSchema;
}

const THREE = ['member_of', 'required', 'resources'] as const;
const FOUR = ['in_tree', ...THREE] as const;

/** Which keys a candidates query may have, by version (spec allocation_candidates.md §1, errors.md §4). */
export const CANDIDATES_QUERY_RULES: readonly QueryRule[] = [
  { since: 10, schema: querySchema({ resources: STRING }, ['resources']) },
  { since: 16, schema: querySchema({ resources: STRING, limit: LIMIT }, ['resources']) },
  { since: 17, schema: querySchema({ resources: STRING, limit: LIMIT, required: STRING }, ['resources']) },
  {
    since: 21,
    schema: querySchema({ resources: STRING, limit: LIMIT, required: STRING, member_of: STRING }, ['resources']),
  },
  { since: 25, schema: grouped(byPattern(THREE, NUMBERED)) },
  { since: 31, schema: grouped(byPattern(FOUR, NUMBERED)) },
  { since: 33, schema: grouped(byPattern(FOUR, NAMED)) },
  { since: 35, schema: grouped(byPattern(FOUR, NAMED), { root_required: STRING }) },
  { since: 36, schema: grouped(byPattern(FOUR, NAMED), { root_required: STRING, same_subtree: STRING }) },
];
