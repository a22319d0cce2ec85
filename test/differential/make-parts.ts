import type { Tools } from './make.js';
import { uuidLike } from './odd-values.js';
import type { ModelInventory } from './state.js';

/** A provider in a path. */
export function providerName({ random, state }: Tools): string {
  return uuidLike(state.provider(), random, () => state.uuid());
}

export function inventory({ random }: Tools): Partial<ModelInventory> {
  const total = random.pick([1, 2, 4, 8, 10, 16, 100]);
  return {
    total,
    ...(random.happens(0.2) && { reserved: random.between(0, total + (random.happens(0.1) ? 1 : -1)) }),
    ...(random.happens(0.15) && { min_unit: random.between(1, 3) }),
    ...(random.happens(0.25) && { max_unit: random.pick([1, 2, 4, total, total * 2]) }),
    ...(random.happens(0.15) && { step_size: random.between(1, 3) }),
    ...(random.happens(0.25) && { allocation_ratio: random.pick([1, 1.5, 2, 16, 0.5, 0.1, 1.1, 3.3]) }),
  };
}

export function inventories(tools: Tools, most = 3): Record<string, Partial<ModelInventory>> {
  const { random } = tools;
  const names = Array.from({ length: random.between(0, most) }, () => className(tools));
  return Object.fromEntries(names.map((name) => [name, inventory(tools)]));
}

/** A class that there is, as a rule. */
export function className({ random, state }: Tools): string {
  if (random.happens(0.015)) return random.pick(['CUSTOM_NOPE', 'NOPE', 'IPV4_ADDRESS']);
  return random.pick([...state.classes, 'VCPU', 'VCPU', 'MEMORY_MB', 'DISK_GB']);
}

/** The generation that a writer should know, or rarely not. */
export function generationOf({ random, state }: Tools, uuid: string): unknown {
  const known = state.providers.get(uuid)?.generation ?? 0;
  return random.happens(0.05) ? random.pick([known - 1, known + 1, 0, null, `${known}`, -1]) : known;
}

export function traitName({ random, state }: Tools): string {
  return random.happens(0.02) ? random.pick(['CUSTOM_NOPE', 'NOPE', 'hw_numa_root']) : random.pick([...state.traits]);
}
