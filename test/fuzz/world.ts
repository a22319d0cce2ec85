import { client } from '../support/http.js';
import { Random } from '../support/random.js';

/** What there is when the fuzzing begins, so that requests get past the look-ups; the same for the same seed. */
export interface World {
  readonly providers: readonly string[];
  readonly consumers: readonly string[];
  readonly aggregates: readonly string[];
  readonly classes: readonly string[];
  readonly traits: readonly string[];
  readonly names: readonly string[];
  readonly owners: readonly string[];
}

const PROVIDERS = 12;
const CONSUMERS = 20;
const TREE = 3;

/** A uuid that comes again with the same seed. */
export function uuidOf(random: Random): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}

/** Makes the world. Throws if the service does not let it. */
export async function makeWorld(url: string, seed: number): Promise<World> {
  const random = new Random(seed);
  const world: World = {
    providers: Array.from({ length: PROVIDERS }, () => uuidOf(random)),
    consumers: Array.from({ length: CONSUMERS }, () => uuidOf(random)),
    aggregates: Array.from({ length: 3 }, () => uuidOf(random)),
    classes: ['VCPU', 'MEMORY_MB', 'DISK_GB', 'CUSTOM_FUZZ'],
    traits: ['HW_CPU_X86_AVX', 'STORAGE_DISK_SSD', 'CUSTOM_FUZZ', 'MISC_SHARES_VIA_AGGREGATE'],
    names: ['alpha', 'beta', 'gamma'],
    owners: ['one', 'two', 'three'],
  };
  const http = client(url, { version: '1.39' });
  const must = async (sent: Promise<{ status: number; body: unknown }>): Promise<void> => {
    const { status, body } = await sent;
    if (status >= 300) throw new Error(`the world could not be made: ${status} ${JSON.stringify(body)}`);
  };
  await must(http.put('/resource_classes/CUSTOM_FUZZ'));
  await must(http.put('/traits/CUSTOM_FUZZ'));
  for (const [index, uuid] of world.providers.entries()) await makeProvider(index, uuid);
  for (const [index, consumer] of world.consumers.entries()) {
    const provider = world.providers[index % PROVIDERS] ?? '';
    await must(
      http.put(`/allocations/${consumer}`, {
        allocations: { [provider]: { resources: { VCPU: 1, MEMORY_MB: 16 } } },
        ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
      }),
    );
  }
  const berth = client(url, { headers: { 'openstack-api-version': 'berth 1.0' } });
  for (const name of world.names) {
    await must(berth.put(`/lockspaces/${name}`, {}));
    await must(berth.put(`/lock_pools/${name}`, { capacity: 3 }));
    await must(berth.post('/slot_locks', { owner: 'one', slot_locks: [`held(${name})`] }));
  }
  return world;

  async function makeProvider(index: number, uuid: string): Promise<void> {
    const parent = index % TREE === 0 ? undefined : world.providers[index - (index % TREE)];
    await must(http.post('/resource_providers', { name: `host ${index}`, uuid, parent_provider_uuid: parent ?? null }));
    const inventories = {
      VCPU: { total: 64 },
      MEMORY_MB: { total: 4096, allocation_ratio: 1.5 },
      DISK_GB: { total: 500 },
    };
    await must(http.put(`/resource_providers/${uuid}/inventories`, { resource_provider_generation: 0, inventories }));
    const traits = world.traits.slice(0, 1 + (index % 2));
    await must(http.put(`/resource_providers/${uuid}/traits`, { resource_provider_generation: 1, traits }));
    const aggregates = world.aggregates.slice(0, index % 3);
    await must(http.put(`/resource_providers/${uuid}/aggregates`, { resource_provider_generation: 2, aggregates }));
  }
}
