import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { DatabaseProxy } from './database-proxy.js';
import { everyRead, everyWrite, expectUnavailable, firstAnswer } from './every-request.js';
import { claimBody, createProvider } from './world.js';

jest.setTimeout(240_000);

const TOTAL = 100;

describe('a database that cannot be reached', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let servers: RunningServer[];
  /** Reaches the database through the proxy; `other` directly. */
  let http: Client;
  let other: Client;
  let provider: string;
  let consumer: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.open(database.url);
    servers = await Promise.all([proxy.url, database.url].map((databaseUrl) => startServer({ databaseUrl })));
    [http, other] = servers.map(({ url }) =>
      client(url, { version: '1.39', headers: { 'x-roles': 'admin,service' } }),
    ) as [Client, Client];
    provider = await createProvider(http, TOTAL);
    consumer = randomUUID();
    expect((await http.put(`/allocations/${consumer}`, claimBody({ provider, amount: 3 }))).status).toBe(204);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await proxy.close();
    await database.drop();
  });

  const reads = (): string[] => everyRead({ provider, consumer });
  const writes = (): (() => Promise<Reply>)[] => everyWrite(http, { provider, consumer });

  it('makes every request fail with 503 and the error envelope, however often it is sent', async () => {
    for (const path of reads()) expect([path, (await http.get(path)).status]).toEqual([path, 200]);
    proxy.refuse();
    for (let times = 0; times < 3; times += 1) {
      for (const path of reads()) expectUnavailable(path, await http.get(path));
      for (const [index, write] of writes().entries()) expectUnavailable(`write ${index}`, await write());
      const together = await Promise.all([
        ...reads().map((path) => http.get(path)),
        ...writes().map((write) => write()),
      ]);
      for (const [index, reply] of together.entries()) expectUnavailable(`together ${index}`, reply);
    }
  });

  it('is named as the reason, whatever way it is asked', async () => {
    const headers = { 'x-roles': 'admin,service', 'openstack-api-version': 'berth 1.0' };
    const told = http.with({ headers });
    for (const path of [...reads(), '/changes']) {
      const { body } = await told.get<{ errors: { reason: { code: string } }[] }>(path);
      expect([path, body.errors[0]?.reason.code]).toEqual([path, 'berth.database_unavailable']);
    }
  });

  it('is asked anew when it is back: the first answer of each read shows what others did meanwhile', async () => {
    const added = randomUUID();
    const at = `/resource_providers/${provider}`;
    const aggregate = randomUUID();
    expect((await other.get(at)).body).toMatchObject({ generation: 2 });
    const steps = [
      () => other.post('/resource_providers', { name: 'added', uuid: added }),
      () => other.put(`${at}/traits`, { resource_provider_generation: 2, traits: ['HW_CPU_X86_AVX'] }),
      () => other.put(`${at}/aggregates`, { resource_provider_generation: 3, aggregates: [aggregate] }),
      () => other.put(`${at}/inventories/VCPU`, { resource_provider_generation: 4, total: 77 }),
      () => other.put(`/allocations/${randomUUID()}`, claimBody({ provider, amount: 7 })),
      () => other.delete(`/allocations/${consumer}`),
      () => other.put('/traits/CUSTOM_ADDED'),
      () => other.put('/resource_classes/CUSTOM_ADDED'),
    ];
    for (const [index, step] of steps.entries()) {
      const { status, body } = await step();
      expect([index, status < 300, body]).toEqual([index, true, body]);
    }
    const expected = new Map<string, unknown>();
    for (const path of reads()) expected.set(path, (await other.get(path)).body);
    // Read meanwhile by nobody else, the other process has its own way.
    for (const path of reads()) expectUnavailable(path, await http.get(path));

    proxy.letThrough();
    const first = await Promise.all(reads().map(async (path) => [path, await firstAnswer(http, path)] as const));
    for (const [path, body] of first) expect([path, body]).toEqual([path, expected.get(path)]);
    expect(JSON.stringify(Object.fromEntries(first))).toContain(added);
    // Nothing of what was refused has been done, and writes are accepted again.
    expect(
      (await http.get<{ resource_providers: unknown[] }>('/resource_providers')).body.resource_providers,
    ).toHaveLength(2);
    const again = await http.put(`/allocations/${randomUUID()}`, claimBody({ provider, amount: 70 }));
    expect(again.status).toBe(204);
    expect((await other.get(`${at}/usages`)).body).toMatchObject({ usages: { VCPU: 77 } });
  });
});
