import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generationOf, makeProvider, ok } from '../e2e/allocations-story.js';
import type { Client, Reply } from '../support/http.js';
import { Race } from './race.js';

const WRITERS = 32;
const STEPS = 25;
/** Few enough that all of them are hot. */
const SHARED = 3;
const NAMES = 40;

interface Written {
  readonly provider: string;
  readonly part: Part;
  readonly claimed: number;
  readonly value: unknown;
  readonly status: number;
  /** The generation that the answer names; undefined when refused. */
  readonly generation: number | undefined;
}

type Part = keyof typeof PARTS;

let race: Race;
let http: Client;

/** What is written of each part, different each time, and how it is read back. */
const PARTS = {
  inventories: {
    make: (n: number): unknown => ({ VCPU: { total: 1 + n } }),
    read: (body: { inventories: Record<string, { total: number }> }): unknown =>
      Object.fromEntries(Object.entries(body.inventories).map(([name, { total }]) => [name, { total }])),
  },
  traits: {
    make: (n: number): unknown => [`CUSTOM_T${n % 20}`, `CUSTOM_T${(n % 20) + 1}`],
    read: (body: { traits: string[] }): unknown => body.traits,
  },
  aggregates: {
    make: (): unknown => [randomUUID()],
    read: (body: { aggregates: string[] }): unknown => body.aggregates,
  },
};

beforeAll(async () => {
  race = await Race.open();
  http = race.at(0);
  for (let index = 0; index <= 20; index += 1) await ok(http.put(`/traits/CUSTOM_T${index}`), 201);
});

afterAll(() => race.end());

describe(`${WRITERS} writers of inventories, traits and aggregates through two processes`, () => {
  it('each success raises the generation by one and is there, each refusal is true', async () => {
    const shared = await Promise.all(Array.from({ length: SHARED }, () => makeProvider(http)));
    const own = await Promise.all(Array.from({ length: WRITERS }, () => makeProvider(http)));
    const written = (
      await Promise.all(own.map((mine, index) => write(race.at(index), mine, [...shared, mine], index * STEPS)))
    ).flat();

    expect([...new Set(written.map(({ status }) => status))].filter((status) => ![200, 409].includes(status))).toEqual(
      [],
    );
    expect(written.filter(({ provider, status }) => own.includes(provider) && status !== 200)).toEqual([]);
    // Writers that never met would prove nothing.
    expect(written.filter(({ status }) => status === 409).length).toBeGreaterThan(WRITERS);
    for (const provider of [...shared, ...own]) {
      await settled(
        provider,
        written.filter((one) => one.provider === provider),
      );
    }
  }, 120_000);

  /** One writer's life: looks at a provider, writes a part of it under the generation it saw, and so on. */
  async function write(at: Client, mine: string, providers: readonly string[], seed: number): Promise<Written[]> {
    const done: Written[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const provider = step % 5 === 0 ? mine : (providers[Math.floor(Math.random() * providers.length)] ?? mine);
      const part = (Object.keys(PARTS) as Part[])[Math.floor(Math.random() * 3)] ?? 'traits';
      const claimed = await generationOf(at, provider);
      const value = PARTS[part].make(seed + step);
      const reply: Reply<{ resource_provider_generation?: number }> = await at.put(
        `/resource_providers/${provider}/${part}`,
        { resource_provider_generation: claimed, [part]: value },
      );
      const generation = reply.status === 200 ? reply.body.resource_provider_generation : undefined;
      done.push({ provider, part, claimed, value, status: reply.status, generation });
    }
    return done;
  }

  async function settled(provider: string, written: readonly Written[]): Promise<void> {
    // The same traits as before raise nothing.
    const raised = written.filter(({ claimed, generation }) => generation !== undefined && generation !== claimed);
    const generations = raised.map(({ generation }) => generation ?? 0).sort((a, b) => a - b);
    const last = await generationOf(http, provider);
    expect(generations).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    const refusals = written.filter(({ status }) => status === 409);
    expect(refusals.filter(({ claimed }) => !generations.includes(claimed + 1))).toEqual([]);
    for (const part of Object.keys(PARTS) as Part[]) {
      const latest = raised
        .filter((one) => one.part === part)
        .sort((a, b) => (b.generation ?? 0) - (a.generation ?? 0))[0];
      if (latest === undefined) continue;
      const body = await ok(http.get(`/resource_providers/${provider}/${part}`));
      expect(PARTS[part].read(body as never)).toEqual(latest.value);
    }
  }
});

describe(`${WRITERS} creators of ${NAMES} names through two processes`, () => {
  it('each name is created once, and nobody waits for another in a circle', async () => {
    const names = Array.from({ length: NAMES }, (_, index) => `host ${index}`);
    const parent = await makeProvider(http);
    const attempts = Array.from({ length: WRITERS }, (_, writer) => {
      const turned = writer % 4 < 2 ? names : [...names].reverse();
      // All at once: names meet within groups, between groups and between processes.
      return turned.map(async (name) => {
        const uuid = randomUUID();
        const body = { name, uuid, parent_provider_uuid: writer % 2 === 0 ? parent : null };
        return { name, uuid, status: (await race.at(writer).post('/resource_providers', body)).status };
      });
    }).flat();
    const replies = await Promise.all(attempts);

    expect(replies.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    const created = replies.filter(({ status }) => status === 200);
    expect(created.map(({ name }) => name).sort()).toEqual([...names].sort());
    const { resource_providers } = await ok(
      http.get<{ resource_providers: { uuid: string; name: string }[] }>('/resource_providers'),
    );
    const shown = new Map(resource_providers.map(({ uuid, name }) => [uuid, name]));
    expect(created.filter(({ uuid, name }) => shown.get(uuid) !== name)).toEqual([]);
    expect(replies.filter(({ uuid, status }) => status === 409 && shown.has(uuid))).toEqual([]);
  }, 120_000);
});
