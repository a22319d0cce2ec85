import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { parseQuery } from '../test-support/query.js';
import { toSupply, WORLD_A, WORLD_B, WORLD_C, type WorldProvider } from '../test-support/world.js';
import { explain } from './explain.js';
import type { Relaxation } from './relaxation.js';
import { buildSnapshot } from './snapshot-builder.js';

function explainQuery(world: readonly WorldProvider[], query: string) {
  return explain(buildSnapshot(toSupply(world)), parseQuery(query));
}

/** Names of stages with what is left after each. */
function figures(stages: readonly { condition: { kind: string }; remaining: number }[]) {
  return stages.map(({ condition, remaining }) => `${condition.kind} ${remaining}`);
}

describe('explain', () => {
  it('counts providers condition by condition and names who was removed', () => {
    const { found, providers, trees, groups, treeStages } = explainQuery(
      WORLD_A,
      'resources1=VCPU:1,DISK_GB:100&required1=HW_CPU_X86_AVX',
    );
    expect({ found, providers, trees }).toEqual({ found: false, providers: 5, trees: 5 });
    const [choice] = groups[0]?.choices ?? [];
    expect(figures(choice?.stages ?? [])).toEqual([
      'resource_class 3',
      'units 3',
      'capacity 3',
      'resource_class 1',
      'units 1',
      'capacity 1',
      'required 0',
    ]);
    expect(choice?.stages.map(({ examples }) => examples).filter(({ length }) => length > 0)).toEqual([
      ['ss1', 'ss2'],
      ['cn1', 'cn3'],
      ['cn2'],
    ]);
    expect(treeStages).toEqual([
      {
        condition: { kind: 'served', suffix: '1', resourceClasses: ['VCPU', 'DISK_GB'] },
        examined: 5,
        remaining: 0,
        removed: 5,
        examples: ['cn1', 'cn2', 'cn3', 'ss1', 'ss2'],
      },
    ]);
  });

  it('tells what the provider that comes closest could give', () => {
    const { groups } = explainQuery(WORLD_B, 'resources=VCPU:9');
    const stages = groups[0]?.choices[0]?.stages ?? [];
    expect(figures(stages)).toEqual(['resource_class 3', 'units 0', 'capacity 0']);
    expect(stages[1]?.nearest).toEqual({
      uuid: 'cn2',
      requested: 9,
      possible: 8,
      resourceClass: 'VCPU',
      ...{ total: 8, reserved: 0, minUnit: 1, maxUnit: 8, stepSize: 1, allocationRatio: 1, capacity: 8, used: 0 },
    });
  });

  it('looks at the rules of combination one after the other', () => {
    const { treeStages, relaxation } = explainQuery(
      WORLD_B,
      'resources_P=SRIOV_NET_VF:5&resources_Q=SRIOV_NET_VF:5&group_policy=isolate&same_subtree=_P,_Q',
    );
    expect(figures(treeStages)).toEqual(['served 1', 'served 1', 'capacity_together 1', 'isolate 1', 'same_subtree 0']);
    expect(relaxation).toEqual({ kind: 'drop_same_subtree', suffixes: ['_P', '_Q'] });
  });

  it('has no relaxation for a request with candidates', () => {
    const explanation = explainQuery(WORLD_A, 'resources=VCPU:1,DISK_GB:100&required=HW_CPU_X86_AVX');
    expect(explanation).toMatchObject({ found: true, relaxation: undefined, combination: [], tried: 0 });
    // ss1 shares with cn1 and cn2.
    expect(figures(explanation.treeStages)).toEqual(['served 3', 'served 2', 'required_together 1']);
  });

  it('lets aggregates of the root speak for a sharing provider at home only', () => {
    const below: WorldProvider = {
      name: 's',
      parent: 'r',
      inventory: { DISK_GB: 9 },
      aggregates: ['aggY'],
      traits: ['MISC_SHARES_VIA_AGGREGATE'],
    };
    const world: WorldProvider[] = [
      { name: 'r', aggregates: ['aggX'] },
      below,
      { name: 'cn', inventory: { VCPU: 9 }, aggregates: ['aggX', 'aggY'] },
    ];
    const member = explainQuery(world, 'resources=VCPU:1,DISK_GB:1&member_of=aggX');
    expect(figures(member.treeStages)).toEqual(['served 1', 'served 0']);
    expect(member.relaxation).toEqual({ kind: 'drop_member_of', suffix: '', aggregates: ['aggX'] });
    const barred = explainQuery([{ name: 'r', aggregates: ['aggX'] }, below], 'resources=DISK_GB:1&member_of=!aggX');
    expect(barred.groups[0]?.choices[0]?.remaining).toBe(1);
    expect(figures(barred.treeStages)).toEqual(['served 0']);
    expect(barred.relaxation).toEqual({ kind: 'drop_not_member_of', suffix: '', aggregate: 'aggX' });
  });

  it('takes interchangeable groups for one and proposes them once', () => {
    const query = Array.from({ length: 9 }, (_, at) => `resources${at + 1}=SRIOV_NET_VF:8`).join('&');
    const { relaxation, combination, tried } = explainQuery(WORLD_B, `${query}&group_policy=none`);
    expect(relaxation).toBeUndefined();
    // Two physical functions of eight: seven of the nine groups are too many.
    expect(combination).toHaveLength(7);
    expect(tried).toBeLessThan(20);
  });

  it('refuses unknown names as the search does, and only then', () => {
    const query = 'resources=VCPU:1&required=CUSTOM_NOPE';
    expect(() => explainQuery(WORLD_A, query)).toThrow(new Invalid('No such trait(s): CUSTOM_NOPE.'));
    const late = explainQuery(WORLD_A, 'resources=VCPU:99&resources1=CUSTOM_NOPE:1');
    expect(late.groups[1]?.choices[0]).toMatchObject({ remaining: 0 });
    expect(late.combination).toEqual([
      { kind: 'change_amount', suffix: '', resourceClass: 'VCPU', from: 99, to: 8 },
      { kind: 'remove_group', suffix: '1' },
    ]);
  });

  it.each<[string, readonly WorldProvider[], string, Relaxation]>([
    [
      'a trait, before the class it is asked of',
      WORLD_A,
      'resources1=VCPU:1,DISK_GB:100&required1=HW_CPU_X86_AVX',
      { kind: 'drop_required', suffix: '1', traits: ['HW_CPU_X86_AVX'] },
    ],
    [
      'a trait that the unsuffixed group lacks as a whole',
      WORLD_B,
      'resources=VCPU:1&required=HW_NUMA_ROOT,COMPUTE_VOLUME_MULTI_ATTACH',
      { kind: 'drop_required', suffix: '', traits: ['COMPUTE_VOLUME_MULTI_ATTACH'] },
    ],
    [
      'a forbidden trait',
      WORLD_B,
      'resources=FPGA:1,DISK_GB:1&required=!COMPUTE_VOLUME_MULTI_ATTACH',
      { kind: 'drop_forbidden', suffix: '', trait: 'COMPUTE_VOLUME_MULTI_ATTACH' },
    ],
    [
      'an aggregate that is only the root’s',
      WORLD_B,
      'resources1=FPGA:1&member_of1=aggA',
      { kind: 'drop_member_of', suffix: '1', aggregates: ['aggA'] },
    ],
    [
      'a forbidden aggregate',
      WORLD_A,
      'resources=DISK_GB:100,VCPU:1&member_of=!aggA',
      { kind: 'drop_not_member_of', suffix: '', aggregate: 'aggA' },
    ],
    ['a tree', WORLD_A, 'resources=VCPU:1,DISK_GB:1&in_tree=ss1', { kind: 'drop_in_tree', suffix: '', uuid: 'ss1' }],
    ['an unknown tree', WORLD_A, 'resources=VCPU:1&in_tree=x', { kind: 'drop_in_tree', suffix: '', uuid: 'x' }],
    [
      'a trait of the root',
      WORLD_B,
      'resources=VCPU:1&root_required=HW_NUMA_ROOT',
      { kind: 'drop_root_required', trait: 'HW_NUMA_ROOT' },
    ],
    [
      'isolation',
      WORLD_A,
      'resources1=VCPU:1&resources2=MEMORY_MB:1024&group_policy=isolate',
      { kind: 'drop_isolation' },
    ],
    [
      'an amount, as little as possible',
      WORLD_A,
      'resources=VCPU:12,MEMORY_MB:1',
      { kind: 'change_amount', suffix: '', resourceClass: 'VCPU', from: 12, to: 8 },
    ],
    [
      'an amount that only the sum makes too large',
      WORLD_B,
      'resources_P=SRIOV_NET_VF:5&required_P=CUSTOM_NET1&resources_Q=SRIOV_NET_VF:6&in_tree_Q=cn1&resources_R=SRIOV_NET_VF:4&group_policy=none',
      { kind: 'change_amount', suffix: '_P', resourceClass: 'SRIOV_NET_VF', from: 5, to: 4 },
    ],
    [
      'the larger of two amounts for one provider',
      WORLD_A,
      'resources=VCPU:6&resources1=VCPU:4',
      { kind: 'change_amount', suffix: '', resourceClass: 'VCPU', from: 6, to: 4 },
    ],
    [
      'an amount below min_unit, which has to be raised',
      [{ name: 'p', inventory: { VCPU: { total: 8, minUnit: 4, maxUnit: 8, stepSize: 2 } } }],
      'resources=VCPU:1',
      { kind: 'change_amount', suffix: '', resourceClass: 'VCPU', from: 1, to: 4 },
    ],
    [
      'a class',
      WORLD_A,
      'resources1=VCPU:1,FPGA:1',
      { kind: 'remove_class', suffix: '1', resourceClass: 'FPGA', amount: 1 },
    ],
    ['a group', WORLD_A, 'resources=VCPU:1&resources1=FPGA:1', { kind: 'remove_group', suffix: '1' }],
    [
      'the only class there is, by one that sounds alike',
      WORLD_C,
      'resources=CUSTOM_V:2',
      { kind: 'replace_class', suffix: '', resourceClass: 'CUSTOM_V', amount: 2, by: 'CUSTOM_VF', byAmount: 2 },
    ],
  ])('proposes to give up %s', (_name, world, query, expected) => {
    const withClass: WorldProvider = { name: 'elsewhere', inventory: {} };
    const supply = toSupply([...world, withClass]);
    const resourceClasses = [...supply.resourceClasses, { id: 99, name: 'CUSTOM_V' }];
    const { found, relaxation, combination } = explain(
      buildSnapshot({ ...supply, resourceClasses }),
      parseQuery(query),
    );
    expect({ found, relaxation, combination }).toEqual({ found: false, relaxation: expected, combination: [] });
  });
});
