import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeProvider, ok } from '../e2e/allocations-story.js';
import type { Client } from '../support/http.js';
import { Race } from './race.js';

const PROVIDERS = 3;
const WRITERS = 6;
const WRITES = 60;
/** So that a process that only reads asks for the same again and again, and would answer what it remembers. */
const READERS = 4;
const CLASS = 'CUSTOM_RENAMED';

interface ProviderAnswer {
  readonly resource_provider_generation: number;
  readonly allocations: Readonly<
    Record<string, { readonly resources: Readonly<Record<string, number>>; readonly consumer_generation: number }>
  >;
}

let race: Race;
let providers: readonly string[];

beforeAll(async () => {
  race = await Race.open();
  const http = race.at(0);
  await ok(http.put(`/resource_classes/${CLASS}`), 201);
  providers = await Promise.all(
    Array.from({ length: PROVIDERS }, () => makeProvider(http, { VCPU: 1_000_000, [CLASS]: 1_000_000 })),
  );
});

afterAll(() => race.end());

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const amount = (): number => 1 + Math.floor(Math.random() * 3);
const read = (http: Client, provider: string): Promise<ProviderAnswer> =>
  ok(http.get<ProviderAnswer>(`/resource_providers/${provider}/allocations`));

/** A consumer that nobody else writes: what is held for it is known to whoever was answered last. */
interface Consumer {
  readonly uuid: string;
  generation: number | null;
  held: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function body({ generation, held }: Consumer): object {
  return {
    allocations: Object.fromEntries(Object.entries(held).map(([uuid, resources]) => [uuid, { resources }])),
    project_id: pick(['p', 'q']),
    user_id: 'u',
    consumer_generation: generation,
    consumer_type: pick(['INSTANCE', 'MIGRATION']),
  };
}

/** Other providers, the same providers again with the same or other amounts, or nothing. */
function wanted({ held }: Consumer): Consumer['held'] {
  if (Object.keys(held).length > 0 && Math.random() < 0.3) return Math.random() < 0.5 ? held : {};
  const chosen = [...providers].sort(() => Math.random() - 0.5).slice(0, amount());
  return Object.fromEntries(chosen.map((uuid) => [uuid, { VCPU: amount() }]));
}

/** Writes in every way there is; answers with the consumers as they are known to be then. */
async function write(http: Client, consumers: readonly Consumer[]): Promise<void> {
  const [first, second] = consumers as readonly [Consumer, Consumer];
  const kind = pick(['put', 'delete', 'post', 'reshape'] as const);
  if (kind === 'delete') {
    if (first.generation === null) return;
    await ok(http.delete(`/allocations/${first.uuid}`), 204);
    Object.assign(first, { generation: null, held: {} });
    return;
  }
  const written = kind === 'put' ? [first] : [first, second];
  const next = written.map((consumer) => ({ ...consumer, held: wanted(consumer) }));
  if (next.some(({ generation, held }) => generation === null && Object.keys(held).length === 0)) return;
  const bodies = Object.fromEntries(next.map((one) => [one.uuid, body(one)]));
  if (kind === 'put') await ok(http.put(`/allocations/${first.uuid}`, bodies[first.uuid]), 204);
  else if (kind === 'post') await ok(http.post('/allocations', bodies), 204);
  else if (!(await reshape(http, bodies))) return;
  written.forEach((consumer, index) => {
    consumer.held = next[index]?.held ?? {};
    consumer.generation = Object.keys(consumer.held).length === 0 ? null : (consumer.generation ?? 0) + 1;
  });
}

/** Of one provider, to the inventories that it has; false: somebody else was there first. */
async function reshape(http: Client, allocations: object): Promise<boolean> {
  const provider = pick(providers);
  const shape = await ok(http.get<object>(`/resource_providers/${provider}/inventories`));
  const service = http.with({ version: '1.39', headers: { 'x-roles': 'service' } });
  const { status } = await service.post('/reshaper', { inventories: { [provider]: shape }, allocations });
  expect([204, 409]).toContain(status);
  return status === 204;
}

describe('what is held of a provider, through two processes', () => {
  it('is never older than the last answered write, in whatever way and through whichever process it was written', async () => {
    const state = { done: false };
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      const consumers = [1, 2].map((): Consumer => ({ uuid: randomUUID(), generation: null, held: {} }));
      for (let times = 0; times < WRITES; times += 1) {
        await write(race.at(writer + times), consumers);
        const provider = pick(providers);
        for (const process of [0, 1]) {
          const { allocations } = await read(race.at(process), provider);
          for (const { uuid, generation, held } of consumers) {
            const resources = held[provider];
            expect(allocations[uuid]).toEqual(resources && { resources, consumer_generation: generation });
          }
        }
      }
    });
    const readers = Array.from({ length: READERS }, async (_, reader) => {
      const newest = new Map<string, number>();
      while (!state.done) {
        const provider = pick(providers);
        const { resource_provider_generation: generation } = await read(race.at(reader), provider);
        expect(generation).toBeGreaterThanOrEqual(newest.get(provider) ?? 0);
        newest.set(provider, generation);
      }
    });
    await Promise.all(writers).finally(() => (state.done = true));
    await Promise.all(readers);
  });

  it('has the new name of a class in the next answer of either', async () => {
    const consumer = randomUUID();
    const [provider = ''] = providers;
    const held = { [provider]: { [CLASS]: 1 } };
    await ok(race.at(0).put(`/allocations/${consumer}`, body({ uuid: consumer, generation: null, held })), 204);
    for (let name = CLASS, times = 0; times < 20; times += 1) {
      for (const process of [0, 1, 0, 1]) {
        const { allocations } = await read(race.at(process), provider);
        expect(allocations[consumer]?.resources).toEqual({ [name]: 1 });
      }
      const other = `${CLASS}_${times}`;
      await ok(race.at(times, '1.6').put(`/resource_classes/${name}`, { name: other }));
      name = other;
    }
  });
});
