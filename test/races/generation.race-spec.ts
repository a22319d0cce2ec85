import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimBody, generationOf, makeProvider, ok, RACE_CODE, refusal, usageOf } from '../e2e/allocations-story.js';
import type { Client } from '../support/http.js';
import { copies, holdProviders, ORDERS, tally, Race } from './race.js';

const WRITERS = 10;

let race: Race;
let http: Client;

beforeAll(async () => {
  race = await Race.open();
  http = race.at(0);
  for (let index = 0; index < WRITERS; index += 1) {
    await ok(http.put(`/traits/CUSTOM_T${index}`), 201);
    await ok(http.put(`/resource_classes/CUSTOM_C${index}`), 201);
  }
});

afterAll(() => race.end());

describe(`${WRITERS} writers that saw the same provider generation`, () => {
  const aggregates = Array.from({ length: WRITERS }, () => randomUUID());
  const writes: readonly (readonly [part: string, body: (index: number) => object, read: (body: never) => unknown])[] =
    [
      [
        'inventories',
        (index) => ({ inventories: { [`CUSTOM_C${index}`]: { total: index + 1 } } }),
        ({ inventories }: { inventories: object }) => Object.keys(inventories),
      ],
      ['inventories/VCPU', (index) => ({ total: 100 + index }), ({ total }: { total: number }) => [total]],
      ['traits', (index) => ({ traits: [`CUSTOM_T${index}`] }), ({ traits }: { traits: string[] }) => traits],
      [
        'aggregates',
        (index) => ({ aggregates: [aggregates[index]] }),
        (body: { aggregates: string[] }) => body.aggregates,
      ],
    ];

  it.each(writes)('PUT %s: one writes, the others are told and write nothing', async (part, body, read) => {
    const provider = await makeProvider(http, { VCPU: 1 });
    const path = `/resource_providers/${provider}/${part}`;
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) => race.at(index).put(path, { resource_provider_generation: 1, ...body(index) })),
    );
    expect(tally(replies)).toEqual({ 200: 1, 409: WRITERS - 1 });
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(refusal(reply)).toMatchObject({ code: RACE_CODE });
    }
    const winner = replies.find(({ status }) => status === 200);
    expect(winner?.body).toMatchObject({ resource_provider_generation: 2 });
    expect(read((await http.get(path)).body as never)).toEqual(read(winner?.body as never));
    expect(await generationOf(http, provider)).toBe(2);
  });
});

describe('writers that need not say what they saw', () => {
  it('POST inventories: each that is told it was done, was, and moved the generation by one', async () => {
    const provider = await makeProvider(http, { VCPU: 1 });
    const path = `/resource_providers/${provider}/inventories`;
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) => race.at(index).post(path, { resource_class: `CUSTOM_C${index}`, total: 1 })),
    );
    const { 201: done = 0, 409: late = 0 } = tally(replies);
    expect([done > 0, done + late]).toEqual([true, WRITERS]);
    const shown = await ok(http.get<{ inventories: object }>(path));
    const classes = replies.flatMap(({ status }, index) => (status === 201 ? [`CUSTOM_C${index}`] : []));
    expect(Object.keys(shown.inventories).sort()).toEqual(['VCPU', ...classes].sort());
    expect(await generationOf(http, provider)).toBe(1 + done);
  });

  it('POST the same class: one creates it', async () => {
    const provider = await makeProvider(http);
    const path = `/resource_providers/${provider}/inventories`;
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) => race.at(index).post(path, { resource_class: 'VCPU', total: 10 + index })),
    );
    expect(tally(replies)).toEqual({ 201: 1, 409: WRITERS - 1 });
    const winner = replies.findIndex(({ status }) => status === 201);
    expect(await ok(http.get(`${path}/VCPU`))).toMatchObject({ total: 10 + winner, resource_provider_generation: 1 });
  });

  it('DELETE traits: only the one that found some moves the generation', async () => {
    const provider = await makeProvider(http);
    const path = `/resource_providers/${provider}/traits`;
    await ok(http.put(path, { traits: ['CUSTOM_T0'], resource_provider_generation: 0 }));
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) => race.at(index).delete(path)),
    );
    const { 204: done = 0, 409: late = 0 } = tally(replies);
    expect([done > 0, done + late]).toEqual([true, WRITERS]);
    expect(await ok(http.get(path))).toEqual({ traits: [], resource_provider_generation: 2 });
  });
});

describe('a claim and the end of what it claims', () => {
  it.each(ORDERS)('DELETE inventory arrives %s: either it goes or it is used', async (_when, place) => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const consumer = randomUUID();
    const writers = [
      () => race.at(1).put(`/allocations/${consumer}`, claimBody({ [provider]: { VCPU: 1 } })),
      () => race.at(0).delete(`/resource_providers/${provider}/inventories/VCPU`),
    ];
    if (place === 0) writers.reverse();
    const replies = await race.meet(holdProviders(provider), writers);
    const [removal, claim] = place === 0 ? replies : [...replies].reverse();
    const used = await usageOf(http, provider);
    if (removal?.status === 204) {
      expect([claim?.status, used]).toEqual([409, {}]);
    } else {
      expect([removal?.status, claim?.status, used]).toEqual([409, 204, { VCPU: 1 }]);
    }
  });

  it.each(ORDERS)('DELETE provider arrives %s: either it goes or it is used', async (_when, place) => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const consumer = randomUUID();
    const writers = [
      () => race.at(1).put(`/allocations/${consumer}`, claimBody({ [provider]: { VCPU: 1 } })),
      () => race.at(0).delete(`/resource_providers/${provider}`),
    ];
    if (place === 0) writers.reverse();
    const replies = await race.meet(holdProviders(provider), writers);
    const [removal, claim] = place === 0 ? replies : [...replies].reverse();
    const { allocations } = await ok(http.get<{ allocations: object }>(`/allocations/${consumer}`));
    const found = (await http.get(`/resource_providers/${provider}`)).status;
    if (removal?.status === 204) {
      expect([claim?.status, found, Object.keys(allocations)]).toEqual([400, 404, []]);
    } else {
      expect([removal?.status, claim?.status, found, Object.keys(allocations)]).toEqual([409, 204, 200, [provider]]);
    }
  });
});

describe('claims on one provider by different consumers', () => {
  it('are all granted as long as there is room, and no further', async () => {
    const provider = await makeProvider(http, { VCPU: 6 });
    const replies = await race.meet(
      { ...holdProviders(provider), grouped: true },
      copies(WRITERS, (index) =>
        race.at(index).put(`/allocations/${randomUUID()}`, claimBody({ [provider]: { VCPU: 1 } })),
      ),
    );
    expect(tally(replies)).toEqual({ 204: 6, 409: WRITERS - 6 });
    expect(await usageOf(http, provider)).toEqual({ VCPU: 6 });
    expect(await generationOf(http, provider)).toBe(7);
  });
});
