import { randomFrom, uuidFrom, type Random } from './random.js';
import {
  EVERYTHING,
  providerName,
  traitName,
  type Inventory,
  type ProviderSeed,
  type World,
  type WorldPlan,
} from './world.js';

/** Traits of a host, of which one is common (COMMON, on four of five hosts) and the others are drawn by weight. */
const TRAITS_PER_HOST = 20;
const TRAIT_POOL = 60;
const COMMON_SHARE = 0.8;
/** How many hosts the trait HUNDRED is spread over: the answer of the provider list. */
const HUNDRED = 100;

/** One host in ten has no disk of its own; fifty of them share one storage provider through an aggregate. */
const DISKLESS_EVERY = 10;
const HOSTS_PER_STORAGE = 500;
const HOSTS_PER_RACK = 40;
const HOSTS_PER_CELL = 1_000;
const ZONES = 3;

const HOT_PROVIDERS = 4;

const HOST: Readonly<Record<string, Inventory>> = {
  VCPU: { total: 64, allocation_ratio: 16 },
  MEMORY_MB: { total: 524_288, reserved: 512 },
  DISK_GB: { total: 8_000 },
};
const HOT: Readonly<Record<string, Inventory>> = {
  VCPU: { total: EVERYTHING },
  MEMORY_MB: { total: EVERYTHING },
  DISK_GB: { total: EVERYTHING },
};
const STORAGE: Readonly<Record<string, Inventory>> = { DISK_GB: { total: 1_000_000 } };

/** `size` hosts without anything below them, the shared storage of some, and the four hot providers. */
export function flatWorld(plan: WorldPlan): World {
  const random = randomFrom(plan.seed + plan.size);
  const pool = Array.from({ length: TRAIT_POOL }, (_, index) => traitName(plan, `T${pad(index, 2)}`));
  const aggregate = namedAggregates(random, plan.tag);
  const hosts: ProviderSeed[] = [];
  const hundredEvery = Math.max(1, Math.floor(plan.size / HUNDRED));
  for (let index = 0; index < plan.size; index += 1) {
    const diskless = index % DISKLESS_EVERY === DISKLESS_EVERY - 1;
    const { DISK_GB: _, ...withoutDisk } = HOST;
    const special = [
      ...(random() < COMMON_SHARE ? [traitName(plan, 'COMMON')] : []),
      ...(index % hundredEvery === 0 && index / hundredEvery < HUNDRED ? [traitName(plan, 'HUNDRED')] : []),
    ];
    const group = diskless
      ? `storage-${Math.floor(index / HOSTS_PER_STORAGE)}`
      : `cell-${Math.floor(index / HOSTS_PER_CELL)}`;
    hosts.push({
      uuid: uuidFrom(random, plan.tag),
      name: providerName(plan, `host-${pad(index, 6)}`),
      inventories: diskless ? withoutDisk : HOST,
      traits: [...special, ...draw(random, pool, TRAITS_PER_HOST - special.length)],
      aggregates: [`zone-${index % ZONES}`, `rack-${Math.floor(index / HOSTS_PER_RACK)}`, group].map(aggregate),
    });
  }
  const storage = Array.from({ length: Math.ceil(plan.size / HOSTS_PER_STORAGE) }, (_, index) => ({
    uuid: uuidFrom(random, plan.tag),
    name: providerName(plan, `storage-${pad(index, 4)}`),
    inventories: STORAGE,
    traits: ['MISC_SHARES_VIA_AGGREGATE'],
    aggregates: [aggregate(`storage-${index}`)],
  }));
  const hot = Array.from({ length: HOT_PROVIDERS }, (_, index) => ({
    uuid: uuidFrom(random, plan.tag),
    name: providerName(plan, `hot-${index}`),
    inventories: HOT,
    traits: [],
    aggregates: [],
  }));
  return {
    plan,
    trees: [...hosts, ...storage, ...hot].map((provider) => [provider]),
    traits: [...pool, traitName(plan, 'COMMON'), traitName(plan, 'HUNDRED')],
    hosts: hosts.filter(({ inventories }) => 'DISK_GB' in inventories),
    hot,
  };
}

/** Draws without putting back; the n-th of the pool weighs 1/n, so the first is nearly everywhere and the last is rare. */
function draw(random: Random, pool: readonly string[], count: number): string[] {
  return pool
    .map((name, index) => ({ name, key: Math.log(1 - random()) * (index + 1) }))
    .sort((one, other) => other.key - one.key)
    .slice(0, count)
    .map(({ name }) => name);
}

function namedAggregates(random: Random, tag: string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const uuid = known.get(name) ?? uuidFrom(random, tag);
    known.set(name, uuid);
    return uuid;
  };
}

function pad(value: number, digits: number): string {
  return `${value}`.padStart(digits, '0');
}
