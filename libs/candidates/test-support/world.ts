import { toGeneration, type Supply, type SupplyInventory } from '#berth/domain';

/** One provider of a test world, by name; its uuid is its name. */
export interface WorldProvider {
  readonly name: string;
  readonly parent?: string;
  /** A number is the total, with max_unit equal to it. */
  readonly inventory?: Readonly<Record<string, number | Partial<WorldInventory>>>;
  readonly aggregates?: readonly string[];
  readonly traits?: readonly string[];
}

export type WorldInventory = Omit<SupplyInventory, 'providerId' | 'resourceClassId'>;

const STANDARD_CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'SRIOV_NET_VF', 'FPGA', 'CUSTOM_VF'];

/**
 * Makes a supply reading out of a list of providers. Parents may come after their children; names of traits occur in order of first use,
 * after `knownTraits`.
 */
export function toSupply(providers: readonly WorldProvider[], knownTraits: readonly string[] = []): Supply {
  const ids = new Map(providers.map(({ name }, at) => [name, at + 1]));
  const parents = new Map(providers.map(({ name, parent }) => [name, parent]));
  const rootOf = (name: string): string => {
    const parent = parents.get(name);
    return parent === undefined ? name : rootOf(parent);
  };
  const idOf = (name: string): number => ids.get(name) ?? 0;
  const traits = [...new Set([...knownTraits, ...providers.flatMap((provider) => provider.traits ?? [])])];
  const extra = providers.flatMap(({ inventory }) => Object.keys(inventory ?? {}));
  const classes = [...new Set([...STANDARD_CLASSES, ...extra])];
  return {
    providers: providers.map(({ name, parent }) => ({
      id: idOf(name),
      uuid: name,
      name: `name of ${name}`,
      generation: toGeneration(idOf(name) * 3),
      parentId: parent === undefined ? null : idOf(parent),
      rootId: idOf(rootOf(name)),
      changedAtMs: 1_700_000_000_000 + idOf(name),
    })),
    inventories: providers.flatMap(({ name, inventory }) =>
      Object.entries(inventory ?? {}).map(([resourceClass, value]) => ({
        providerId: idOf(name),
        resourceClassId: classes.indexOf(resourceClass),
        ...toInventory(value),
      })),
    ),
    providerTraits: providers.flatMap((provider) =>
      (provider.traits ?? []).map((trait) => ({ providerId: idOf(provider.name), traitId: traits.indexOf(trait) + 1 })),
    ),
    providerAggregates: providers.flatMap((provider) =>
      (provider.aggregates ?? []).map((aggregate) => ({ providerId: idOf(provider.name), aggregate })),
    ),
    traits: traits.map((name, at) => ({ id: at + 1, name })),
    resourceClasses: classes.map((name, id) => ({ id, name })),
  };
}

function toInventory(value: number | Partial<WorldInventory>): WorldInventory {
  const record = typeof value === 'number' ? { total: value } : value;
  const total = record.total ?? 1;
  return {
    total,
    reserved: record.reserved ?? 0,
    minUnit: record.minUnit ?? 1,
    maxUnit: record.maxUnit ?? total,
    stepSize: record.stepSize ?? 1,
    allocationRatio: record.allocationRatio ?? 1,
    used: record.used ?? 0,
  };
}

const cn = { VCPU: 8, MEMORY_MB: 4096 };

/** World A of spec allocation_candidates.md §10: flat, with sharing. */
export const WORLD_A: readonly WorldProvider[] = [
  { name: 'cn1', inventory: cn, aggregates: ['aggA'], traits: ['HW_CPU_X86_AVX'] },
  { name: 'cn2', inventory: { ...cn, DISK_GB: 500 }, aggregates: ['aggA', 'aggB'], traits: ['CUSTOM_FOO'] },
  { name: 'cn3', inventory: cn },
  {
    name: 'ss1',
    inventory: { DISK_GB: 1000 },
    aggregates: ['aggA'],
    traits: ['MISC_SHARES_VIA_AGGREGATE', 'STORAGE_DISK_SSD'],
  },
  {
    name: 'ss2',
    inventory: { DISK_GB: { total: 1000, maxUnit: 150 } },
    aggregates: ['aggB'],
    traits: ['MISC_SHARES_VIA_AGGREGATE'],
  },
];

/** World B of spec allocation_candidates.md §10: nested. */
export const WORLD_B: readonly WorldProvider[] = [
  { name: 'cn1', inventory: { DISK_GB: 100 }, aggregates: ['aggA'], traits: ['COMPUTE_VOLUME_MULTI_ATTACH'] },
  {
    name: 'numa0',
    parent: 'cn1',
    inventory: { VCPU: { total: 4, used: 3 }, MEMORY_MB: 2048 },
    traits: ['HW_NUMA_ROOT'],
  },
  { name: 'fpga0', parent: 'numa0', inventory: { FPGA: 1 } },
  {
    name: 'numa1',
    parent: 'cn1',
    inventory: { VCPU: 4, MEMORY_MB: { total: 2048, maxUnit: 1024 } },
    aggregates: ['aggB'],
    traits: ['HW_NUMA_ROOT', 'CUSTOM_FOO'],
  },
  { name: 'fpga1a', parent: 'numa1', inventory: { FPGA: 1 } },
  { name: 'fpga1b', parent: 'numa1', inventory: { FPGA: 1 } },
  { name: 'nicroot', parent: 'cn1', traits: ['CUSTOM_NIC_ROOT'] },
  { name: 'pf1', parent: 'nicroot', inventory: { SRIOV_NET_VF: 8 }, traits: ['CUSTOM_NET1'] },
  { name: 'pf2', parent: 'nicroot', inventory: { SRIOV_NET_VF: 8 }, traits: ['CUSTOM_NET2'] },
  { name: 'cn2', inventory: { VCPU: 8, MEMORY_MB: 2048, DISK_GB: 100 }, traits: ['CUSTOM_FOO'] },
];

/** World C of spec allocation_candidates.md §10: resourceless corner cases. */
export const WORLD_C: readonly WorldProvider[] = [
  { name: 'r', inventory: { VCPU: 8 }, traits: ['CUSTOM_R'] },
  { name: 'c', parent: 'r', inventory: { CUSTOM_VF: 4 }, traits: ['CUSTOM_C'] },
  { name: 'd', parent: 'r', inventory: { CUSTOM_VF: 4 }, aggregates: ['aggA'], traits: ['CUSTOM_C', 'CUSTOM_D'] },
  { name: 'r2', inventory: { VCPU: 8 }, traits: ['CUSTOM_R'] },
  { name: 'c2', parent: 'r2', inventory: { CUSTOM_VF: 4 }, traits: ['CUSTOM_C'] },
];
