import { describe, expect, it } from '@jest/globals';
import { SHARING_TRAIT, toGeneration, type ChangedProvider, type Supply, type SupplyDelta } from '#berth/domain';
import { describeResult, parseQuery } from '../test-support/query.js';
import { toSupply, WORLD_A, WORLD_B, type WorldProvider } from '../test-support/world.js';
import { applyDelta } from './delta.js';
import { searchCandidates } from './search.js';
import { aggregatesAt, indexOfUuid, inventoriesAt, providerAt, recordIdentity, traitsAt } from './snapshot-views.js';
import { buildSnapshot } from './snapshot-builder.js';
import type { Snapshot } from './snapshot.js';

const KNOWN = [SHARING_TRAIT, 'HW_CPU_X86_AVX', 'CUSTOM_FOO', 'STORAGE_DISK_SSD', 'COMPUTE_VOLUME_MULTI_ATTACH'];

/** The delta that makes these providers what they are in the world. */
function deltaOf(world: readonly WorldProvider[], names: readonly string[], shaped = true): SupplyDelta {
  const supply = toSupply(world, KNOWN);
  return { changed: names.map((name) => changeOf(supply, name, shaped)), removed: [], names: undefined };
}

function changeOf(supply: Supply, name: string, shaped: boolean): ChangedProvider {
  const provider = supply.providers.find(({ uuid }) => uuid === name);
  if (provider === undefined) throw new Error(`no provider ${name}`);
  const own = <T extends { readonly providerId: number }>(rows: readonly T[]) =>
    rows.filter(({ providerId }) => providerId === provider.id);
  return {
    provider,
    inventories: own(supply.inventories),
    shape: shaped
      ? {
          traitIds: own(supply.providerTraits).map(({ traitId }) => traitId),
          aggregates: own(supply.providerAggregates).map(({ aggregate }) => aggregate),
        }
      : undefined,
  };
}

function at(snapshot: Snapshot, uuid: string): number {
  const index = indexOfUuid(snapshot, uuid);
  if (index === undefined) throw new Error(`no provider ${uuid}`);
  return index;
}

function amounts(snapshot: Snapshot, query: string): readonly string[] {
  return describeResult(
    snapshot,
    searchCandidates(snapshot, parseQuery(query), () => 0),
  ).candidates;
}

/** The world with one provider made otherwise. */
function having(world: readonly WorldProvider[], name: string, change: Partial<WorldProvider>): WorldProvider[] {
  return world.map((provider) => (provider.name === name ? { ...provider, ...change } : provider));
}

describe('a delta', () => {
  it('of usage changes the same snapshot and what a search finds in it', () => {
    const snapshot = buildSnapshot(toSupply(WORLD_A, KNOWN));
    const index = at(snapshot, 'cn1');
    const identity = recordIdentity(snapshot, index);
    expect(amounts(snapshot, 'resources=VCPU:8&in_tree=cn1')).toHaveLength(1);
    const busy = having(WORLD_A, 'cn1', { inventory: { VCPU: { total: 8, used: 1 }, MEMORY_MB: 4096 } });
    expect(applyDelta(snapshot, deltaOf(busy, ['cn1'], false))).toBe(snapshot);
    expect(inventoriesAt(snapshot, index)).toMatchObject([{ resourceClass: 'VCPU', used: 1 }, { used: 0 }]);
    expect(amounts(snapshot, 'resources=VCPU:8&in_tree=cn1')).toHaveLength(0);
    expect(recordIdentity(snapshot, index)).not.toBe(identity);
    expect(traitsAt(snapshot, index)).toEqual(['HW_CPU_X86_AVX']);
    expect(aggregatesAt(snapshot, index)).toEqual(['aggA']);
  });

  it('of a new root keeps the snapshot, of a new child makes another and leaves the old one as it was', () => {
    const world = [...WORLD_A, { name: 'cn4', inventory: { VCPU: 8 }, aggregates: ['aggB'], traits: [] }];
    const snapshot = buildSnapshot(toSupply(WORLD_A, KNOWN));
    expect(applyDelta(snapshot, deltaOf(world, ['cn4']))).toBe(snapshot);
    expect(amounts(snapshot, 'resources=VCPU:1,DISK_GB:100&in_tree=cn4')).toHaveLength(0);
    expect(amounts(snapshot, 'resources=VCPU:1&resources1=DISK_GB:100&in_tree1=ss2')).toContain(
      'cn4(VCPU:1) ss2(DISK_GB:100) | 1→ss2 →cn4',
    );
    const order = WORLD_A.map((_, index) => providerAt(snapshot, index).uuid);
    const grown = [...world, { name: 'numa', parent: 'cn1', inventory: { VCPU: 2 } }];
    const next = applyDelta(snapshot, deltaOf(grown, ['numa']));
    expect(next).not.toBe(snapshot);
    expect(providerAt(next, at(next, 'numa'))).toMatchObject({ parentUuid: 'cn1', rootUuid: 'cn1' });
    expect(WORLD_A.map((_, index) => providerAt(snapshot, index).uuid)).toEqual(order);
    expect(indexOfUuid(snapshot, 'numa')).toBeUndefined();
  });

  it('of a moved parent gives everybody below another root and another identity', () => {
    const snapshot = buildSnapshot(toSupply(WORLD_B, KNOWN));
    const before = recordIdentity(snapshot, at(snapshot, 'fpga1a'));
    const untouched = recordIdentity(snapshot, at(snapshot, 'fpga0'));
    const next = applyDelta(snapshot, deltaOf(having(WORLD_B, 'numa1', { parent: 'cn2' }), ['numa1'], false));
    const fpga = at(next, 'fpga1a');
    expect(providerAt(next, fpga)).toMatchObject({ parentUuid: 'numa1', rootUuid: 'cn2' });
    expect(recordIdentity(next, fpga)).not.toBe(before);
    expect(recordIdentity(next, at(next, 'fpga0'))).toBe(untouched);
    expect(providerAt(snapshot, at(snapshot, 'fpga1a')).rootUuid).toBe('cn1');
  });

  it('that comes again, and a removal of somebody unknown, do no harm', () => {
    const removal = { changed: [], removed: [3, 4711], names: undefined };
    const once = applyDelta(buildSnapshot(toSupply(WORLD_A, KNOWN)), removal);
    expect(indexOfUuid(once, 'cn3')).toBeUndefined();
    expect(applyDelta(once, removal)).toBe(once);
    expect(once.layout.providers).toHaveLength(4);
  });

  it('of thousands of changing classes and aggregates leaves a table of the size of the fleet', () => {
    const snapshot = buildSnapshot(toSupply(WORLD_A, KNOWN));
    const classes = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'SRIOV_NET_VF', 'FPGA', 'CUSTOM_VF'];
    let world: WorldProvider[] = [];
    for (let round = 0; round < 4000; round++) {
      const inventory = Object.fromEntries(
        classes.filter((_, place) => (round * 7) & (1 << place)).map((name) => [name, 8]),
      );
      world = having(WORLD_A, 'cn3', { inventory, aggregates: [`agg${round % 3500}`, 'aggB'] });
      applyDelta(snapshot, deltaOf(world, ['cn3']));
    }
    expect(snapshot.inventory.length).toBeLessThan(1500);
    expect(snapshot.aggregates.size).toBe(3);
    const fresh = buildSnapshot(toSupply(world, KNOWN));
    for (let index = 0; index < WORLD_A.length; index++) {
      expect(inventoriesAt(snapshot, index)).toEqual(inventoriesAt(fresh, index));
      expect(aggregatesAt(snapshot, index)).toEqual(aggregatesAt(fresh, index));
      expect(traitsAt(snapshot, index)).toEqual(traitsAt(fresh, index));
    }
  });

  it('that does not fit what is known is refused', () => {
    const world = [...WORLD_A, { name: 'cn4' }];
    const snapshot = () => buildSnapshot(toSupply(WORLD_A, KNOWN));
    expect(() => applyDelta(snapshot(), deltaOf(world, ['cn4'], false))).toThrow('lacks its traits and aggregates');
    const orphan = [...WORLD_A, { name: 'x' }, { name: 'cn4', parent: 'x' }];
    expect(() => applyDelta(snapshot(), deltaOf(orphan, ['cn4']))).toThrow('not connected to a root');
    const { provider, inventories } = changeOf(toSupply(WORLD_A, KNOWN), 'cn1', false);
    const changed = { ...provider, generation: toGeneration(99) };
    const apply = (change: Partial<ChangedProvider>) => () =>
      applyDelta(snapshot(), {
        changed: [{ provider: changed, inventories, shape: undefined, ...change }],
        removed: [],
        names: undefined,
      });
    expect(apply({ inventories: inventories.map((row) => ({ ...row, resourceClassId: 99 })) })).toThrow('unknown');
    expect(apply({ shape: { traitIds: [99], aggregates: [] } })).toThrow('unknown trait');
  });
});
