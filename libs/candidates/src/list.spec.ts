import { describe, expect, it } from '@jest/globals';
import { fits, Invalid, type Supply } from '#berth/domain';
import fc from 'fast-check';
import { drawListFilter, drawWorld, RANDOM_TRAITS, type Draw } from '../test-support/random-world.js';
import { toSupply, WORLD_B } from '../test-support/world.js';
import { listProviders } from './list.js';
import type { ListFilter } from './request.js';
import { providerAt } from './snapshot-views.js';
import { buildSnapshot } from './snapshot-builder.js';

const NO_FILTER: ListFilter = {
  name: undefined,
  uuid: undefined,
  resources: [],
  required: [],
  forbidden: [],
  memberOf: [],
  notMemberOf: [],
  inTree: undefined,
};

function list(supply: Supply, filter: Partial<ListFilter>): string[] | string {
  const snapshot = buildSnapshot(supply);
  try {
    return listProviders(snapshot, { ...NO_FILTER, ...filter })
      .map((index) => providerAt(snapshot, index).uuid)
      .sort();
  } catch (error) {
    if (error instanceof Invalid) return error.message;
    throw error;
  }
}

/** resource_providers.md §6 read aloud: every filter on the provider itself, names looked up in the order stated there. */
function naiveList(supply: Supply, filter: ListFilter): string[] | string {
  const rootOf = (uuid: string | undefined) => supply.providers.find((provider) => provider.uuid === uuid)?.rootId;
  if (filter.inTree !== undefined && rootOf(filter.inTree) === undefined) return [];
  const traitsOf = (providerId: number) =>
    supply.providerTraits
      .filter((row) => row.providerId === providerId)
      .map(({ traitId }) => supply.traits.find(({ id }) => id === traitId)?.name ?? '');
  const aggregatesOf = (providerId: number) =>
    supply.providerAggregates.filter((row) => row.providerId === providerId).map(({ aggregate }) => aggregate);
  const known = (names: readonly string[], all: Supply['traits']) =>
    names.find((name) => !all.some((one) => one.name === name));
  const noTrait = (name: string) => `Invalid trait(s) in "required" parameter: No such trait(s): ${name}.`;
  const meets = (sets: ListFilter['required'], has: readonly string[]) =>
    sets.every((set) => set.some((name) => has.includes(name)));

  const unknownRequired = known(filter.required.flat(), supply.traits);
  if (unknownRequired !== undefined) return noTrait(unknownRequired);
  if (!supply.providers.some(({ id }) => meets(filter.required, traitsOf(id)))) return [];
  const unknownForbidden = known(filter.forbidden, supply.traits);
  if (unknownForbidden !== undefined) return noTrait(unknownForbidden);
  if (!supply.providers.some(({ id }) => meets(filter.memberOf, aggregatesOf(id)))) return [];
  const unknownClass = known(
    filter.resources.map(({ resourceClass }) => resourceClass),
    supply.resourceClasses,
  );
  if (unknownClass !== undefined) {
    return `Invalid resource class in resources parameter: No such resource class ${unknownClass}.`;
  }
  return supply.providers
    .filter(
      ({ id, uuid, name, rootId }) =>
        (filter.uuid === undefined || filter.uuid === uuid) &&
        (filter.name === undefined || filter.name === '' || filter.name === name) &&
        (filter.inTree === undefined || rootOf(filter.inTree) === rootId) &&
        meets(filter.required, traitsOf(id)) &&
        !filter.forbidden.some((trait) => traitsOf(id).includes(trait)) &&
        meets(filter.memberOf, aggregatesOf(id)) &&
        !filter.notMemberOf.some((aggregate) => aggregatesOf(id).includes(aggregate)) &&
        filter.resources.every(({ resourceClass, amount }) => {
          const classId = supply.resourceClasses.find((one) => one.name === resourceClass)?.id;
          const record = supply.inventories.find((row) => row.providerId === id && row.resourceClassId === classId);
          return record !== undefined && fits(record, record.used, amount);
        }),
    )
    .map(({ uuid }) => uuid)
    .sort();
}

describe('listProviders', () => {
  const supply = toSupply(WORLD_B, ['CUSTOM_NOBODY']);

  it.each<[string, Partial<ListFilter>, string[] | string]>([
    ['nothing asked', {}, WORLD_B.map(({ name }) => name).sort()],
    [
      'both classes on the one provider',
      {
        resources: [
          { resourceClass: 'VCPU', amount: 2 },
          { resourceClass: 'MEMORY_MB', amount: 1024 },
        ],
      },
      ['cn2', 'numa1'],
    ],
    [
      'no tree logic for traits',
      { required: [['COMPUTE_VOLUME_MULTI_ATTACH']], resources: [{ resourceClass: 'VCPU', amount: 1 }] },
      [],
    ],
    ['any member names the tree', { inTree: 'fpga1a', required: [['HW_NUMA_ROOT']] }, ['numa0', 'numa1']],
    ['an empty name is no filter', { name: '', required: [['CUSTOM_FOO']] }, ['cn2', 'numa1']],
    ['a name', { name: 'name of pf1' }, ['pf1']],
    ['a uuid and another name', { uuid: 'pf1', name: 'name of pf2' }, []],
    [
      'a trait nobody has ends it',
      { required: [['CUSTOM_NOBODY']], resources: [{ resourceClass: 'NOPE', amount: 1 }] },
      [],
    ],
    ['an unknown tree ends it', { inTree: 'unknown', required: [['CUSTOM_NOPE']] }, []],
    [
      'an aggregate nobody is in ends it',
      { memberOf: [['aggX']], resources: [{ resourceClass: 'NOPE', amount: 1 }] },
      [],
    ],
    [
      'an unknown trait',
      { required: [['CUSTOM_NOPE']] },
      'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.',
    ],
    [
      'an unknown class',
      { resources: [{ resourceClass: 'NOPE', amount: 1 }] },
      'Invalid resource class in resources parameter: No such resource class NOPE.',
    ],
  ])('%s', (_name, filter, expected) => {
    expect(list(supply, filter)).toEqual(expected);
  });

  it('agrees with a filter that knows no index, on random worlds', () => {
    let [found, requests] = [0, 0];
    const anInteger = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));
    const aScenario = fc.gen().map((gen) => {
      const draw: Draw = (min, max) => gen(anInteger, min, max);
      const world = drawWorld(draw);
      return {
        world: toSupply(world, RANDOM_TRAITS),
        filters: Array.from({ length: 4 }, () => drawListFilter(draw, world)),
      };
    });
    fc.assert(
      fc.property(aScenario, ({ world, filters }) => {
        for (const filter of filters) {
          const expected = naiveList(world, filter);
          expect(list(world, filter)).toEqual(expected);
          requests++;
          if (expected.length > 0) found++;
        }
      }),
      { numRuns: 1000, seed: 20_261_121 },
    );
    expect(found / requests).toBeGreaterThan(0.35);
  });
});
