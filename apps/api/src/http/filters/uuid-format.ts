import { isUuidLike } from '../schema/index.js';

/** Where a written-out uuid has its dashes. */
const DASHES = [8, 13, 18, 23] as const;

/**
 * Whether a value is a uuid that is written with its dashes, in either case, as `uuid=` and `in_tree=` of the provider
 * list want it: stricter than what bodies take (spec http.md §11).
 */
export function isDashedUuid(value: string): boolean {
  return DASHES.every((position) => value[position] === '-') && isUuidLike(value);
}
