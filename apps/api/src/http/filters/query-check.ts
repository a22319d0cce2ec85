import { InvalidQuery } from '#berth/domain';
import { compileSchema, type JsonSchema } from '../schema/index.js';
import { type QueryPairs } from './query-pairs.js';

/** The schema of a query string from a microversion (1.`since`) on, until the next rule takes over. */
export interface QueryRule {
  readonly since: number;
  readonly schema: JsonSchema;
}

export type QueryCheck = (pairs: QueryPairs, minor: number) => void;

type Compile = (schema: JsonSchema) => (value: unknown) => string | undefined;

/**
 * Makes the check of an endpoint's query string against the rule of the request's version: unknown keys, missing keys,
 * forms. Of a repeated key the last value is checked (spec http.md §6.4). Every rule is compiled once, at its first use.
 *
 * @param rules ascending by `since`; the first must cover every version that reaches the endpoint
 * @returns a check that throws Invalid with `Invalid query string parameters: <spec errors.md §4>`
 */
export function queryCheck(rules: readonly QueryRule[], compile: Compile = compileSchema): QueryCheck {
  const compiled = new Map<QueryRule, ReturnType<Compile>>();
  return (pairs, minor) => {
    const rule = rules.findLast(({ since }) => since <= minor);
    if (rule === undefined) throw new Error(`no query rule covers version 1.${minor}`);
    let check = compiled.get(rule);
    if (check === undefined) {
      check = compile(rule.schema);
      compiled.set(rule, check);
    }
    const failure = check(Object.fromEntries(pairs));
    if (failure !== undefined) throw new InvalidQuery(`Invalid query string parameters: ${failure}`);
  };
}

/** The schema of a query whose keys are all known by name; anything else is unexpected. */
export function querySchema(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []) {
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  } satisfies JsonSchema;
}
