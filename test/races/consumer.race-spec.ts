import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  claim,
  claimBody,
  consumerGeneration,
  generationOf,
  makeProvider,
  ok,
  RACE_CODE,
  refusal,
  usageOf,
} from '../e2e/allocations-story.js';
import type { Client, Reply } from '../support/http.js';
import { copies, holdProviders, ORDERS, tally, Race } from './race.js';

const WRITERS = 10;

let race: Race;
let http: Client;
let provider: string;

beforeAll(async () => {
  race = await Race.open();
  http = race.at(0);
});

afterAll(() => race.end());

/** Each writer wants another amount, so that the winner can be told by what is there afterwards. */
const body = (index: number, generation: number | null): object =>
  claimBody({ [provider]: { VCPU: 1 + index } }, generation, { project_id: `project ${index}` });

const methods: readonly (readonly [
  method: string,
  write: (index: number, consumer: string, generation: number | null) => Promise<Reply>,
])[] = [
  ['PUT', (index, consumer, generation) => race.at(index).put(`/allocations/${consumer}`, body(index, generation))],
  [
    'POST',
    (index, consumer, generation) => race.at(index).post('/allocations', { [consumer]: body(index, generation) }),
  ],
];

describe(`${WRITERS} writers of one consumer`, () => {
  it.each(methods)('that saw the same generation, by %s: one writes', async (_method, write) => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const consumer = await claim(http, { [provider]: { VCPU: 500 } });
    await oneWins(
      await race.meet(
        { ...holdProviders(provider), grouped: true },
        copies(WRITERS, (index) => write(index, consumer, 1)),
      ),
      consumer,
    );
    expect(await consumerGeneration(http, consumer)).toBe(2);
    expect(await generationOf(http, provider)).toBe(3);
  });

  it.each(methods)('that saw none, by %s: one creates it', async (_method, write) => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const consumer = randomUUID();
    await oneWins(
      await race.meet(
        { ...holdProviders(provider), grouped: true },
        copies(WRITERS, (index) => write(index, consumer, null)),
      ),
      consumer,
    );
    expect(await consumerGeneration(http, consumer)).toBe(1);
    expect(await generationOf(http, provider)).toBe(2);
  });

  it('that say nothing, before 1.28: all write, one after the other', async () => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const consumer = randomUUID();
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) =>
        race.at(index, '1.27').put(`/allocations/${consumer}`, {
          allocations: { [provider]: { resources: { VCPU: 1 + index } } },
          project_id: 'project',
          user_id: 'user',
        }),
      ),
    );
    expect(tally(replies)).toEqual({ 204: WRITERS });
    expect(await consumerGeneration(http, consumer)).toBe(WRITERS);
    expect(await generationOf(http, provider)).toBe(1 + WRITERS);
    expect(await heldBy(consumer)).toEqual(await usageOf(http, provider));
  });

  async function oneWins(replies: readonly Reply[], consumer: string): Promise<void> {
    expect(tally(replies)).toEqual({ 204: 1, 409: WRITERS - 1 });
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(refusal(reply)).toMatchObject({ code: RACE_CODE });
    }
    const winner = replies.findIndex(({ status }) => status === 204);
    expect(await heldBy(consumer)).toEqual({ VCPU: 1 + winner });
    expect(await usageOf(http, provider)).toEqual({ VCPU: 1 + winner });
    expect(await ok(http.get(`/allocations/${consumer}`))).toMatchObject({ project_id: `project ${winner}` });
  }

  async function heldBy(consumer: string): Promise<unknown> {
    const shown = await ok(
      http.get<{ allocations: Record<string, { resources: object }> }>(`/allocations/${consumer}`),
    );
    return shown.allocations[provider]?.resources;
  }
});

describe('a rewrite and the end of its consumer', () => {
  it.each(ORDERS)('DELETE arrives %s: nothing of the loser is left', async (_when, place) => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const consumer = await claim(http, { [provider]: { VCPU: 5 } });
    const writers = [
      () => race.at(0).put(`/allocations/${consumer}`, body(6, 1)),
      () => race.at(1).delete(`/allocations/${consumer}`),
    ];
    if (place === 0) writers.reverse();
    const replies = await race.meet(holdProviders(provider), writers);
    const [removal, rewrite] = place === 0 ? replies : [...replies].reverse();
    expect(removal?.status).toBe(204);
    if (rewrite?.status !== 204) {
      expect(refusal(rewrite as Reply).message).toBe('consumer generation conflict - expected null but got 1');
    }
    expect(await ok(http.get(`/allocations/${consumer}`))).toEqual({ allocations: {} });
    expect(await usageOf(http, provider)).toEqual({ VCPU: 0 });
    await claim(http, { [provider]: { VCPU: 1 } }, null, consumer);
  });
});

describe('owners that nobody has seen before', () => {
  it('are created once, by whoever comes first', async () => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const owners = { project_id: 'new', user_id: 'new', consumer_type: 'NEW' };
    const replies = await race.meet(
      // Holds the names by rows that never come to be.
      {
        hold: `with p as (insert into projects (external_id) values ('new')) insert into users (external_id) values ('new')`,
        grouped: true,
      },
      copies(WRITERS, (index) =>
        race.at(index).put(`/allocations/${randomUUID()}`, claimBody({ [provider]: { VCPU: 1 } }, null, owners)),
      ),
    );
    expect(tally(replies)).toEqual({ 204: WRITERS });
    expect(await ok(http.get('/usages?project_id=new&user_id=new'))).toEqual({
      usages: { NEW: { consumer_count: WRITERS, VCPU: WRITERS } },
    });
  });
});

describe('writers of several consumers in opposite orders', () => {
  const SIDE = 4;

  it('neither stand in each other’s way for ever nor mix', async () => {
    const hosts = await Promise.all(Array.from({ length: SIDE }, () => makeProvider(http, { VCPU: 1000 })));
    const consumers = Array.from({ length: SIDE }, () => randomUUID());
    const write = (index: number): Promise<Reply> => {
      const turned = index % 2 === 0;
      const order = <T>(values: readonly T[]): T[] => (turned ? [...values].reverse() : [...values]);
      const one = {
        allocations: Object.fromEntries(order(hosts).map((uuid) => [uuid, { resources: { VCPU: 1 + index } }])),
        project_id: `p${index}`,
        user_id: `u${index}`,
      };
      return race
        .at(Math.floor(index / 2), '1.13')
        .post('/allocations', Object.fromEntries(order(consumers).map((consumer) => [consumer, one])));
    };
    for (let round = 1; round <= 3; round += 1) {
      const replies = await race.meet({ ...holdProviders(...hosts), grouped: true }, copies(WRITERS, write));
      expect(tally(replies)).toEqual({ 204: WRITERS });
      const held = await Promise.all(consumers.map(async (consumer) => await shownOf(consumer)));
      expect(new Set(held).size).toBe(1);
      const usages = await Promise.all(hosts.map((uuid) => usageOf(http, uuid)));
      expect(new Set(usages.map(({ VCPU = 0 }) => VCPU / SIDE))).toEqual(new Set([Number(held[0]?.split(' ')[0])]));
      expect(await generationOf(http, hosts[0] ?? '')).toBe(1 + round * WRITERS);
    }
  });

  /** Amount and project, if they are the same everywhere. */
  async function shownOf(consumer: string): Promise<string> {
    const { allocations, project_id } = await ok(
      http.get<{ allocations: Record<string, { resources: { VCPU: number } }>; project_id: string }>(
        `/allocations/${consumer}`,
      ),
    );
    const amounts = new Set(Object.values(allocations).map(({ resources }) => resources.VCPU));
    expect(amounts.size).toBe(1);
    expect(Object.keys(allocations)).toHaveLength(SIDE);
    return `${[...amounts].join()} ${project_id}`;
  }

  it('create them all or none', async () => {
    provider = await makeProvider(http, { VCPU: 1000 });
    const consumers = Array.from({ length: SIDE }, () => randomUUID());
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) => {
        const order = index % 2 === 0 ? consumers : [...consumers].reverse();
        const values = order.map((consumer) => [consumer, body(index, null)]);
        return race.at(Math.floor(index / 2)).post('/allocations', Object.fromEntries(values));
      }),
    );
    expect(tally(replies)).toEqual({ 204: 1, 409: WRITERS - 1 });
    const winner = replies.findIndex(({ status }) => status === 204);
    expect(await usageOf(http, provider)).toEqual({ VCPU: SIDE * (1 + winner) });
    expect(await generationOf(http, provider)).toBe(2);
  });
});
