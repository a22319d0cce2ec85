import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok } from '../e2e/allocations-story.js';
import type { Client, Reply } from '../support/http.js';
import { copies, holdProviders, ORDERS, tally, Race } from './race.js';

interface Shown {
  readonly uuid: string;
  readonly parent_provider_uuid: string | null;
  readonly root_provider_uuid: string;
}

const WRITERS = 8;

let race: Race;
let http: Client;

beforeAll(async () => {
  race = await Race.open();
  http = race.at(0);
});

afterAll(() => race.end());

/** Makes a provider under a parent, whose name it shows that it is a different one. */
async function make(parent: string | null = null): Promise<string> {
  const uuid = randomUUID();
  await ok(http.post('/resource_providers', { name: uuid, uuid, parent_provider_uuid: parent }));
  return uuid;
}

function setParent(index: number, uuid: string, parent: string | null): Promise<Reply> {
  return race.at(index).put(`/resource_providers/${uuid}`, { name: uuid, parent_provider_uuid: parent });
}

/** What is wrong with the forest: loops, parents that are gone, roots that are not at the top. Nothing, if all is well. */
async function faults(): Promise<string[]> {
  const { resource_providers } = await ok(http.get<{ resource_providers: Shown[] }>('/resource_providers'));
  const byUuid = new Map(resource_providers.map((provider) => [provider.uuid, provider]));
  return resource_providers.flatMap((provider) => {
    let top: Shown | undefined = provider;
    for (let steps = 0; top !== undefined && top.parent_provider_uuid !== null; steps += 1) {
      if (steps > byUuid.size) return [`${provider.uuid} hangs in a loop`];
      top = byUuid.get(top.parent_provider_uuid);
    }
    if (top === undefined) return [`${provider.uuid} hangs under nobody`];
    return top.uuid === provider.root_provider_uuid ? [] : [`${provider.uuid} has a wrong root`];
  });
}

async function show(uuid: string): Promise<Shown> {
  return await ok(http.get<Shown>(`/resource_providers/${uuid}`));
}

describe('moves that together would make a loop', () => {
  it('two roots under each other: one moves', async () => {
    const [a, b] = [await make(), await make()];
    const replies = await race.meet(holdProviders(a, b), [() => setParent(0, a, b), () => setParent(1, b, a)]);
    expect(tally(replies)).toEqual({ 200: 1, 400: 1 });
    expect(await faults()).toEqual([]);
  });

  it('three roots in a ring: two move', async () => {
    const [a, b, c] = [await make(), await make(), await make()];
    const replies = await race.meet(holdProviders(a, b, c), [
      () => setParent(0, a, b),
      () => setParent(1, b, c),
      () => setParent(0, c, a),
    ]);
    expect(tally(replies)).toEqual({ 200: 2, 400: 1 });
    expect(await faults()).toEqual([]);
  });

  it('two trees, each under a leaf of the other: one moves', async () => {
    const [a, b] = [await make(), await make()];
    const [leafA, leafB] = [await make(await make(a)), await make(await make(b))];
    const replies = await race.meet(holdProviders(leafA, leafB, a, b), [
      () => setParent(0, a, leafB),
      () => setParent(1, b, leafA),
    ]);
    expect(tally(replies)).toEqual({ 200: 1, 400: 1 });
    expect(await faults()).toEqual([]);
  });
});

describe('a tree that moves while it grows', () => {
  it.each(ORDERS)(
    'children that come while their root moves, which arrives %s, get the root it has then',
    async (_when, place) => {
      const [root, elsewhere] = [await make(), await make()];
      const parent = await make(root);
      const children = copies(WRITERS, (index) =>
        race
          .at(index)
          .post('/resource_providers', { name: randomUUID(), uuid: randomUUID(), parent_provider_uuid: parent }),
      );
      const move = (): Promise<Reply> => setParent(0, root, elsewhere);
      const replies = await race.meet(
        { ...holdProviders(root), grouped: true },
        place === 0 ? [move, ...children] : [...children, move],
      );
      expect(tally(replies)).toEqual({ 200: WRITERS + 1 });
      expect(await faults()).toEqual([]);
      const { resource_providers } = await ok(
        http.get<{ resource_providers: Shown[] }>(`/resource_providers?in_tree=${parent}`),
      );
      expect(resource_providers).toHaveLength(WRITERS + 3);
      expect(new Set(resource_providers.map((one) => one.root_provider_uuid))).toEqual(new Set([elsewhere]));
    },
  );

  it('a child that is on its way holds its root until it is there', async () => {
    const [root, elsewhere] = [await make(), await make()];
    const child = randomUUID();
    // The child waits for its name, which somebody else has not quite taken, when the move comes.
    const hold = `with id as (select nextval(pg_get_serial_sequence('resource_providers', 'id'))::int as id)
      insert into resource_providers (id, uuid, name, root_provider_id) select id, $1, $2, id from id`;
    const replies = await race.meet({ hold, values: [randomUUID(), child] }, [
      () => race.at(0).post('/resource_providers', { name: child, uuid: child, parent_provider_uuid: root }),
      () => setParent(1, root, elsewhere),
    ]);
    expect(tally(replies)).toEqual({ 200: 2 });
    expect((await show(child)).root_provider_uuid).toBe(elsewhere);
    expect(await faults()).toEqual([]);
  });

  it('a subtree moves out while its root moves away', async () => {
    const [root, elsewhere] = [await make(), await make()];
    const middle = await make(root);
    const leaf = await make(middle);
    const replies = await race.meet(holdProviders(root), [
      () => setParent(0, root, elsewhere),
      () => setParent(1, middle, null),
    ]);
    expect(tally(replies)).toEqual({ 200: 2 });
    expect([(await show(leaf)).root_provider_uuid, (await show(root)).root_provider_uuid]).toEqual([middle, elsewhere]);
    expect(await faults()).toEqual([]);
  });

  it.each(ORDERS)('DELETE of the parent arrives %s: it goes, or it has a child', async (_when, place) => {
    const parent = await make();
    const child = randomUUID();
    const create = (): Promise<Reply> =>
      race.at(0).post('/resource_providers', { name: child, uuid: child, parent_provider_uuid: parent });
    const remove = (): Promise<Reply> => race.at(1).delete(`/resource_providers/${parent}`);
    const replies = await race.meet(holdProviders(parent), place === 0 ? [remove, create] : [create, remove]);
    const [removal, creation] = place === 0 ? replies : [...replies].reverse();
    const found = [
      (await http.get(`/resource_providers/${parent}`)).status,
      (await http.get(`/resource_providers/${child}`)).status,
    ];
    if (removal?.status === 204) expect([creation?.status, ...found]).toEqual([400, 404, 404]);
    else expect([removal?.status, creation?.status, ...found]).toEqual([409, 200, 200, 200]);
    expect(await faults()).toEqual([]);
  });

  it.each(ORDERS)('DELETE of the new parent arrives %s: it goes, or it has a child', async (_when, place) => {
    const [parent, child] = [await make(), await make()];
    const move = (): Promise<Reply> => setParent(0, child, parent);
    const remove = (): Promise<Reply> => race.at(1).delete(`/resource_providers/${parent}`);
    const replies = await race.meet(holdProviders(parent), place === 0 ? [remove, move] : [move, remove]);
    const [removal, moved] = place === 0 ? replies : [...replies].reverse();
    const found = (await http.get(`/resource_providers/${parent}`)).status;
    const { parent_provider_uuid: under } = await show(child);
    if (removal?.status === 204) expect([moved?.status, found, under]).toEqual([400, 404, null]);
    else expect([removal?.status, moved?.status, found, under]).toEqual([409, 200, 200, parent]);
    expect(await faults()).toEqual([]);
  });
});

describe('many moves at random', () => {
  it('never make a loop or a wrong root, and never fail', async () => {
    const providers: string[] = [];
    for (let index = 0; index < 6; index += 1) providers.push(await make());
    const pick = (): string => providers[Math.floor(Math.random() * providers.length)] ?? '';
    const replies: Reply[] = [];
    const writer = async (index: number): Promise<void> => {
      for (let step = 0; step < 12; step += 1) {
        replies.push(await setParent(index, pick(), Math.random() < 0.2 ? null : pick()));
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, index) => writer(index)));
    expect(replies).toHaveLength(WRITERS * 12);
    expect(tally(replies)).toEqual({ 200: expect.any(Number), 400: expect.any(Number) });
    expect(await faults()).toEqual([]);
  });
});
