import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { claimBody } from './world.js';

jest.setTimeout(240_000);

const ROUNDS = 300;
/** Stories that go on beside each other: their reads share questions to the database, their writes fall in between. */
const STORIES = 6;
const TRAITS = ['HW_CPU_X86_AVX', 'HW_CPU_X86_AVX2', 'HW_CPU_X86_SSE', 'STORAGE_DISK_SSD'];
const AGGREGATES = [1, 2, 3].map(() => randomUUID());
const TOTAL = 100;

/** The parts of the answers that are looked at; each answer has one or two of them. */
interface Shown {
  readonly name: string;
  readonly generation: number;
  readonly inventories: Readonly<Record<string, { total: number }>>;
  readonly usages: Readonly<Record<string, number>>;
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
  readonly allocations: Readonly<Record<string, unknown>>;
  readonly provider_summaries: Readonly<Record<string, unknown>>;
  readonly resource_providers: readonly { readonly uuid: string }[];
}

/** What one provider must look like. */
interface World {
  uuid: string;
  name: string;
  generation: number;
  total: number;
  traits: string[];
  aggregates: string[];
  readonly claims: Map<string, number>;
}

describe('two processes', () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let clients: [Client, Client];

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    clients = servers.map(({ url }) => client(url, { version: '1.39' })) as [Client, Client];
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  it(`see at once what the other one has answered, ${ROUNDS} times`, async () => {
    const done = new Map<string, number>();
    await Promise.all(
      Array.from({ length: STORIES }, async () => {
        let world: World | undefined;
        for (let round = 0; round < ROUNDS / STORIES; round += 1) {
          const [writer, reader] = Math.random() < 0.5 ? clients : ([clients[1], clients[0]] as const);
          const before = world;
          world ??= await created(writer);
          const action = before === undefined ? 'create' : pick(Object.keys(ACTIONS));
          if (before !== undefined) await ACTIONS[action]?.(writer, before);
          const gone = action === 'remove';
          done.set(action, (done.get(action) ?? 0) + 1);
          const what = `${action}, generation ${world.generation}`;
          expect([what, await seen(reader, world)]).toEqual([what, gone ? expectedGone() : expectedOf(world)]);
          if (gone) world = undefined;
        }
      }),
    );
    for (const action of Object.keys(ACTIONS)) expect([action, done.get(action) ?? 0]).not.toEqual([action, 0]);
  });
});

async function created(http: Client): Promise<World> {
  const uuid = randomUUID();
  const world = { uuid, name: `host ${uuid}`, generation: 0, total: 0, traits: [], aggregates: [], claims: new Map() };
  accepted(await http.post('/resource_providers', { uuid, name: world.name }));
  return world;
}

/** Each writes through one process, and notes what must be seen through the other. */
const ACTIONS: Readonly<Record<string, (http: Client, world: World) => Promise<void>>> = {
  async inventory(http, world) {
    world.total = TOTAL + Math.floor(Math.random() * TOTAL);
    const inventories = { VCPU: { total: world.total } };
    accepted(await http.put(`${at(world)}/inventories`, { ...generationOf(world), inventories }));
    world.generation += 1;
  },
  async traits(http, world) {
    world.traits = TRAITS.filter(() => Math.random() < 0.5);
    accepted(await http.put(`${at(world)}/traits`, { ...generationOf(world), traits: world.traits }));
    world.generation = await generationAt(http, world);
  },
  async aggregates(http, world) {
    world.aggregates = AGGREGATES.filter(() => Math.random() < 0.5);
    accepted(await http.put(`${at(world)}/aggregates`, { ...generationOf(world), aggregates: world.aggregates }));
    world.generation = await generationAt(http, world);
  },
  async rename(http, world) {
    world.name = `host ${randomUUID()}`;
    accepted(await http.put(at(world), { name: world.name }));
    world.generation = await generationAt(http, world);
  },
  async claim(http, world) {
    if (world.total === 0) await ACTIONS.inventory?.(http, world);
    const [consumer, amount] = [randomUUID(), 1 + Math.floor(Math.random() * 3)];
    accepted(await http.put(`/allocations/${consumer}`, claimBody({ provider: world.uuid, amount })));
    world.claims.set(consumer, amount);
    world.generation += 1;
  },
  async release(http, world) {
    if (world.claims.size === 0) await ACTIONS.claim?.(http, world);
    const consumer = pick([...world.claims.keys()]);
    accepted(await http.delete(`/allocations/${consumer}`));
    world.claims.delete(consumer);
    world.generation = await generationAt(http, world);
  },
  async remove(http, world) {
    for (const consumer of world.claims.keys()) accepted(await http.delete(`/allocations/${consumer}`));
    world.claims.clear();
    accepted(await http.delete(at(world)));
  },
};

/** What a process shows of a provider, by whatever way it can be asked, all at once. */
async function seen(http: Client, world: World): Promise<object> {
  const consumer = [...world.claims.keys()].at(-1) ?? randomUUID();
  const required = TRAITS.map((trait) => `&required=${world.traits.includes(trait) ? '' : '!'}${trait}`).join('');
  const [provider, inventories, usages, traits, aggregates, named, candidates, held, holders] = await Promise.all(
    [
      at(world),
      `${at(world)}/inventories`,
      `${at(world)}/usages`,
      `${at(world)}/traits`,
      `${at(world)}/aggregates`,
      `/resource_providers?name=${encodeURIComponent(world.name)}`,
      `/allocation_candidates?resources=VCPU:1&in_tree=${world.uuid}${required}`,
      `/allocations/${consumer}`,
      `${at(world)}/allocations`,
    ].map((path) => http.get<Shown>(path)),
  );
  return {
    provider: provider?.status === 200 ? [provider.body.name, provider.body.generation] : provider?.status,
    total: inventories?.status === 200 ? inventories.body.inventories.VCPU?.total : inventories?.status,
    used: usages?.status === 200 ? usages.body.usages : usages?.status,
    traits: traits?.status === 200 ? [...traits.body.traits].sort() : traits?.status,
    aggregates: aggregates?.status === 200 ? [...aggregates.body.aggregates].sort() : aggregates?.status,
    named: named?.body.resource_providers.map(({ uuid }) => uuid),
    candidates: Object.keys(candidates?.body.provider_summaries ?? {}),
    held: Object.keys(held?.body.allocations ?? {}),
    holders: holders?.status === 200 ? Object.keys(holders.body.allocations).sort() : holders?.status,
  };
}

function expectedOf(world: World): object {
  const used = [...world.claims.values()].reduce((sum, amount) => sum + amount, 0);
  return {
    provider: [world.name, world.generation],
    total: world.total === 0 ? undefined : world.total,
    used: world.total === 0 ? {} : { VCPU: used },
    traits: [...world.traits].sort(),
    aggregates: [...world.aggregates].sort(),
    named: [world.uuid],
    candidates: world.total - used > 0 ? [world.uuid] : [],
    held: world.claims.size > 0 ? [world.uuid] : [],
    holders: [...world.claims.keys()].sort(),
  };
}

function expectedGone(): object {
  const none = { provider: 404, total: 404, used: 404, traits: 404, aggregates: 404, holders: 404 };
  return { ...none, named: [], candidates: [], held: [] };
}

function at({ uuid }: World): string {
  return `/resource_providers/${uuid}`;
}

function generationOf({ generation }: World): object {
  return { resource_provider_generation: generation };
}

/** As the process that wrote shows it: whether an equal value or a removal raises it is not this test's question. */
async function generationAt(http: Client, world: World): Promise<number> {
  return (await http.get<{ generation: number }>(at(world))).body.generation;
}

function accepted({ status, body }: Reply): void {
  expect([status < 300, status, body]).toEqual([true, status, body]);
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}
