import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { copies, Race, tally } from './race.js';

const UNITS = 100;
const WRITERS = 1_000;

const BERTH = { 'openstack-api-version': 'placement 1.39, berth 1.0' };
const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' };

interface Refusal {
  readonly errors: readonly [{ readonly reason: { readonly code: string } }];
}

let race: Race;

beforeAll(async () => {
  race = await Race.open();
});

afterAll(() => race.end());

/** A trait that so many hosts with so many units each carry, and nobody else does. */
async function fleet(hosts: number, units: number): Promise<string> {
  const trait = `CUSTOM_${randomUUID().replaceAll('-', '').toUpperCase()}`;
  await race.at(0).put(`/traits/${trait}`);
  for (let host = 0; host < hosts; host += 1) {
    const uuid = randomUUID();
    await race.at(0).post('/resource_providers', { name: uuid, uuid });
    const path = `/resource_providers/${uuid}`;
    const inventories = { VCPU: { total: units } };
    await race.at(0).put(`${path}/inventories`, { inventories, resource_provider_generation: 0 });
    await race.at(0).put(`${path}/traits`, { traits: [trait], resource_provider_generation: 1 });
  }
  return trait;
}

const claim =
  (trait: string, preference: unknown, consumers = 1) =>
  (index: number): Promise<Reply> =>
    race.at(index).post(
      '/claims',
      {
        query: { resources: 'VCPU:1', required: trait },
        consumers: Array.from({ length: consumers }, () => ({
          ...OWNER,
          consumer_uuid: randomUUID(),
          consumer_generation: null,
        })),
        preference,
      },
      BERTH,
    );

/** Units that are used of the hosts with the trait, and the most of one host. */
async function usedOf(trait: string): Promise<{ readonly total: number; readonly most: number }> {
  const { body } = await race
    .at(0)
    .get<{ resource_providers: { uuid: string }[] }>(`/resource_providers?required=${trait}`);
  const used = await Promise.all(
    body.resource_providers.map(async ({ uuid }) => {
      const reply = await race.at(0).get<{ usages: { VCPU: number } }>(`/resource_providers/${uuid}/usages`);
      return reply.body.usages.VCPU;
    }),
  );
  return { total: used.reduce((sum, one) => sum + one, 0), most: Math.max(...used) };
}

const reasonsOf = (replies: readonly Reply[]): string[] => [
  ...new Set(replies.filter(({ status }) => status !== 200).map(({ body }) => (body as Refusal).errors[0].reason.code)),
];

describe(`${WRITERS} writers who find and claim at once, through two processes`, () => {
  it.each([
    ['one host', 1, 'first'],
    ['ten hosts, the first', 10, 'first'],
    ['ten hosts, spread', 10, 'spread'],
    ['ten hosts, packed', 10, 'pack'],
    ['ten hosts, at random', 10, 'random'],
  ])(`get all of ${UNITS} units and not one more: %s`, async (_, hosts, preference) => {
    const trait = await fleet(hosts, UNITS / hosts);
    const replies = await Promise.all(copies(WRITERS, claim(trait, preference)).map((write) => write()));
    expect(tally(replies)).toEqual({ 200: UNITS, 409: WRITERS - UNITS });
    // Nobody was told that there is no room while there was: whoever was not served came after the last unit was gone.
    expect(reasonsOf(replies)).toEqual(['berth.no_room']);
    expect(await usedOf(trait)).toEqual({ total: UNITS, most: UNITS / hosts });
  });

  it('get all or nothing where they claim for three at a time', async () => {
    const trait = await fleet(10, UNITS / 10);
    const replies = await Promise.all(copies(WRITERS / 4, claim(trait, 'spread', 3)).map((write) => write()));
    const served = tally(replies)[200] ?? 0;
    expect(served).toBe(Math.floor(UNITS / 3));
    expect(reasonsOf(replies)).toEqual(['berth.no_room']);
    expect(await usedOf(trait)).toEqual({ total: served * 3, most: UNITS / 10 });
  });
});
