import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generationOf, makeProvider, ok, refusal } from '../e2e/allocations-story.js';
import type { Client, Reply } from '../support/http.js';
import { copies, ORDERS, tally, Race } from './race.js';

const WRITERS = 10;

let race: Race;
let http: Client;

beforeAll(async () => {
  race = await Race.open();
  http = race.at(0);
});

afterAll(() => race.end());

interface Named {
  /** What the holder writes under the same name, so that all writers wait to learn whether it will be there. */
  readonly hold: string;
  readonly values: readonly unknown[];
  readonly write: (index: number) => Promise<Reply>;
  /** The statuses of the one that creates, and of those who find it there. */
  readonly created: number;
  readonly found: number;
  readonly grouped?: boolean;
}

const TRAIT = 'insert into traits (name) values ($1)';
const CLASS = 'insert into resource_classes (id, name) select max(id) + 10001, $1 from resource_classes';
const PROVIDER = `with id as (select nextval(pg_get_serial_sequence('resource_providers', 'id'))::int as id)
   insert into resource_providers (id, uuid, name, root_provider_id) select id, $1, $2, id from id`;

const nouns: readonly (readonly [what: string, named: (name: string) => Named])[] = [
  [
    'PUT of a trait',
    (name) => ({
      hold: TRAIT,
      values: [name],
      write: (index) => race.at(index).put(`/traits/${name}`),
      created: 201,
      found: 204,
    }),
  ],
  [
    'PUT of a class',
    (name) => ({
      hold: CLASS,
      values: [name],
      write: (index) => race.at(index).put(`/resource_classes/${name}`),
      created: 201,
      found: 204,
    }),
  ],
  [
    'POST of a class',
    (name) => ({
      hold: CLASS,
      values: [name],
      write: (index) => race.at(index).post('/resource_classes', { name }),
      created: 201,
      found: 409,
    }),
  ],
  [
    'POST of a provider by name',
    (name) => ({
      hold: PROVIDER,
      values: [randomUUID(), name],
      write: (index) => race.at(index).post('/resource_providers', { name, uuid: randomUUID() }),
      created: 200,
      found: 409,
      grouped: true,
    }),
  ],
];

describe(`${WRITERS} creators of one name`, () => {
  it.each(nouns)('%s: one creates it', async (_what, named) => {
    const { write, created, found, ...point } = named(`CUSTOM_${randomUUID().replaceAll('-', '').toUpperCase()}`);
    const replies = await race.meet(point, copies(WRITERS, write));
    expect(tally(replies)).toEqual({ [created]: 1, [found]: WRITERS - 1 });
  });

  it.each(nouns)('%s: nobody creates what came to be meanwhile', async (_what, named) => {
    const { write, found, ...point } = named(`CUSTOM_${randomUUID().replaceAll('-', '').toUpperCase()}`);
    const replies = await race.meet({ ...point, end: 'commit' }, copies(WRITERS, write));
    expect(tally(replies)).toEqual({ [found]: WRITERS });
  });

  it('POST of a provider by uuid: one creates it', async () => {
    const uuid = randomUUID();
    const replies = await race.meet(
      { hold: PROVIDER, values: [uuid, randomUUID()], grouped: true },
      copies(WRITERS, (index) => race.at(index).post('/resource_providers', { name: `${uuid} ${index}`, uuid })),
    );
    expect(tally(replies)).toEqual({ 200: 1, 409: WRITERS - 1 });
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(refusal(reply)).toMatchObject({
        code: 'placement.duplicate_name',
        message: `Conflicting resource provider uuid: ${uuid} already exists.`,
      });
    }
    const winner = replies.findIndex(({ status }) => status === 200);
    expect(await ok(http.get(`/resource_providers/${uuid}`))).toMatchObject({ name: `${uuid} ${winner}` });
  });

  it('different classes at once: each gets an id of its own', async () => {
    const name = (index: number): string => `CUSTOM_ID_${index}`;
    const replies = await race.meet(
      { hold: 'lock table resource_classes in share row exclusive mode' },
      copies(WRITERS, (index) => race.at(index).put(`/resource_classes/${name(index)}`)),
    );
    expect(tally(replies)).toEqual({ 201: WRITERS });
    const { resource_classes } = await ok(http.get<{ resource_classes: { name: string }[] }>('/resource_classes'));
    const created = resource_classes.filter((one) => one.name.startsWith('CUSTOM_ID_'));
    expect(created.map((one) => one.name).sort()).toEqual(replies.map((_, index) => name(index)).sort());
  });

  it('renames of providers to one name: one gets it', async () => {
    const name = randomUUID();
    const providers = await Promise.all(Array.from({ length: WRITERS }, () => makeProvider(http)));
    const replies = await race.meet(
      { hold: PROVIDER, values: [randomUUID(), name] },
      copies(WRITERS, (index) => race.at(index).put(`/resource_providers/${providers[index]}`, { name })),
    );
    expect(tally(replies)).toEqual({ 200: 1, 409: WRITERS - 1 });
    const shown = await Promise.all(
      providers.map(async (uuid) => (await ok(http.get<{ name: string }>(`/resource_providers/${uuid}`))).name),
    );
    expect(shown.map((one) => one === name)).toEqual(replies.map(({ status }) => status === 200));
  });

  it.each(['rollback', 'commit'] as const)(
    'PUT of an aggregate that nobody has seen, in opposite orders (%s): all get it',
    async (end) => {
      const aggregates = [randomUUID(), randomUUID()];
      const providers = await Promise.all(Array.from({ length: WRITERS }, () => makeProvider(http)));
      const replies = await race.meet(
        { hold: 'insert into aggregates (uuid) values ($1), ($2)', values: aggregates, end, grouped: true },
        copies(WRITERS, (index) =>
          race.at(index).put(`/resource_providers/${providers[index]}/aggregates`, {
            aggregates: index % 4 < 2 ? aggregates : [...aggregates].reverse(),
            resource_provider_generation: 0,
          }),
        ),
      );
      expect(tally(replies)).toEqual({ 200: WRITERS });
      const members = await ok(
        http.get<{ resource_providers: { uuid: string }[] }>(`/resource_providers?member_of=${aggregates[0]}`),
      );
      expect(members.resource_providers.map(({ uuid }) => uuid).sort()).toEqual([...providers].sort());
    },
  );
});

describe('the end of a name and its first use', () => {
  it.each(ORDERS)('DELETE of a class arrives %s: gone, or in the inventory', async (_when, place) => {
    const name = `CUSTOM_END_${place}`;
    await ok(http.put(`/resource_classes/${name}`), 201);
    const provider = await makeProvider(http);
    const path = `/resource_providers/${provider}/inventories`;
    const use = (): Promise<Reply> =>
      race.at(0).put(path, { resource_provider_generation: 0, inventories: { [name]: { total: 1 } } });
    const remove = (): Promise<Reply> => race.at(1).delete(`/resource_classes/${name}`);
    const hold = 'select 1 from resource_classes where name = $1 for update';
    const replies = await race.meet({ hold, values: [name] }, place === 0 ? [remove, use] : [use, remove]);
    const [removal, usage] = place === 0 ? replies : [...replies].reverse();
    const { inventories } = await ok(http.get<{ inventories: object }>(path));
    const found = (await http.get(`/resource_classes/${name}`)).status;
    if (removal?.status === 204) {
      expect([usage?.status, found, Object.keys(inventories)]).toEqual([400, 404, []]);
      expect(await generationOf(http, provider)).toBe(0);
    } else {
      expect([removal?.status, usage?.status, found, Object.keys(inventories)]).toEqual([409, 200, 200, [name]]);
    }
  });

  it.each(ORDERS)('DELETE of a trait arrives %s: gone, or on the provider', async (_when, place) => {
    const name = `CUSTOM_END_${place}`;
    await ok(http.put(`/traits/${name}`), 201);
    const provider = await makeProvider(http);
    const path = `/resource_providers/${provider}/traits`;
    const use = (): Promise<Reply> => race.at(0).put(path, { resource_provider_generation: 0, traits: [name] });
    const remove = (): Promise<Reply> => race.at(1).delete(`/traits/${name}`);
    const hold = 'select 1 from traits where name = $1 for update';
    const replies = await race.meet({ hold, values: [name] }, place === 0 ? [remove, use] : [use, remove]);
    const [removal, usage] = place === 0 ? replies : [...replies].reverse();
    const { traits } = await ok(http.get<{ traits: string[] }>(path));
    const found = (await http.get(`/traits/${name}`)).status;
    if (removal?.status === 204) {
      expect([usage?.status, found, traits]).toEqual([400, 404, []]);
      expect(await generationOf(http, provider)).toBe(0);
    } else {
      expect([removal?.status, usage?.status, found, traits]).toEqual([409, 200, 204, [name]]);
    }
  });
});
