import { InvalidQuery } from '#berth/domain';
import { isUuidLike } from '../schema/index.js';

/**
 * Reads the uuid of a member of the wanted tree, as a candidates query gives it; kept as it was written, but for blanks around
 * it, which Placement overlooks here and nowhere else. The message says `'in_tree'` whatever the suffix of the key (spec allocation_candidates.md §2).
 *
 * @throws Invalid if it doesn't look like a uuid
 */
export function parseInTree(value: string): string {
  const uuid = value.trim();
  if (!isUuidLike(uuid)) {
    throw new InvalidQuery(
      `Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. Got: ${value}`,
    );
  }
  return uuid;
}
