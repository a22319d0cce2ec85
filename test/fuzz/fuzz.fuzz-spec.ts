import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { fuzz } from './fuzz.js';

/** Far beyond what it takes on a machine that does nothing else. */
const LIMIT_MS = 600_000;

jest.setTimeout(LIMIT_MS);

const CLIENTS = 16;

describe('garbled requests', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  it.each([
    // Always the same ones: a change shall not fail for what it did not do. `npm run fuzz` takes another each time.
    { seed: 1, requests: 1_500 },
    { seed: 2, requests: 1_500 },
  ])('are answered, or turned away, and leave nothing behind: seed $seed', async ({ seed, requests }) => {
    const {
      failures,
      statuses,
      requests: done,
    } = await fuzz({ databaseUrl: database.url, seed, requests, clients: CLIENTS });
    expect(failures).toEqual([]);
    expect(done).toBe(requests);
    // Requests that never got past the door would prove nothing.
    for (const status of ['200', '204', '400', '404', '409']) expect(statuses.get(status) ?? 0).toBeGreaterThan(5);
  });
});
