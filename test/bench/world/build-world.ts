import { flatWorld } from './flat.js';
import { nestedWorld } from './nested.js';
import { wideWorld } from './wide.js';
import type { World, WorldKind, WorldPlan } from './world.js';

const BUILDERS: Readonly<Record<WorldKind, (plan: WorldPlan) => World>> = {
  flat: flatWorld,
  nested: nestedWorld,
  wide: wideWorld,
};

/** Builds the world of a plan: the same one for the same plan. */
export function buildWorld(plan: WorldPlan): World {
  return BUILDERS[plan.kind](plan);
}

/** How many providers a world has. */
export function providerCount(world: World): number {
  return world.trees.reduce((sum, tree) => sum + tree.length, 0);
}
