import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';

const BERTH = { 'openstack-api-version': 'berth 1.0' };
const PATH = '/lockspaces/faults/locks/one';

interface Granted {
  readonly owner: string;
  readonly token: number;
  readonly changed: boolean;
}

describe('cluster locks, when something dies', () => {
  let database: TestDatabase;
  let servers: RunningServer[];

  beforeEach(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    await at(1).put('/lockspaces/faults', {});
  });

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const server = (index: number): RunningServer => servers[index] as RunningServer;
  const at = (index: number, agent?: Agent): Client =>
    client(server(index).url, { headers: BERTH, ...(agent !== undefined && { agent }) });
  const put = (index: number, body: object): Promise<Reply<Granted>> => at(index).put(PATH, body);
  const inLine = async (): Promise<string[]> =>
    (await at(1).get<{ line: { owner: string }[] }>(PATH)).body.line.map(({ owner }) => owner);
  const waiting = (...owners: string[]): Promise<unknown> =>
    waitFor(async () => (await inLine()).join() === owners.join(), {
      limitMs: 40_000,
      what: `${owners.join()} in line`,
    });

  it('the server that granted a lock: the hold is the client’s until its lease ends', async () => {
    const { token } = (await put(0, { owner: 'ann', mode: 'exclusive', lease_ms: 60_000 })).body;
    await server(0).kill();
    expect((await put(1, { owner: 'bob', mode: 'exclusive' })).status).toBe(409);
    const renewed = await at(1).post('/lockspaces/faults/renew', {
      ...{ owner: 'ann', locks: [{ name: 'one', token }], lease_ms: 2_000 },
    });
    expect(renewed.body).toMatchObject({ locks: [{ token, renewed: true }] });
    const bob = await put(1, { owner: 'bob', mode: 'exclusive', wait_ms: 30_000 });
    expect(bob.body).toMatchObject({ owner: 'bob', changed: true });
    expect((await put(1, { owner: 'ann', mode: 'unlock', token })).body).toMatchObject({ released: false });
  });

  it('the server where the first in line waits: the next is served', async () => {
    const { token } = (await put(1, { owner: 'ann', mode: 'exclusive', lease_ms: 120_000 })).body;
    const dead = put(0, { owner: 'bob', mode: 'exclusive', wait_ms: 60_000 }).catch(() => undefined);
    await waiting('bob');
    const cid = put(1, { owner: 'cid', mode: 'exclusive', wait_ms: 60_000 });
    await waiting('bob', 'cid');
    await server(0).kill();
    await dead;
    await waiting('cid');
    await put(1, { owner: 'ann', mode: 'unlock', token });
    expect((await cid).body).toMatchObject({ owner: 'cid' });
  });

  it('a client that waits: it leaves the line, and holds nothing', async () => {
    const { token } = (await put(1, { owner: 'ann', mode: 'exclusive' })).body;
    const agent = new Agent({ keepAlive: true });
    const gone = at(0, agent)
      .put(PATH, { owner: 'bob', mode: 'exclusive', wait_ms: 60_000 })
      .catch(() => undefined);
    await waiting('bob');
    agent.destroy();
    await gone;
    await waiting();
    await put(1, { owner: 'ann', mode: 'unlock', token });
    expect((await put(1, { owner: 'cid', mode: 'exclusive' })).status).toBe(200);
  });

  it('a server that is told to end: who waits there is told to ask another', async () => {
    await put(1, { owner: 'ann', mode: 'exclusive' });
    const bob = put(0, { owner: 'bob', mode: 'exclusive', wait_ms: 60_000 });
    await waiting('bob');
    expect(await server(0).stop()).toBe(0);
    const { status, body } = await bob;
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { errors: [{ reason: { code: 'berth.lock_place_lost' } }] },
    });
    expect(await inLine()).toEqual([]);
  });
});
