import { pick } from '../world/random.js';
import { traitName } from '../world/world.js';
import { storedConsumerUuid } from './stored-consumers.js';
import type { Scene, Step, Workload } from './workload.js';

const PARTS = ['inventories', 'usages', 'allocations'] as const;

/** Reads of single providers and consumers, and the list of providers. */
export const readWorkloads: readonly Workload[] = [
  read('W6', 'GET inventories, usages, allocations of a provider', (scene) => ofProvider(scene, PARTS)),
  read('W6i', 'GET inventories of a provider', (scene) => ofProvider(scene, ['inventories'])),
  read('W6u', 'GET usages of a provider', (scene) => ofProvider(scene, ['usages'])),
  read('W6a', 'GET allocations of a provider', (scene) => ofProvider(scene, ['allocations'])),
  {
    ...read('W6c', 'GET allocations of a consumer, among many', ofConsumer),
    storedConsumers: true,
  },
  read('W9', 'list providers by resources and trait, 100 rows', ({ world }) => {
    const path = `/resource_providers?resources=VCPU:1&required=${traitName(world.plan, 'HUNDRED')}`;
    return (connection) => connection.call({ method: 'GET', path });
  }),
];

function read(id: string, title: string, prepare: (scene: Scene) => Step): Workload {
  return { id, title, world: 'flat', since: 18, prepare };
}

function ofProvider({ world, random }: Scene, parts: readonly string[]): Step {
  return (connection) =>
    connection.call({
      method: 'GET',
      path: `/resource_providers/${pick(random, world.hosts).uuid}/${pick(random, parts)}`,
    });
}

function ofConsumer({ world, random, facts }: Scene): Step {
  return (connection) => {
    const consumer = storedConsumerUuid(world.plan.tag, Math.floor(random() * facts.storedConsumers));
    return connection.call({ method: 'GET', path: `/allocations/${consumer}` });
  };
}
