import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { generationOf, makeProvider, usageOf, claimBody } from './allocations-story.js';

/** More than run at once, so that most of them share transactions. */
const WRITERS = 60;

describe('writes that arrive together', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let http: Client;
  let hosts: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ databaseUrl: database.url });
    http = client(server.url, { version: '1.39' });
    hosts = await Promise.all(Array.from({ length: WRITERS }, () => makeProvider(http)));
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const inventories = (uuid: string, generation: number, total: number): Promise<Reply> =>
    http.put(`/resource_providers/${uuid}/inventories`, {
      resource_provider_generation: generation,
      inventories: { VCPU: { total } },
    });

  it('are not disturbed by one that the database itself refuses', async () => {
    // The first ones go alone; what comes while they run shares a transaction.
    const refused = (index: number): boolean => index % 10 === 9;
    const replies = await Promise.all(
      hosts.flatMap((uuid, index) => [
        ...(refused(index) ? [inventories('%00', 0, 1)] : []),
        inventories(uuid, 0, 1 + index),
      ]),
    );
    const expected = hosts.flatMap((_, index) => [...(refused(index) ? [400] : []), 200]);
    expect(replies.map(({ status }) => status)).toEqual(expected);
    expect(await Promise.all(hosts.map((uuid) => generationOf(http, uuid)))).toEqual(hosts.map(() => 1));
  });

  it('are not disturbed by those whose claim about the world was wrong', async () => {
    const replies = await Promise.all(
      hosts.map((uuid, index) => inventories(index % 3 === 0 ? randomUUID() : uuid, index % 3 === 1 ? 0 : 1, 100)),
    );
    expect(replies.map(({ status }) => status)).toEqual(hosts.map((_, index) => [404, 409, 200][index % 3]));
    const generations = await Promise.all(hosts.map((uuid) => generationOf(http, uuid)));
    expect(generations).toEqual(hosts.map((_, index) => (index % 3 === 2 ? 2 : 1)));
  });

  it('on one provider come one after the other, whatever they write', async () => {
    const host = await makeProvider(http, { VCPU: 1_000 });
    const replies = await Promise.all(
      Array.from({ length: WRITERS }, (_, index) => {
        if (index % 3 === 0) return http.put(`/allocations/${randomUUID()}`, claimBody({ [host]: { VCPU: 1 } }));
        if (index % 3 === 1) {
          const resource_class = index % 2 === 0 ? 'DISK_GB' : 'MEMORY_MB';
          return http.post(`/resource_providers/${host}/inventories`, { resource_class, total: 10 });
        }
        return http.with({ version: '1.18' }).put(`/resource_providers/${host}/aggregates`, [randomUUID()]);
      }),
    );
    const tally = new Map<string, number>();
    replies.forEach(({ status }, index) => {
      const key = `${['claim', 'inventory', 'aggregate'][index % 3]} ${status}`;
      tally.set(key, (tally.get(key) ?? 0) + 1);
    });
    const third = WRITERS / 3;
    expect(Object.fromEntries(tally)).toEqual({
      'claim 204': third,
      'inventory 201': 2,
      'inventory 409': third - 2,
      'aggregate 200': third,
    });
    expect(await usageOf(http, host)).toEqual({ VCPU: third, DISK_GB: 0, MEMORY_MB: 0 });
    // One by the inventories that it began with, one by each claim, one by each new class; aggregates before 1.19: none.
    expect(await generationOf(http, host)).toBe(1 + third + 2);
  });

  it('create a provider of a name once, and the parent of another in the same breath not at all', async () => {
    const [parent, child] = [randomUUID(), randomUUID()];
    const create = (uuid: string, name: string, parent_provider_uuid: string | null): Promise<Reply> =>
      http.post('/resource_providers', { uuid, name, parent_provider_uuid });
    const twins = await Promise.all(Array.from({ length: 10 }, () => create(randomUUID(), 'twin', null)));
    expect(twins.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    const [made, below] = await Promise.all([create(parent, parent, null), create(child, child, parent)]);
    // Whether the child comes too early is a matter of luck; that it has the right place is not.
    expect([made.status, [200, 400].includes(below.status)]).toEqual([200, true]);
    if (below.status === 400) expect((await create(child, child, parent)).status).toBe(200);
    expect((await http.get(`/resource_providers/${child}`)).body).toMatchObject({ root_provider_uuid: parent });
  });
});
