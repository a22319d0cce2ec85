import { randomFrom, uuidFrom, type Random } from './random.js';
import { providerName, traitName, type ProviderSeed, type TreeSeed, type World, type WorldPlan } from './world.js';

const NUMA_NODES = 2;
const FUNCTIONS_PER_NUMA = 2;

/**
 * `size` trees: a root with disk, two NUMA nodes with processors and memory, two physical functions of a network card
 * below each of them, one graphics card.
 */
export function nestedWorld(plan: WorldPlan): World {
  const random = randomFrom(plan.seed + plan.size);
  const trees = Array.from({ length: plan.size }, (_, index) => tree(plan, random, index));
  return { plan, trees, traits: physicalNetworks(plan), hosts: [], hot: [] };
}

/** The two networks that functions are connected to, one each on every NUMA node. */
export function physicalNetworks(plan: WorldPlan): readonly string[] {
  return ['PHYSNET_A', 'PHYSNET_B'].map((name) => traitName(plan, name));
}

function tree(plan: WorldPlan, random: Random, index: number): TreeSeed {
  const host = providerName(plan, `host-${`${index}`.padStart(6, '0')}`);
  const root: ProviderSeed = {
    uuid: uuidFrom(random, plan.tag),
    name: host,
    inventories: { DISK_GB: { total: 8_000 } },
    traits: ['COMPUTE_VOLUME_EXTEND'],
    aggregates: [],
  };
  const providers: ProviderSeed[] = [root];
  for (let numa = 0; numa < NUMA_NODES; numa += 1) {
    const node: ProviderSeed = {
      uuid: uuidFrom(random, plan.tag),
      name: `${host}-numa${numa}`,
      parent: root.uuid,
      inventories: { VCPU: { total: 32, allocation_ratio: 4 }, MEMORY_MB: { total: 262_144 } },
      traits: ['HW_NUMA_ROOT'],
      aggregates: [],
    };
    providers.push(node);
    for (let card = 0; card < FUNCTIONS_PER_NUMA; card += 1) {
      providers.push({
        uuid: uuidFrom(random, plan.tag),
        name: `${host}-numa${numa}-pf${card}`,
        parent: node.uuid,
        inventories: { SRIOV_NET_VF: { total: 8 } },
        traits: physicalNetworks(plan).slice(card, card + 1),
        aggregates: [],
      });
    }
  }
  const graphics: ProviderSeed = {
    uuid: uuidFrom(random, plan.tag),
    name: `${host}-pgpu0`,
    parent: root.uuid,
    inventories: { VGPU: { total: 16 } },
    traits: [],
    aggregates: [],
  };
  return [...providers, graphics];
}
