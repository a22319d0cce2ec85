import { randomFrom, uuidFrom } from './random.js';
import { providerName, type ProviderSeed, type World, type WorldPlan } from './world.js';

/** Trees have one or the other number of children, in turn. */
const CHILDREN = [8, 16] as const;

/** `size` trees whose children are all alike: every choice among them is as good as any other. */
export function wideWorld(plan: WorldPlan): World {
  const random = randomFrom(plan.seed + plan.size);
  const trees = Array.from({ length: plan.size }, (_, index) => {
    const name = providerName(plan, `host-${`${index}`.padStart(6, '0')}`);
    const root: ProviderSeed = {
      uuid: uuidFrom(random, plan.tag),
      name,
      inventories: { VCPU: { total: 64 }, MEMORY_MB: { total: 524_288 } },
      traits: [],
      aggregates: [],
    };
    const children = Array.from({ length: CHILDREN[index % CHILDREN.length] ?? CHILDREN[0] }, (_unused, child) => ({
      uuid: uuidFrom(random, plan.tag),
      name: `${name}-vf${child}`,
      parent: root.uuid,
      inventories: { SRIOV_NET_VF: { total: 4 } },
      traits: [],
      aggregates: [],
    }));
    return [root, ...children];
  });
  return { plan, trees, traits: [], hosts: [], hot: [] };
}
