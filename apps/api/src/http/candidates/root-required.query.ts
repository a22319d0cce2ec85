import type { CandidatesRequest } from '#berth/placement';
import { ERROR_CODES, InvalidQuery } from '#berth/domain';
import { valuesOf, type QueryPairs } from '../filters/query-pairs.js';
import { parseRequired } from '../filters/required.filter.js';

/**
 * Reads `root_required`: traits that the root of an anchor must have or, with `!`, must not have. Once at most, never
 * `in:` (spec allocation_candidates.md §2, step 2).
 *
 * @throws Invalid if it is repeated, not well formed, or contradicts itself
 */
export function rootTraits(pairs: QueryPairs): Pick<CandidatesRequest, 'rootRequired' | 'rootForbidden'> {
  const [value, ...more] = valuesOf(pairs, 'root_required');
  if (value === undefined) return { rootRequired: [], rootForbidden: [] };
  if (more.length > 0) {
    throw new InvalidQuery("Query parameter 'root_required' may be specified only once.", {
      code: ERROR_CODES.queryDuplicateKey,
    });
  }
  const { required, forbidden } = parseRequired(value, { forbidden: true, anyOf: false });
  const rootRequired = required.flat();
  const conflicts = rootRequired.filter((name) => forbidden.includes(name)).sort();
  if (conflicts.length > 0) {
    throw new InvalidQuery(
      `Conflicting required and forbidden traits found in root_required: ${conflicts.join(', ')}`,
      {
        code: ERROR_CODES.queryBadValue,
      },
    );
  }
  return { rootRequired, rootForbidden: forbidden };
}
