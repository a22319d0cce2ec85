import { exchange, type Sent } from './exchange.js';
import { direct, type Tools } from './make.js';
import { CUSTOM_CLASSES, CUSTOM_TRAITS, SHARES } from './state.js';
import { inventory } from './make-parts.js';

/** The requests that make a small world: trees, some sharing, traits and aggregates by chance. */
export function makeWorld(tools: Tools): Sent[] {
  const { random, state } = tools;
  const sent: Sent[] = [];
  const add = (method: string, path: string, body?: unknown): void => {
    sent.push(direct(method, path, body));
  };
  for (const name of CUSTOM_CLASSES.slice(0, 2)) add('PUT', `/resource_classes/${name}`);
  for (const name of CUSTOM_TRAITS) add('PUT', `/traits/${name}`);
  const made: string[] = [];
  const isNested = random.happens(0.7);
  for (let left = random.between(4, 9); left > 0; left -= 1) {
    const uuid = state.uuid();
    const parent = isNested && made.length > 0 && random.happens(0.55) ? random.pick(made) : null;
    made.push(uuid);
    add('POST', '/resource_providers', { name: state.name(), uuid, parent_provider_uuid: parent });
    const classes = ['VCPU', 'VCPU', 'MEMORY_MB', 'DISK_GB', 'SRIOV_NET_VF', ...CUSTOM_CLASSES.slice(0, 2)];
    const held = Array.from({ length: random.between(0, 3) }, () => [random.pick(classes), inventory(tools)]);
    add('PUT', `/resource_providers/${uuid}/inventories`, {
      resource_provider_generation: 0,
      inventories: Object.fromEntries(held) as object,
    });
    const traits = [...CUSTOM_TRAITS, 'HW_NUMA_ROOT', 'STORAGE_DISK_SSD'].filter(() => random.happens(0.25));
    if (random.happens(0.2)) traits.push(SHARES);
    add('PUT', `/resource_providers/${uuid}/traits`, { resource_provider_generation: 1, traits });
    add('PUT', `/resource_providers/${uuid}/aggregates`, {
      resource_provider_generation: traits.length > 0 ? 2 : 1,
      aggregates: state.aggregates.filter(() => random.happens(0.3)),
    });
  }
  return sent;
}

/** Takes everything away that requests have made, as far as the API can. */
export async function clear(url: string): Promise<void> {
  const call = async (method: string, path: string): Promise<Readonly<Record<string, unknown>>> => {
    const { text } = await exchange(url, direct(method, path));
    return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  };
  const providers = async (): Promise<readonly string[]> => {
    const { resource_providers: listed } = await call('GET', '/resource_providers');
    return (listed as { uuid: string }[]).map(({ uuid }) => uuid);
  };
  for (const uuid of await providers()) {
    const { allocations = {} } = await call('GET', `/resource_providers/${uuid}/allocations`);
    for (const consumer of Object.keys(allocations as object)) {
      await call('DELETE', `/allocations/${encodeURIComponent(consumer)}`);
    }
  }
  // Leaves first: each round takes those that have no children any more.
  for (let before = -1, left = await providers(); left.length > 0 && left.length !== before; left = await providers()) {
    before = left.length;
    for (const uuid of left) await call('DELETE', `/resource_providers/${uuid}`);
  }
  const { resource_classes: classes } = await call('GET', '/resource_classes');
  const { traits } = await call('GET', '/traits');
  for (const { name } of classes as { name: string }[]) {
    if (name.startsWith('CUSTOM_')) await call('DELETE', `/resource_classes/${encodeURIComponent(name)}`);
  }
  for (const name of traits as string[])
    if (name.startsWith('CUSTOM_')) await call('DELETE', `/traits/${encodeURIComponent(name)}`);
}
