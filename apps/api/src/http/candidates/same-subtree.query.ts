import { ERROR_CODES, InvalidQuery } from '#berth/domain';
import { valuesOf, type QueryPairs } from '../filters/query-pairs.js';

/**
 * Reads every `same_subtree`: each is one constraint, a set of group suffixes, blanks around them stripped
 * (spec allocation_candidates.md §1). Whether the suffixes belong to groups is not judged here.
 *
 * @throws Invalid if one of them is empty: the unsuffixed group can't take part
 */
export function sameSubtrees(pairs: QueryPairs): readonly (readonly string[])[] {
  return valuesOf(pairs, 'same_subtree').map((value) => {
    const suffixes = [...new Set(value.split(',').map((suffix) => suffix.trim()))];
    if (suffixes.includes('')) {
      throw new InvalidQuery('Empty string (unsuffixed group) can not be specified in `same_subtree` ', {
        code: ERROR_CODES.queryBadValue,
      });
    }
    return suffixes;
  });
}
