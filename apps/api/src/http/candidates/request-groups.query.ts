import type { RequestGroup } from '#berth/placement';
import { parseInTree } from '../filters/in-tree.filter.js';
import { memberOf } from '../filters/member-of.filter.js';
import type { QueryPairs } from '../filters/query-pairs.js';
import { requiredOf } from '../filters/required.filter.js';
import { parseResources } from '../filters/resources.filter.js';

const GROUP_KEY = /^(resources|required|member_of|in_tree)(.*)$/;

/**
 * Reads the groups of a candidates query: the keys with the same suffix are one group, the groups stand in the order
 * in which their first key appears (spec allocation_candidates.md §1). Expects keys that passed the query's schema;
 * keys that belong to no group are left aside.
 *
 * Keys are read in query order, so the first bad one is the one reported. `required` and `member_of` gather their
 * other occurrences at the first one; of `resources` and `in_tree` each is read and the last one counts.
 *
 * @throws Invalid if a value is not well formed (spec resource_providers.md §6)
 */
export function requestGroups(pairs: QueryPairs, minor: number): readonly RequestGroup[] {
  const groups = new Map<string, RequestGroup>();
  const gathered = new Set<string>();
  for (const [key, value] of pairs) {
    const [, prefix, suffix] = GROUP_KEY.exec(key) ?? [];
    if (prefix === undefined || suffix === undefined) continue;
    const group = groups.get(suffix) ?? emptyGroup(suffix);
    if (prefix === 'resources') groups.set(suffix, { ...group, resources: parseResources(value) });
    else if (prefix === 'in_tree') groups.set(suffix, { ...group, inTree: parseInTree(value) });
    else if (!gathered.has(key)) {
      gathered.add(key);
      const conditions = prefix === 'required' ? requiredOf(pairs, key, minor) : memberOf(pairs, suffix, minor);
      groups.set(suffix, { ...group, ...conditions });
    }
  }
  return [...groups.values()];
}

function emptyGroup(suffix: string): RequestGroup {
  return { suffix, resources: [], required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: undefined };
}
