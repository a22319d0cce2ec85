import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Client } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { claimBody, consumerGeneration, generationOf, ok, setInventories } from './allocations-story.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

/** How often each kind of change is made in any order, after each was made in order. */
const ROUNDS = 2;

const PARTS = ['', '/inventories', '/inventories/VCPU', '/usages', '/traits', '/aggregates', '/allocations'];
const TRAITS = ['HW_CPU_X86_AVX', 'HW_CPU_X86_AVX2', 'HW_CPU_X86_SSE', 'HW_CPU_X86_SSE2'];

let story: Story;
let other: RunningServer;
/** Both processes, stock: what one changes the other has to know. */
let http: readonly [Client, Client];
let berth: readonly [Client, Client];

/** A tree with a host in it that the changes are made to, and a provider below the host. */
const root = randomUUID();
const host = randomUUID();
const child = randomUUID();
const consumers = [randomUUID(), randomUUID()] as const;
/** What the class of this story is called at the moment. */
let className = 'CUSTOM_0';

const path = (uuid: string, part = ''): string => `/resource_providers/${uuid}${part}`;
const urls = [
  ...[host, child].flatMap((uuid) => PARTS.map((part) => path(uuid, part))),
  ...consumers.map((uuid) => `/allocations/${uuid}`),
];

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((one) => [Math.random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
const newName = (): string => `name ${randomUUID()}`;

beforeAll(async () => {
  story = await openStory();
  other = await startServer({ databaseUrl: story.database.url });
  http = [story.at(39), client(other.url, { version: '1.39' })];
  berth = [story.berth, client(other.url, { headers: BERTH })];
  await ok(http[0].post('/resource_providers', { uuid: root, name: newName() }));
  await ok(http[0].put(`/resource_classes/${className}`), 201);
  await build();
}, STORY_LIMIT_MS);

afterAll(async () => {
  await other.stop();
  await story.close();
}, STORY_LIMIT_MS);

/** The host and what is below it, always with the same history: the same numbers of generations come again. */
async function build(): Promise<void> {
  await ok(http[0].post('/resource_providers', { uuid: host, name: newName(), parent_provider_uuid: root }));
  await ok(http[0].post('/resource_providers', { uuid: child, name: newName(), parent_provider_uuid: host }));
  for (const uuid of [host, child]) await setInventories(http[0], uuid, { VCPU: total(), [className]: total() });
}

const total = (): number => 1000 + Math.floor(Math.random() * 1_000_000);

/** Takes from both, or from one of them. */
async function claim(at: Client, consumer: string): Promise<void> {
  const amounts = { VCPU: 1 + Math.floor(Math.random() * 5), [className]: 1 };
  const claims = pick([{ [host]: amounts }, { [child]: amounts }, { [host]: amounts, [child]: amounts }]);
  const generation = (await consumerGeneration(at, consumer)) ?? null;
  const owner = { project_id: randomUUID() };
  await ok(at.with({ version: '1.39' }).put(`/allocations/${consumer}`, claimBody(claims, generation, owner)), 204);
}

async function release(at: Client): Promise<void> {
  for (const consumer of consumers) await at.delete(`/allocations/${consumer}`);
}

type Change = (stock: (minor: number) => Client, at: number) => Promise<unknown>;

/** Every kind of change, by stock clients unless it says otherwise. In this order each changes something. */
const CHANGES: Readonly<Record<string, Change>> = {
  'a new name': (stock) => ok(stock(1).put(path(host), { name: newName() })),
  'another parent': (stock) =>
    ok(stock(39).put(path(host), { name: newName(), parent_provider_uuid: pick([root, null]) })),
  'another parent of the child': (stock) =>
    ok(stock(39).put(path(child), { name: newName(), parent_provider_uuid: pick([host, root]) })),
  'aggregates without a generation': (stock) => ok(stock(1).put(path(host, '/aggregates'), [randomUUID()])),
  'the allocations of a consumer': (stock) => claim(stock(39), pick(consumers)),
  'fewer allocations': (stock) => release(stock(39)),
  'another name of a class': async (stock) => {
    const renamed = `CUSTOM_${randomUUID().replaceAll('-', '').toUpperCase()}`;
    await ok(stock(2).put(`/resource_classes/${className}`, { name: renamed }));
    className = renamed;
  },
  'a provider in the place of another': async (stock) => {
    await release(stock(39));
    for (const uuid of [child, host]) await ok(stock(39).delete(path(uuid)), 204);
    await build();
  },
  'the allocations of another process, too': async (stock, at) => {
    await claim(stock(39), consumers[0]);
    await claim(http[1 - at] as Client, consumers[1]);
  },
  'another owner': async (stock) => {
    for (const consumer of consumers) await claim(stock(39), consumer);
  },
  inventories: (stock) => setInventories(stock(39), child, { VCPU: total(), [className]: total() }),
  'one inventory': async (stock) =>
    ok(
      stock(39).put(path(host, '/inventories/VCPU'), {
        total: total(),
        resource_provider_generation: await generationOf(stock(39), host),
      }),
    ),
  traits: async (stock) =>
    ok(
      stock(39).put(path(host, '/traits'), {
        traits: [pick(TRAITS), pick(TRAITS)],
        resource_provider_generation: await generationOf(stock(39), host),
      }),
    ),
  aggregates: async (stock) =>
    ok(
      stock(39).put(path(child, '/aggregates'), {
        aggregates: [randomUUID(), randomUUID(), randomUUID()],
        resource_provider_generation: await generationOf(stock(39), child),
      }),
    ),
  'a name under berth 1.0': async (_, at) => {
    const speaker = berth[at] as Client;
    const { etag } = (await speaker.get(path(host, '/usages'))).headers;
    await ok(speaker.put(path(host), { name: newName() }, { 'if-match': etag }));
  },
};

interface Known {
  readonly tag: string | undefined;
  readonly body: unknown;
}

async function readAll(speaker: Client): Promise<Map<string, Known>> {
  const replies = urls.map(async (url) => {
    const { headers, body } = await speaker.get(url);
    return [url, { tag: headers.etag, body }] as const;
  });
  return new Map(await Promise.all(replies));
}

describe('a tag', () => {
  it('changes whenever what it stands for does, and stays otherwise, in every process', async () => {
    const effects = new Map<string, number>();
    let known = await readAll(berth[0]);
    let kept = 0;
    const names = Object.keys(CHANGES);
    for (const name of [...names, ...Array.from({ length: ROUNDS }, () => shuffled(names)).flat()]) {
      const at = pick([0, 1]);
      await CHANGES[name]?.((minor) => http[at]?.with({ version: `1.${minor}` }) as Client, at);
      const [now, elsewhere] = [await readAll(berth[0]), await readAll(berth[1])];
      expect({ name, read: elsewhere }).toEqual({ name, read: now });
      for (const [url, before] of known) {
        const after = now.get(url);
        const same = JSON.stringify(after?.body) === JSON.stringify(before.body);
        expect({ name, url, kept: after?.tag === before.tag }).toEqual({ name, url, kept: same });
        if (same) kept += 1;
        else effects.set(name, (effects.get(name) ?? 0) + 1);
        if (before.tag === undefined) continue;
        const asked = await pick(berth).get(url, { 'if-none-match': before.tag });
        expect({ name, url, status: asked.status }).toEqual({ name, url, status: same ? 304 : 200 });
      }
      known = now;
    }
    // Otherwise the story would say nothing.
    expect([...effects.keys()].sort()).toEqual(Object.keys(CHANGES).sort());
    expect(kept).toBeGreaterThan(ROUNDS * urls.length);
  });
});
