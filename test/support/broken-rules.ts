import { createTestDatabase, type TestDatabase } from './database.js';

/** How often what is broken may stay unnoticed before the checks are taken for broken. */
const MOST_RUNS = 5;

interface Outcome {
  readonly violations: readonly { readonly rule: string }[];
}

/**
 * The rules that the checks of a soak find broken, in short runs until they are `enough`, each with a seed and a database of its own: what
 * happens seldom (a token that is stale by the time it is used) may not happen in one of them.
 */
export async function brokenRules(
  run: (database: TestDatabase, seed: number) => Promise<Outcome>,
  enough: (found: ReadonlySet<string>) => boolean,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let seed = 1; seed <= MOST_RUNS && !enough(found); seed += 1) {
    const database = await createTestDatabase();
    try {
      for (const { rule } of (await run(database, seed)).violations) found.add(rule);
    } finally {
      await database.drop();
    }
  }
  return found;
}
