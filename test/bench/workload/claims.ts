import type { Call } from '../load/http-connection.js';
import { pick } from '../world/random.js';
import type { ProviderSeed, World } from '../world/world.js';
import type { Workload } from './workload.js';

/** Small, so that a fleet holds the claims of a long run. */
const RESOURCES = { VCPU: 1, MEMORY_MB: 64, DISK_GB: 1 };

/** From this version on a consumer has a type, and must have one. */
const TYPED_SINCE = 38;

/** Claims of new consumers. */
export const claimWorkloads: readonly Workload[] = [
  claims('W4', 'claims spread over the fleet', ({ hosts }) => hosts),
  claims('W5', 'claims on 4 hot providers', ({ hot }) => hot),
];

/** The request of a new consumer for these allocations, at version 1.38 or the newest that the server has below. */
export function claim(consumer: string, allocations: Readonly<Record<string, unknown>>, minor: number): Call {
  return {
    method: 'PUT',
    path: `/allocations/${consumer}`,
    minor: Math.min(minor, TYPED_SINCE),
    body: {
      allocations,
      project_id: 'bench',
      user_id: 'bench',
      consumer_generation: null,
      ...(minor >= TYPED_SINCE && { consumer_type: 'INSTANCE' }),
    },
  };
}

function claims(id: string, title: string, places: (world: World) => readonly ProviderSeed[]): Workload {
  return {
    id,
    title,
    world: 'flat',
    since: 28,
    prepare: (scene) => {
      const providers = places(scene.world);
      return (connection) => {
        const allocations = { [pick(scene.random, providers).uuid]: { resources: RESOURCES } };
        return connection.call(claim(scene.newConsumer(true), allocations, scene.minor));
      };
    },
  };
}
