import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Client } from './http.js';

interface Numbered {
  readonly generation: number;
  readonly resource_provider_generation: number;
}

interface Draw {
  /** From 0, below `limit`. */
  (limit: number): number;
}

/** Numbers that the same seed gives again. */
export function draws(seed: number): Draw {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  };
}

/** The admin's clients of a service at 1.39, and at 1.37, where consumers have no types. */
export interface Clients {
  readonly typed: Client;
  readonly untyped: Client;
}

async function sound<B>(reply: Promise<{ status: number; body: B }>): Promise<B> {
  const { status, body } = await reply;
  if (status >= 300) expect({ status, body }).toEqual({ status: 200 });
  return body;
}

async function addProvider(
  { typed }: Clients,
  wanted: { name: string; parent?: string; inventories?: object; traits?: string[]; aggregates?: string[] },
): Promise<string> {
  const uuid = randomUUID();
  const at = `/resource_providers/${uuid}`;
  const { name, parent, ...parts } = wanted;
  const body = { name, uuid, ...(parent !== undefined && { parent_provider_uuid: parent }) };
  let { generation } = await sound(typed.post<Numbered>('/resource_providers', body));
  for (const [part, value] of Object.entries(parts)) {
    const change = { resource_provider_generation: generation, [part]: value };
    generation = (await sound(typed.put<Numbered>(`${at}/${part}`, change))).resource_provider_generation;
  }
  return uuid;
}

/**
 * Makes a world by HTTP: hosts with NUMA nodes and a card below, pools that share, a provider whose parent is younger than it, custom
 * names with and without use, consumers with and without types, some written again and some gone. Answers the consumers.
 */
export async function makeMovingWorld(
  clients: Clients,
  hosts: number,
  consumers: number,
  draw: Draw,
): Promise<string[]> {
  const { typed } = clients;
  for (const name of ['CUSTOM_GOLD', 'CUSTOM_UNUSED']) await sound(typed.put(`/resource_classes/${name}`));
  for (const name of ['CUSTOM_RACK', 'CUSTOM_FREE']) await sound(typed.put(`/traits/${name}`));
  const shared = [randomUUID(), randomUUID()];
  const pools: string[] = [];
  for (const [index, aggregate] of shared.entries()) {
    pools.push(
      await addProvider(clients, {
        name: `pool ${index}`,
        inventories: { DISK_GB: { total: 1_000_000, allocation_ratio: 1.1 } },
        traits: ['MISC_SHARES_VIA_AGGREGATE'],
        aggregates: [aggregate],
      }),
    );
  }
  const made: { root: string; nodes: string[]; pool: string }[] = [];
  for (let host = 0; host < hosts; host += 1) {
    const at = draw(shared.length);
    const root = await addProvider(clients, {
      name: `hôst ${host}`,
      inventories: { MEMORY_MB: { total: 256_000, reserved: 512, step_size: 64, min_unit: 64 } },
      traits: draw(2) === 0 ? ['CUSTOM_RACK', 'COMPUTE_NODE'] : ['HW_CPU_X86_AVX2'],
      aggregates: [shared[at] ?? ''],
    });
    const nodes: string[] = [];
    for (const node of [0, 1]) {
      const inventories = { VCPU: { total: 64, allocation_ratio: 16 }, CUSTOM_GOLD: { total: 8 } };
      nodes.push(await addProvider(clients, { name: `hôst ${host} node ${node}`, parent: root, inventories }));
    }
    made.push({ root, nodes, pool: pools[at] ?? '' });
  }
  await adopt(clients, made[0]?.nodes[1] ?? '', made[0]?.root ?? '');
  const uuids: string[] = [];
  for (let one = 0; one < consumers; one += 1) {
    const host = made[draw(made.length)];
    const held = { [host?.root ?? '']: { resources: { MEMORY_MB: 64 * (1 + draw(8)) } } };
    held[host?.nodes[draw(2)] ?? ''] = { resources: { VCPU: 1 + draw(4) } as never };
    if (draw(2) === 0) held[host?.pool ?? ''] = { resources: { DISK_GB: 1 + draw(50) } as never };
    uuids.push(await claim(clients, held, draw));
  }
  return uuids;
}

/** A parent that is younger than its child. */
async function adopt({ typed, untyped }: Clients, child: string, root: string): Promise<void> {
  const name = 'late parent';
  const { uuid } = await sound(
    typed.post<{ uuid: string }>('/resource_providers', { name, parent_provider_uuid: root }),
  );
  await sound(typed.put(`/resource_providers/${child}`, { name: 'adopted', parent_provider_uuid: uuid }));
  await sound(untyped.get(`/resource_providers/${child}`));
}

async function claim({ typed, untyped }: Clients, allocations: object, draw: Draw): Promise<string> {
  const uuid = randomUUID();
  const isTyped = draw(4) > 0;
  const owner = { project_id: `project ${draw(3)}`, user_id: `user ${draw(3)}` };
  const type = { consumer_type: ['INSTANCE', 'MIGRATION'][draw(2)] };
  const at = isTyped ? typed : untyped;
  const body = (consumer_generation: number | null): object => {
    return { allocations, consumer_generation, ...owner, ...(isTyped && type) };
  };
  await sound(at.put(`/allocations/${uuid}`, body(null)));
  const fate = draw(8);
  if (fate < 2) await sound(at.put(`/allocations/${uuid}`, body(1)));
  if (fate === 7) await sound(at.delete(`/allocations/${uuid}`));
  return uuid;
}
