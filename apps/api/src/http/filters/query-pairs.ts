/** The query string as it came: key and value, percent-decoded, in order, repeated keys kept. */
export type QueryPairs = readonly (readonly [key: string, value: string])[];

/** Every value of a key, in the order of the query string. */
export function valuesOf(pairs: QueryPairs, key: string): readonly string[] {
  return pairs.filter(([name]) => name === key).map(([, value]) => value);
}

/** The value that counts when a repeated key isn't accumulated: the last one (spec http.md §6.4). */
export function lastValueOf(pairs: QueryPairs, key: string): string | undefined {
  return pairs.findLast(([name]) => name === key)?.[1];
}

/** The few keys for which the first value is the one that counts: `limit` and `group_policy`. */
export function firstValueOf(pairs: QueryPairs, key: string): string | undefined {
  return pairs.find(([name]) => name === key)?.[1];
}
