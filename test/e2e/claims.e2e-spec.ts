import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Held {
  readonly allocations: Readonly<Record<string, { readonly resources: object; readonly generation: number }>>;
  readonly mappings: Readonly<Record<string, readonly string[]>>;
  readonly consumer_generation: number | null;
}

interface Claims {
  readonly dry_run: boolean;
  readonly claims: Readonly<Record<string, Held>>;
}

interface Refusal {
  readonly errors: readonly [{ readonly detail: string; readonly reason: Record<string, unknown> }];
}

const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };

let story: Story;
let berth: Client;
/** One after the other of its size: 4, 8, 16 VCPU. Each test has a trait of its own, so that no other sees its hosts. */
let hosts: string[];
let trait: string;

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
}, STORY_LIMIT_MS);

beforeEach(async () => {
  trait = `CUSTOM_${randomUUID().replaceAll('-', '').toUpperCase()}`;
  await berth.put(`/traits/${trait}`);
  hosts = [];
  for (const total of [4, 8, 16]) hosts.push(await host(total));
});

afterAll(() => story.close(), STORY_LIMIT_MS);

async function host(total: number): Promise<string> {
  const uuid = randomUUID();
  await berth.post('/resource_providers', { name: uuid, uuid });
  const path = `/resource_providers/${uuid}`;
  const inventories = { VCPU: { total }, MEMORY_MB: { total: 1000 } };
  await berth.put(`${path}/inventories`, { inventories, resource_provider_generation: 0 });
  const { status } = await berth.put(`${path}/traits`, { traits: [trait], resource_provider_generation: 1 });
  expect(status).toBe(200);
  return uuid;
}

const consumer = (uuid = randomUUID()) => ({ ...OWNER, consumer_uuid: uuid, consumer_generation: null });
const query = (amount: number) => ({ resources: `VCPU:${amount},MEMORY_MB:10`, required: trait });
const claim = (amount: number, more: object = {}): Promise<Reply<Claims>> =>
  berth.post<Claims>('/claims', { query: query(amount), consumers: [consumer()], ...more });
/** Where each consumer's VCPU are, in the order of the hosts, by the claims of an answer. */
const placesOf = ({ body }: Reply<Claims>): number[] =>
  Object.values(body.claims).map(({ allocations }) => hosts.indexOf(Object.keys(allocations)[0] ?? ''));
const reasonOf = (reply: Reply): Record<string, unknown> => (reply.body as Refusal).errors[0].reason;
const refusalOf = (reply: Reply) => ({ status: reply.status, code: reasonOf(reply).code });
const usageOf = async (uuid: string) =>
  (await berth.get<{ usages: object }>(`/resource_providers/${uuid}/usages`)).body.usages;

describe('a claim', () => {
  it('holds what it found, and says what and at which generations', async () => {
    const who = consumer();
    const reply = await claim(10, { consumers: [who] });
    const resources = { VCPU: 10, MEMORY_MB: 10 };
    const [, , large = ''] = hosts;
    expect({ status: reply.status, body: reply.body }).toEqual({
      status: 200,
      body: {
        dry_run: false,
        claims: {
          [who.consumer_uuid]: {
            ...OWNER,
            allocations: { [large]: { resources, generation: 3 } },
            mappings: { '': [large] },
            consumer_generation: 1,
            slot_locks: [],
          },
        },
      },
    });
    const held = await berth.get<Held>(`/allocations/${who.consumer_uuid}`);
    expect(held.body).toEqual({
      ...OWNER,
      allocations: { [large]: { resources, generation: 3 } },
      consumer_generation: 1,
      slot_locks: [],
    });
  });

  it('can be written back as it was answered', async () => {
    const who = consumer();
    const { body } = await claim(10, { consumers: [who] });
    const entry = body.claims[who.consumer_uuid];
    expect((await berth.put(`/allocations/${who.consumer_uuid}`, entry)).status).toBe(204);
    const again = consumer();
    const more = await claim(2, { consumers: [again, consumer()] });
    expect((await berth.post('/allocations', more.body.claims)).status).toBe(204);
  });

  it('writes nothing and looks at no generation when it is a dry run', async () => {
    const who = consumer();
    const reply = await claim(10, { consumers: [who], dry_run: true });
    expect(reply.body.dry_run).toBe(true);
    expect(placesOf(reply)).toEqual([2]);
    expect(reply.body.claims[who.consumer_uuid]?.consumer_generation).toBeNull();
    expect((await berth.get<Held>(`/allocations/${who.consumer_uuid}`)).body).toEqual({ allocations: {} });
    // What a dry run answers is a write that claims it.
    expect((await berth.post('/allocations', reply.body.claims)).status).toBe(204);
  });

  it('takes groups from trees, as the query says', async () => {
    const [parent = ''] = hosts;
    const child = randomUUID();
    await berth.post('/resource_providers', { name: child, uuid: child, parent_provider_uuid: parent });
    await berth.put(`/resource_providers/${child}/inventories`, {
      inventories: { SRIOV_NET_VF: { total: 2 } },
      resource_provider_generation: 0,
    });
    const who = consumer();
    const asked = { ...query(1), resources_NIC: 'SRIOV_NET_VF:1', in_tree_NIC: child };
    const { body } = await claim(1, { query: asked, consumers: [who] });
    expect(body.claims[who.consumer_uuid]).toMatchObject({
      allocations: { [parent]: { resources: { VCPU: 1, MEMORY_MB: 10 } }, [child]: { resources: { SRIOV_NET_VF: 1 } } },
      mappings: { '': [parent], _NIC: [child] },
    });
  });

  it('replaces what a consumer holds, at the generation that is named', async () => {
    const who = consumer();
    await claim(10, { consumers: [who] });
    const stale = await claim(1, { consumers: [who] });
    expect(refusalOf(stale)).toEqual({ status: 409, code: 'berth.consumer_generation_stale' });
    const again = await claim(4, { consumers: [{ ...who, consumer_generation: 1 }] });
    expect(again.body.claims[who.consumer_uuid]?.consumer_generation).toBe(2);
    expect(await usageOf(hosts[2] ?? '')).toMatchObject({ VCPU: placesOf(again)[0] === 2 ? 4 : 0 });
  });
});

describe('slot locks', () => {
  const locking = (...slot_locks: unknown[]) => ({ ...consumer(), slot_locks });

  it('come with the claim, and are told with it', async () => {
    const key = `licence(${randomUUID()})`;
    const who = locking(key, { key: `${key}s`, limit: 2 });
    const { body } = await claim(1, { consumers: [who] });
    const held = await berth.get<{ slot_locks: object[] }>(`/allocations/${who.consumer_uuid}`);
    const entry = body.claims[who.consumer_uuid] as Held & { readonly slot_locks: readonly object[] };
    expect(entry.slot_locks).toEqual([
      { key, slot: 0, limit: 1 },
      { key: `${key}s`, slot: 0, limit: 2 },
    ]);
    expect(held.body.slot_locks).toEqual(entry.slot_locks.map((one) => expect.objectContaining(one)));
    // Written back, the claim keeps its slots.
    expect((await berth.put(`/allocations/${who.consumer_uuid}`, entry)).status).toBe(204);
    expect((await berth.get<object>(`/allocations/${who.consumer_uuid}`)).body).toMatchObject({
      slot_locks: held.body.slot_locks,
    });
  });

  it('that are taken refuse the whole claim', async () => {
    const key = `pci(${randomUUID()})`;
    await claim(1, { consumers: [locking(key)] });
    const [free, taken] = [locking(`${key}-other`), locking(key)];
    const reply = await claim(1, { consumers: [free, taken] });
    expect(refusalOf(reply)).toEqual({ status: 409, code: 'berth.slot_taken' });
    expect((await berth.get<Held>(`/allocations/${free.consumer_uuid}`)).body.allocations).toEqual({});
    // Nor do two of one request share a slot.
    const twice = await claim(1, { consumers: [locking(`${key}-third`), locking(`${key}-third`)] });
    expect(refusalOf(twice)).toEqual({ status: 409, code: 'berth.slot_taken' });
  });
});

describe('a preference', () => {
  it.each([
    ['spread', 2],
    ['pack', 0],
    [{ weights: { VCPU: 1 } }, 2],
    [{ weights: { VCPU: -1 } }, 0],
    [{ weights: { MEMORY_MB: 0, VCPU: 0.5 } }, 2],
  ])('of %j takes host %d', async (preference, place) => {
    expect(placesOf(await claim(2, { preference }))).toEqual([place]);
  });

  it('looks at classes that are not asked for, too', async () => {
    const [small = ''] = hosts;
    const others = hosts.slice(1);
    for (const uuid of others) {
      const allocations = { [uuid]: { resources: { MEMORY_MB: 500 }, generation: 2 } };
      await berth.put(`/allocations/${randomUUID()}`, { ...OWNER, allocations, consumer_generation: null });
    }
    const reply = await claim(1, {
      query: { resources: 'VCPU:1', required: trait },
      preference: { weights: { MEMORY_MB: 1 } },
    });
    expect(Object.keys(Object.values(reply.body.claims)[0]?.allocations ?? {})).toEqual([small]);
  });

  it('spreads several consumers, one beside the other', async () => {
    const consumers = [consumer(), consumer(), consumer()];
    const reply = await claim(3, { consumers, preference: 'spread' });
    // Left free of VCPU: 1/4, 5/8 or 13/16; then 5/8 on both large ones, and less memory on the one in use; then 2/8 or 10/16.
    expect(placesOf(reply)).toEqual([2, 1, 2]);
  });

  it('packs several consumers on top of one another', async () => {
    const reply = await claim(2, { consumers: [consumer(), consumer(), consumer()], preference: 'pack' });
    expect(placesOf(reply)).toEqual([0, 0, 1]);
  });
});

describe('several consumers', () => {
  it('get everything or nothing', async () => {
    const consumers = [consumer(), consumer(), consumer(), consumer()];
    const reply = await claim(8, { consumers });
    expect(refusalOf(reply)).toEqual({ status: 409, code: 'berth.no_room' });
    expect(reasonOf(reply)).toMatchObject({ consumers: 4, room_for: 3, proven: true });
    for (const { consumer_uuid } of consumers) {
      expect((await berth.get<Held>(`/allocations/${consumer_uuid}`)).body).toEqual({ allocations: {} });
    }
    expect((await claim(8, { consumers: consumers.slice(0, 3) })).status).toBe(200);
  });

  it('are refused where one is not at the generation it names', async () => {
    const known = consumer();
    await claim(1, { consumers: [known] });
    const reply = await claim(1, { consumers: [consumer(), known] });
    expect(refusalOf(reply)).toEqual({ status: 409, code: 'berth.consumer_generation_stale' });
    expect(reasonOf(reply)).toMatchObject({ consumer: known.consumer_uuid, current_generation: 1 });
  });

  it('are named once each', async () => {
    const who = consumer();
    const reply = await claim(1, { consumers: [who, { ...who, consumer_uuid: who.consumer_uuid.toUpperCase() }] });
    expect(refusalOf(reply)).toEqual({ status: 400, code: 'berth.body_invalid' });
  });
});

describe('a refusal', () => {
  it('for lack of room explains itself and names what would do', async () => {
    const reply = await claim(17);
    expect(refusalOf(reply)).toEqual({ status: 409, code: 'berth.no_room' });
    const { explanation } = reasonOf(reply) as {
      explanation: { relaxation: { changes: unknown; query: Record<string, string> } };
    };
    expect(explanation).toMatchObject({
      found: false,
      relaxation: {
        changes: [{ kind: 'change_amount', suffix: '', resource_class: 'VCPU', from: 17, to: 16 }],
        query: { resources: 'VCPU:16,MEMORY_MB:10', required: trait },
      },
    });
    expect(JSON.stringify(explanation)).not.toContain('examples');
    expect((await claim(1, { query: explanation.relaxation.query })).status).toBe(200);
  });

  it.each<[string, object, number, string]>([
    [
      'a generation is missing',
      { consumers: [{ ...OWNER, consumer_uuid: randomUUID() }] },
      428,
      'berth.generation_required',
    ],
    ['nobody claims', { consumers: [] }, 400, 'berth.body_invalid'],
    ['a key is unknown', { slots: [] }, 400, 'berth.body_invalid'],
    ['a preference is unknown', { preference: 'best' }, 400, 'berth.body_invalid'],
    ['weights are none', { preference: { weights: {} } }, 400, 'berth.body_invalid'],
    ['a class of a weight is unknown', { preference: { weights: { NOPE: 1 } } }, 400, 'berth.resource_class_not_found'],
    ['the query has a limit', { query: { resources: 'VCPU:1', limit: '1' } }, 400, 'berth.query_invalid'],
    ['the query has an unknown key', { query: { resource: 'VCPU:1' } }, 400, 'berth.query_invalid'],
    ['the query has a number', { query: { resources: 1 } }, 400, 'berth.body_invalid'],
    ['a class is unknown', { query: { resources: 'NOPE:1' } }, 400, 'berth.resource_class_not_found'],
    ['a trait is unknown', { query: { resources: 'VCPU:1', required: 'CUSTOM_NOPE' } }, 400, 'berth.trait_not_found'],
  ])('says that %s', async (_, more, status, code) => {
    expect(refusalOf(await claim(1, more))).toEqual({ status, code });
  });

  it('is a 404 for those who do not speak berth 1.0, whatever they do', async () => {
    const stock = story.at(39);
    const body = { query: query(1), consumers: [consumer()] };
    for (const reply of [
      await stock.post('/claims', body),
      await stock.get('/claims'),
      await stock.put('/claims', {}),
    ]) {
      expect(reply.status).toBe(404);
    }
    expect((await berth.get('/claims')).status).toBe(405);
  });
});
