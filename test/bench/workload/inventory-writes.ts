import type { ProviderSeed } from '../world/world.js';
import { isOk, type Scene, type Workload } from './workload.js';

/** What a write changes: it alternates, so that each one has something to do. */
const RESERVED_MB = [512, 1_024] as const;

interface Writer {
  readonly provider: ProviderSeed;
  generation: number;
}

/** Writes of all inventories of a provider, each with the generation that the provider has. */
export const inventoryWriteWorkloads: readonly Workload[] = [
  {
    id: 'W7',
    title: 'PUT inventories of a provider',
    world: 'flat',
    since: 26,
    prepare: async (scene) => {
      const idle = await ownProviders(scene);
      let written = 0;
      return async (connection) => {
        // Whoever writes takes the provider out of the line: nobody else of this run writes it meanwhile.
        const at = Math.floor(scene.random() * idle.length);
        const writer = idle[at];
        const last = idle.pop();
        if (writer === undefined || last === undefined) throw new Error('fewer providers than connections');
        if (at < idle.length) idle[at] = last;
        written += 1;
        const { MEMORY_MB: memory = { total: 1 }, ...others } = writer.provider.inventories;
        const reserved = RESERVED_MB[written % RESERVED_MB.length];
        const reply = await connection.call({
          method: 'PUT',
          path: `/resource_providers/${writer.provider.uuid}/inventories`,
          body: {
            resource_provider_generation: writer.generation,
            inventories: { ...others, MEMORY_MB: { ...memory, reserved } },
          },
        });
        if (isOk(reply)) writer.generation += 1;
        idle.push(writer);
        return reply;
      };
    },
  },
];

/** This generator's share of the hosts, with their generations as the server has them now. */
async function ownProviders({ world, aside, part }: Scene): Promise<Writer[]> {
  const reply = await aside.call({ method: 'GET', path: '/resource_providers' });
  if (!isOk(reply)) throw new Error(`the list of providers: ${reply.status}`);
  const { resource_providers: listed } = JSON.parse(reply.body.toString()) as {
    resource_providers: { uuid: string; generation: number }[];
  };
  const generations = new Map(listed.map(({ uuid, generation }) => [uuid, generation]));
  return world.hosts
    .filter((_, index) => index % part.of === part.index)
    .map((provider) => ({ provider, generation: generations.get(provider.uuid) ?? 0 }));
}
