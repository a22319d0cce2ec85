import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Client } from '../support/http.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';

const UUID = '5a0b3f6e-0000-4000-8000-000000000001';

describe('a fleet whose last provider was deleted', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let http: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ databaseUrl: database.url });
    http = client(server.url, { version: '1.39' });
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it.each(['before there was any', 'after the first', 'after the second'])('is listed and searched %s', async () => {
    expect(await http.get('/resource_providers')).toMatchObject({ status: 200, body: { resource_providers: [] } });
    expect(await http.get('/allocation_candidates?resources=VCPU:1')).toMatchObject({
      status: 200,
      body: { allocation_requests: [], provider_summaries: {} },
    });
    expect((await http.post('/resource_providers', { name: 'only', uuid: UUID })).status).toBe(200);
    expect(await http.get('/resource_providers')).toMatchObject({ body: { resource_providers: [{ uuid: UUID }] } });
    expect((await http.delete(`/resource_providers/${UUID}`)).status).toBe(204);
  });
});
