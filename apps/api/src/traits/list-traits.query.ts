import { InvalidQuery } from '#berth/domain';
import type { TraitsFilter } from '#berth/placement';
import { queryCheck, querySchema, type QueryRule } from '../http/filters/query-check.js';
import { lastValueOf, type QueryPairs } from '../http/filters/query-pairs.js';

const STRING = { type: 'string' } as const;

/** Which keys GET /traits may have (spec traits.md §1). */
export const LIST_TRAITS_RULES: readonly QueryRule[] = [
  { since: 6, schema: querySchema({ name: STRING, associated: STRING }) },
];

const checkQuery = queryCheck(LIST_TRAITS_RULES);

/**
 * Turns the query of GET /traits into a filter. It reads the same at every version. An empty list of names matches
 * nothing, an empty prefix everything.
 *
 * @throws Invalid if a key is unknown or a value is not well formed, `name` before `associated`
 */
export function toTraitsFilter(pairs: QueryPairs): TraitsFilter {
  checkQuery(pairs, 6);
  const names = nameConditions(lastValueOf(pairs, 'name'));
  return { ...names, associated: associatedOf(lastValueOf(pairs, 'associated')) };
}

function nameConditions(value: string | undefined): Pick<TraitsFilter, 'names' | 'prefix'> {
  if (value === undefined) return { names: undefined, prefix: undefined };
  const colon = value.indexOf(':');
  if (colon === -1) {
    throw new InvalidQuery(
      'Badly formatted name parameter. Expected name query string parameter in form: ' +
        `?name=[in|startswith]:[name1,name2|prefix]. Got: "${value}"`,
    );
  }
  const operator = value.slice(0, colon);
  const operand = value.slice(colon + 1);
  return {
    names: operator === 'in' ? operand.split(',').filter((name) => name !== '') : undefined,
    prefix: operator === 'startswith' ? operand : undefined,
  };
}

function associatedOf(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  const word = value.toLowerCase();
  if (word !== 'true' && word !== 'false') {
    throw new InvalidQuery('The query parameter "associated" only accepts "true" or "false"');
  }
  return word === 'true';
}
