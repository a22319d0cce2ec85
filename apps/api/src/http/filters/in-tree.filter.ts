import { InvalidQuery } from '#berth/domain';
import { isUuidLike } from '../schema/index.js';

/**
 * Reads the uuid of a member of the wanted tree, as a candidates query gives it; kept as it was written. The message
 * says `'in_tree'` whatever the suffix of the key (spec allocation_candidates.md §2).
 *
 * @throws Invalid if it doesn't look like a uuid
 */
export function parseInTree(value: string): string {
  if (!isUuidLike(value)) {
    throw new InvalidQuery(
      `Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. Got: ${value}`,
    );
  }
  return value;
}
