import type { TestDatabaseProcess } from './global-setup.js';

/** Runs once after all tests: ends the process that owns the database, and waits until it has cleaned up. */
// eslint-disable-next-line no-restricted-syntax -- Jest takes the default export of this file and nothing else.
export default async function tearDown(): Promise<void> {
  const shared = globalThis as { berthTestDatabase?: TestDatabaseProcess };
  await shared.berthTestDatabase?.stop();
  delete shared.berthTestDatabase;
}
