import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { tally } from './race.js';

const BERTH = { 'openstack-api-version': 'berth 1.0' };
const SPACE = '/lockspaces/race';

interface Granted {
  readonly owner: string;
  readonly token: number;
  readonly changed: boolean;
}

describe('owners want cluster locks through two processes', () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let clients: Client[];
  let sql: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    clients = servers.map(({ url }) => client(url, { headers: BERTH }));
    sql = new pg.Pool({ connectionString: database.url });
    await sql.query('create table counted (n int not null); insert into counted values (0)');
    await at(0).put(SPACE, {});
  });

  afterAll(async () => {
    const { rows } = await sql.query('select 1 from cluster_lock_requests union all select 1 from cluster_lock_wants');
    expect(rows).toEqual([]);
    await sql.end();
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const at = (index: number): Client => clients[index % clients.length] as Client;
  const put = (index: number, name: string, body: object): Promise<Reply<Granted>> =>
    at(index).put(`${SPACE}/locks/${name}`, body);
  const line = async (name: string): Promise<number> =>
    (await at(0).get<{ line: unknown[] }>(`${SPACE}/locks/${name}`)).body.line.length;

  it('exclusively: one at a time, with tokens that rise', async () => {
    const tokens: number[] = [];
    const rounds = 15;
    await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        for (let round = 0; round < rounds; round += 1) {
          const owner = `owner ${index}`;
          const { status, body } = await put(index + round, 'count', { owner, mode: 'exclusive', wait_ms: 60_000 });
          expect(status).toBe(200);
          tokens.push(body.token);
          // Two at a time would lose each other's increments.
          const { rows } = await sql.query<{ n: number }>('select n from counted');
          await sql.query('update counted set n = $1', [(rows[0]?.n ?? 0) + 1]);
          await put(index, 'count', { owner, mode: 'unlock', token: body.token });
        }
      }),
    );
    expect((await sql.query('select n from counted')).rows).toEqual([{ n: 16 * rounds }]);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  });

  it('in the order in which they came, whichever process they asked', async () => {
    const holder = (await put(0, 'order', { owner: 'holder', mode: 'exclusive' })).body;
    const served: string[] = [];
    const waits: Promise<unknown>[] = [];
    for (let index = 0; index < 10; index += 1) {
      const owner = `owner ${index}`;
      const wait = put(index, 'order', { owner, mode: 'exclusive', wait_ms: 60_000 }).then(async ({ body }) => {
        served.push(owner);
        await put(index + 1, 'order', { owner, mode: 'unlock', token: body.token });
      });
      waits.push(wait);
      await waitFor(async () => (await line('order')) === index + 1, { what: `${owner} in line` });
    }
    await put(1, 'order', { owner: 'holder', mode: 'unlock', token: holder.token });
    await Promise.all(waits);
    expect(served).toEqual(Array.from({ length: 10 }, (_, index) => `owner ${index}`));
  });

  it('converted by two who share one: one is refused, whoever comes second', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = `convert-${round}`;
      const shared = await Promise.all(
        [0, 1].map((index) => put(index, name, { owner: `owner ${index}`, mode: 'shared' })),
      );
      const replies = await Promise.all(
        shared.map(async ({ body: { owner, token } }, index) => {
          const reply = await put(index, name, { owner, mode: 'exclusive', token, wait_ms: 60_000 });
          if (reply.status === 409) await put(index, name, { owner, mode: 'unlock', token });
          return reply;
        }),
      );
      expect(tally(replies)).toEqual({ 200: 1, 409: 1 });
    }
  });

  it('several at once, in whatever order they name them: none waits in a circle', async () => {
    const names = ['x', 'y', 'z'];
    const holding = new Map<string, string>();
    const seen: string[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const owner = `owner ${index}`;
        for (let round = 0; round < 10; round += 1) {
          const wanted = [...names].sort(() => Math.random() - 0.5).slice(0, 1 + ((index + round) % 3));
          const locks = wanted.map((name) => ({ name, mode: 'exclusive' }));
          const { status, body } = await at(index + round).post<{ locks: (Granted & { name: string })[] }>(
            `${SPACE}/acquire`,
            { owner, locks, wait_ms: 60_000 },
          );
          expect({ status, names: status === 200 ? body.locks.map(({ name }) => name) : body }).toEqual({
            status: 200,
            names: wanted,
          });
          for (const name of wanted) {
            if (holding.has(name)) seen.push(`${name} held by ${holding.get(name)} and ${owner}`);
            holding.set(name, owner);
          }
          // Forgotten before it is given back: until then nobody else can have it.
          for (const name of wanted) holding.delete(name);
          for (const { name, token } of body.locks) await put(index, name, { owner, mode: 'unlock', token });
        }
      }),
    );
    expect(seen).toEqual([]);
  });
});
