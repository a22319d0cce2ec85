import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client } from '../support/http.js';
import { startServer } from '../support/server.js';

const CLIENTS = 20;

describe('a server that is told to stop', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('answers what is under way, takes nothing new, and ends cleanly within its limit', async () => {
    const server = await startServer({ databaseUrl: database.url });
    const http = client(server.url, { version: '1.39' });
    let answered = 0;
    const failures: unknown[] = [];
    const work = Array.from({ length: CLIENTS }, async () => {
      for (;;) {
        try {
          const { status } = await http.get('/resource_classes');
          if (status !== 200) failures.push(status);
          answered += 1;
        } catch (error) {
          // A new connection is refused, or an idle one was closed: no request was half answered.
          return (error as NodeJS.ErrnoException).code;
        }
      }
    });
    while (answered < CLIENTS * 5) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await server.stop()).toBe(0);
    for (const code of await Promise.all(work)) expect(['ECONNREFUSED', 'ECONNRESET']).toContain(code);
    expect(failures).toEqual([]);
  });
});
