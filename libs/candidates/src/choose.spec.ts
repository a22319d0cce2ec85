import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { parseQuery } from '../test-support/query.js';
import { toSupply } from '../test-support/world.js';
import { chooseCandidates, RATED, type Wish } from './choose.js';
import { buildSnapshot } from './snapshot-builder.js';
import { providerAt } from './snapshot-views.js';

/** Of 10 each: used more and more, then less and less. */
const USED = [3, 5, 8, 6, 1, 4];

const fleet = buildSnapshot(
  toSupply(
    USED.map((used, at) => ({
      name: `host${at}`,
      inventory: { VCPU: { total: 10, used }, MEMORY_MB: 100 + at * 100 },
    })),
  ),
);

function placesOf(wish: Partial<Wish>, random: () => number = () => 0, snapshot = fleet) {
  const choice = chooseCandidates(
    snapshot,
    { request: parseQuery('resources=VCPU:1'), count: 1, preference: 'first', spare: 0, scatter: 1, ...wish },
    random,
  );
  if (choice.status === 'no_room') return choice;
  const names = choice.candidates.map(({ allocations }) => providerAt(snapshot, allocations[0]?.provider ?? -1).uuid);
  return { chosen: choice.chosen.map((at) => names[at]), spare: names.filter((_, at) => !choice.chosen.includes(at)) };
}

describe('a choice', () => {
  it('of the first is the first of the search, then the next', () => {
    expect(placesOf({ spare: 2 })).toEqual({ chosen: ['host0'], spare: ['host1', 'host2'] });
    expect(placesOf({ count: 9 })).toEqual({
      chosen: [...Array<string>(7).fill('host0'), 'host1', 'host1'],
      spare: [],
    });
  });

  it('spreads to where most is left, then to the next best', () => {
    expect(placesOf({ preference: 'spread', spare: 2 })).toEqual({ chosen: ['host4'], spare: ['host0', 'host5'] });
  });

  it('packs to where least is left', () => {
    expect(placesOf({ preference: 'pack', spare: 2 })).toEqual({ chosen: ['host2'], spare: ['host3', 'host1'] });
  });

  it('counts what those before have taken', () => {
    // Left after the claim: host4 0.8, 0.7, 0.6; host0 0.6.
    expect(placesOf({ preference: 'spread', count: 4 })).toMatchObject({
      chosen: ['host4', 'host4', expect.anything(), expect.anything()],
    });
    expect(placesOf({ preference: 'pack', count: 3 })).toEqual({ chosen: ['host2', 'host2', 'host3'], spare: [] });
  });

  it('weighs shares, not amounts, of any class that the provider has', () => {
    const request = parseQuery('resources=MEMORY_MB:10');
    // Of 10 MB the smallest host gives the largest share.
    expect(placesOf({ request, preference: 'pack' })).toMatchObject({ chosen: ['host0'] });
    expect(placesOf({ request, preference: { weights: new Map([['VCPU', 1]]) } })).toMatchObject({ chosen: ['host4'] });
    expect(
      placesOf({
        request,
        preference: {
          weights: new Map([
            ['VCPU', 0.1],
            ['MEMORY_MB', 100],
          ]),
        },
      }),
    ).toMatchObject({ chosen: ['host5'] });
  });

  it('at random takes each in its turn', () => {
    let calls = 0;
    const sequence = (): number => ((calls += 1) * 0.37) % 1;
    const taken = new Set(
      Array.from(
        { length: 60 },
        () => (placesOf({ preference: 'random' }, sequence) as { chosen: string[] }).chosen[0],
      ),
    );
    expect(taken.size).toBe(USED.length);
  });

  it('that is scattered begins anywhere among the best, and goes on from there', () => {
    const last = () => 0.99;
    expect(placesOf({ scatter: 3, spare: 1 }, last)).toEqual({ chosen: ['host2'], spare: ['host0'] });
    expect(placesOf({ scatter: 100, spare: 1 }, last)).toEqual({ chosen: ['host5'], spare: ['host0'] });
    expect(placesOf({ preference: 'pack', scatter: 2 }, last)).toMatchObject({ chosen: ['host3'] });
  });

  it('says how many fit where not all do', () => {
    const left = 10 * USED.length - USED.reduce((sum, used) => sum + used);
    expect(placesOf({ count: left })).toHaveProperty('chosen.length', left);
    expect(placesOf({ count: left + 1 })).toEqual({ status: 'no_room', most: left, proven: true });
    expect(placesOf({ request: parseQuery('resources=VCPU:11') })).toEqual({
      status: 'no_room',
      most: 0,
      proven: true,
    });
  });

  it('refuses a weight of a class that does not exist', () => {
    expect(() => placesOf({ preference: { weights: new Map([['NOPE', 1]]) } })).toThrow(Invalid);
  });

  it('does not call proven what it has not looked at', () => {
    const request = { ...parseQuery('resources=VCPU:9'), maxCandidates: 1 };
    const two = buildSnapshot(
      toSupply([
        { name: 'a', inventory: { VCPU: 10 } },
        { name: 'b', inventory: { VCPU: 10 } },
      ]),
    );
    expect(placesOf({ request, count: 3 }, undefined, two)).toEqual({ status: 'no_room', most: 1, proven: false });
  });

  it('looks beyond what it found first before it says that several do not fit', () => {
    // The small hosts, which come first, share one disk that lasts for one of them.
    const traits = ['MISC_SHARES_VIA_AGGREGATE'];
    const sharer = { name: 'shared', inventory: { DISK_GB: 10 }, aggregates: ['agg'], traits };
    const small = Array.from({ length: RATED }, (_, at) => ({
      name: `small${at}`,
      inventory: { VCPU: 1 },
      aggregates: ['agg'],
    }));
    const world = buildSnapshot(toSupply([...small, sharer, { name: 'large', inventory: { VCPU: 5, DISK_GB: 50 } }]));
    const request = parseQuery('resources=VCPU:1,DISK_GB:10');
    const places = placesOf({ request, count: 4 }, undefined, world);
    expect(places).toHaveProperty('chosen.length', 4);
    expect(places).toMatchObject({ chosen: expect.arrayContaining(['large']) });
  });
});
