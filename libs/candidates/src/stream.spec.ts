import { describe, expect, it } from '@jest/globals';
import { SHARING_TRAIT } from '#berth/domain';
import { parseQuery } from '../test-support/query.js';
import { toSupply, type WorldProvider } from '../test-support/world.js';
import { searchCandidates } from './search.js';
import { buildSnapshot } from './snapshot-builder.js';

const POOL = { traits: [SHARING_TRAIT] };

/** Two pools that only hosts have in common: no pool is a neighbour of the other, so what both give together is found at a host. */
const WORLD: readonly WorldProvider[] = [
  { name: 'refused', aggregates: ['a', 'b', 'x'] },
  { name: 'host', aggregates: ['a', 'b'], inventory: { VCPU: 4 } },
  { name: 'other', aggregates: ['a', 'b'], inventory: { VCPU: 4 } },
  { name: 'bare', aggregates: ['a', 'b'] },
  { name: 'disk', aggregates: ['a'], inventory: { DISK_GB: 100 }, ...POOL },
  { name: 'cards', aggregates: ['b'], inventory: { FPGA: 4 }, ...POOL },
];

function givers(query: string, world = WORLD): string[] {
  const snapshot = buildSnapshot(toSupply(world, ['CUSTOM_ROOT']));
  const { candidates } = searchCandidates(snapshot, parseQuery(query), Math.random);
  return candidates.map(({ allocations }) =>
    allocations.map(({ provider }) => snapshot.layout.providers[provider]?.uuid).join(),
  );
}

describe('anchors that have nothing but what is shared around them', () => {
  it('stand for one another', () => {
    expect(givers('resources=DISK_GB:1,FPGA:1')).toEqual(['disk,cards']);
    expect(givers('resources=DISK_GB:1,FPGA:1&limit=10')).toEqual(['disk,cards']);
  });

  it('do not stand for one that has something of its own', () => {
    expect(givers('resources=VCPU:1,DISK_GB:1,FPGA:1')).toEqual(['host,disk,cards', 'other,disk,cards']);
    expect(givers('resources1=VCPU:1&resources2=DISK_GB:1&group_policy=none')).toEqual(['host,disk', 'other,disk']);
  });

  it('do not stand for others where their own aggregates are what refuses them', () => {
    expect(givers('resources=DISK_GB:1,FPGA:1&member_of=!x')).toEqual(['disk,cards']);
  });
});

describe('the order of candidates at an anchor', () => {
  const tree = (root: string, child: string): WorldProvider[] => [
    { name: root, inventory: { VCPU: 4 }, traits: ['CUSTOM_ROOT'] },
    { name: child, parent: root, inventory: { VCPU: 4 }, traits: ['CUSTOM_ROOT'] },
  ];
  // Two groups that have no candidate here, the second with fewer options than the first.
  const vain: WorldProvider[] = [
    { name: 'vain' },
    { name: 'left', parent: 'vain', inventory: { VCPU: 4 }, traits: ['CUSTOM_ROOT'] },
    { name: 'right', parent: 'vain', inventory: { VCPU: 4 } },
  ];
  const query = 'resources_A=VCPU:1&resources_B=VCPU:1&required_B=CUSTOM_ROOT&same_subtree=_A,_B&group_policy=isolate';

  it('is the same whatever was looked at before', () => {
    const found = ['root,child', 'child,root'];
    expect(givers(query, tree('root', 'child'))).toEqual(found);
    expect(givers(query, [...vain, ...tree('root', 'child')])).toEqual(found);
  });
});
