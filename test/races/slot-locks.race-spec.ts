import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { wrongSlots } from '../support/slots.js';
import { tally } from './race.js';

const WRITERS = 1_000;
const LIMIT = 100;
const BERTH = { 'openstack-api-version': 'berth 1.0' };

interface Refusal {
  readonly errors: readonly [{ readonly reason: { readonly code: string; readonly slot_locks: readonly object[] } }];
}

describe(`${WRITERS} writers want ${LIMIT} slots through two processes`, () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let clients: Client[];
  let sql: pg.Client;
  let providers: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    clients = servers.map(({ url }) => client(url, { headers: BERTH }));
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    providers = Array.from({ length: WRITERS }, () => randomUUID());
    const body = { resource_provider_generation: 0, inventories: { VCPU: { total: 1 } } };
    await Promise.all(
      providers.map(async (uuid, index) => {
        await at(index).post('/resource_providers', { name: uuid, uuid });
        expect((await at(index).put(`/resource_providers/${uuid}/inventories`, body)).status).toBe(200);
      }),
    );
  });

  afterAll(async () => {
    expect(await wrongSlots(sql)).toEqual([]);
    await sql.end();
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const at = (index: number): Client => clients[index % clients.length] as Client;

  async function heldSlots(key: string): Promise<number[]> {
    const { rows } = await sql.query<{ slot: number }>('select slot from slot_locks where key = $1 order by slot', [
      key,
    ]);
    return rows.map(({ slot }) => slot);
  }

  /** Each claims from a provider of its own, so that only slots stand between the writers. */
  async function claim(index: number, slotLocks: readonly object[]): Promise<Reply> {
    return await at(index).put(`/allocations/${randomUUID()}`, {
      allocations: { [providers[index] ?? '']: { resources: { VCPU: 1 }, generation: 1 } },
      ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
      slot_locks: slotLocks,
    });
  }

  const reasonOf = (reply: Reply): Refusal['errors'][0]['reason'] => (reply.body as Refusal).errors[0].reason;

  it('as owners: exactly so many get one, the others are told who holds them', async () => {
    const slotLocks = [{ key: 'owners', limit: LIMIT }];
    const replies = await Promise.all(
      Array.from({ length: WRITERS }, (_, index) =>
        at(index).post('/slot_locks', { owner: `owner ${index}`, slot_locks: slotLocks }),
      ),
    );
    expect(tally(replies)).toEqual({ 200: LIMIT, 409: WRITERS - LIMIT });
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(reasonOf(reply)).toMatchObject({ code: 'berth.slot_taken', slot_locks: [{ held: LIMIT, limit: LIMIT }] });
    }
    expect(await heldSlots('owners')).toEqual(Array.from({ length: LIMIT }, (_, slot) => slot));
  });

  it('in claims: exactly so many get one, and no allocation without its slot', async () => {
    // Named in both orders: whoever locked them in the order of the request would wait in a circle.
    const both = [
      { key: 'claims a', limit: LIMIT },
      { key: 'claims b', limit: LIMIT },
    ];
    const replies = await Promise.all(
      providers.map((_, index) => claim(index, index % 3 === 0 ? [...both].reverse() : both)),
    );
    expect(tally(replies)).toEqual({ 204: LIMIT, 409: WRITERS - LIMIT });
    for (const reply of replies.filter(({ status }) => status === 409))
      expect(reasonOf(reply).code).toBe('berth.slot_taken');
    const slots = Array.from({ length: LIMIT }, (_, slot) => slot);
    expect([await heldSlots('claims a'), await heldSlots('claims b')]).toEqual([slots, slots]);
    const { rows } = await sql.query('select 1 from allocations');
    expect(rows).toHaveLength(LIMIT);
  });

  it('and give them back: no slot is lost, none is held twice', async () => {
    const keys = ['x', 'y', 'z'].map((key) => ({ key, limit: 3 }));
    const holding = new Map<string, Set<string>>(keys.map(({ key }) => [key, new Set()]));
    const seen: string[] = [];
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const owner = `worker ${index}`;
        for (let round = 0; round < 30; round += 1) {
          const wanted = [...keys].sort(() => Math.random() - 0.5).slice(0, 1 + (round % 3));
          const taken = await at(index + round).post('/slot_locks', { owner, slot_locks: wanted });
          expect([200, 409]).toContain(taken.status);
          if (taken.status === 409) continue;
          for (const { key, limit } of wanted) {
            holding.get(key)?.add(owner);
            if ((holding.get(key)?.size ?? 0) > limit)
              seen.push(`${key} held by ${[...(holding.get(key) ?? [])].join()}`);
          }
          // Forgotten before it is given back: until then nobody else can have it.
          for (const { key } of wanted) holding.get(key)?.delete(owner);
          const freed = await at(index).delete<{ released: object[] }>(
            `/slot_locks?owner=${encodeURIComponent(owner)}`,
          );
          expect(freed.body.released).toHaveLength(wanted.length);
        }
      }),
    );
    expect(seen).toEqual([]);
    const { rows } = await sql.query("select 1 from slot_pools where key in ('x', 'y', 'z')");
    expect(rows).toEqual([]);
  });
});
