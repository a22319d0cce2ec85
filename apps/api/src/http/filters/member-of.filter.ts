import { InvalidQuery, type ProviderConditions } from '#berth/domain';
import { valuesOf, type QueryPairs } from './query-pairs.js';
import { isUuidLike } from '../schema/index.js';

export type AggregateConditions = Pick<ProviderConditions, 'memberOf' | 'notMemberOf'>;

const REPEATABLE_SINCE = 24;
const FORBIDDEN_SINCE = 32;

/**
 * Reads every `member_of<suffix>` of the query (spec resource_providers.md §6, member_of): positive values AND-ed,
 * forbidden ones united. Uuids stay as they were written. No such key means no condition.
 *
 * @throws Invalid if a value is not well formed, or the version doesn't know repetition or `!` yet
 */
export function memberOf(pairs: QueryPairs, suffix: string, minor: number): AggregateConditions {
  const key = `member_of${suffix}`;
  const values = valuesOf(pairs, key);
  if (values.length > 1 && minor < REPEATABLE_SINCE)
    throw new InvalidQuery(`Multiple ${key} parameters are not supported`);
  const wanted: (readonly string[])[] = [];
  const unwanted = new Set<string>();
  for (const value of values) {
    const { forbidden, aggregates } = parseMemberOf(value);
    if (forbidden && minor < FORBIDDEN_SINCE) {
      throw new InvalidQuery(`Forbidden ${key} parameters are not supported in the specified microversion`);
    }
    if (forbidden) aggregates.forEach((aggregate) => unwanted.add(aggregate));
    else wanted.push(aggregates);
  }
  return { memberOf: wanted, notMemberOf: [...unwanted] };
}

function parseMemberOf(value: string): { readonly forbidden: boolean; readonly aggregates: readonly string[] } {
  const forbidden = value.startsWith('!');
  const positive = forbidden ? value.slice(1) : value;
  const several = positive.startsWith('in:');
  if (!several && positive.includes(',')) {
    throw new InvalidQuery(
      `Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid ` +
        `microversion. Got: ${value}`,
    );
  }
  const aggregates = several ? positive.slice('in:'.length).split(',') : [positive];
  const stranger = aggregates.find((aggregate) => !isUuidLike(aggregate));
  if (stranger !== undefined) {
    throw new InvalidQuery(
      `Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: ${stranger}`,
    );
  }
  return { forbidden, aggregates: [...new Set(aggregates)] };
}
