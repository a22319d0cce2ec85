export type WorldKind = 'flat' | 'nested' | 'wide';

/** What a world follows from; two processes with the same plan build the same one. */
export interface WorldPlan {
  readonly kind: WorldKind;
  /** Hosts (flat) or trees (nested, wide). */
  readonly size: number;
  readonly seed: number;
  /** 12 hexadecimal digits, in every name of the run: what is measured may hold other providers too. */
  readonly tag: string;
}

export interface Inventory {
  readonly total: number;
  readonly reserved?: number;
  readonly max_unit?: number;
  readonly allocation_ratio?: number;
}

export interface ProviderSeed {
  readonly uuid: string;
  readonly name: string;
  readonly parent?: string;
  readonly inventories: Readonly<Record<string, Inventory>>;
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
}

/** A root and what is below it, parents first. */
export type TreeSeed = readonly ProviderSeed[];

export interface World {
  readonly plan: WorldPlan;
  readonly trees: readonly TreeSeed[];
  /** The custom traits that must exist before a provider can have them. */
  readonly traits: readonly string[];
  /** Hosts with VCPU, MEMORY_MB and DISK_GB of their own: where claims are spread. */
  readonly hosts: readonly ProviderSeed[];
  /** Four providers with room for everything, for claims that all want the same rows. */
  readonly hot: readonly ProviderSeed[];
}

/** The most that an inventory may hold, and what a claim may ask at once where nothing is said. */
export const EVERYTHING = 2 ** 31 - 1;

/** Which seed all worlds have, so that figures of two days speak of the same world. */
export const SEED = 20_260;

/** The name of a custom trait of the run. */
export function traitName({ tag }: WorldPlan, name: string): string {
  return `CUSTOM_BENCH_${tag.toUpperCase()}_${name}`;
}

/** The name of a provider of the run. */
export function providerName({ tag, kind, size }: WorldPlan, name: string): string {
  return `bench-${tag}-${kind}-${size}-${name}`;
}
