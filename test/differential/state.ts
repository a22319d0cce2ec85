import type { Random } from '../support/random.js';

export interface ModelProvider {
  name: string;
  parent: string | null;
  generation: number;
  inventories: Readonly<Record<string, ModelInventory>>;
  traits: readonly string[];
  aggregates: readonly string[];
}

export interface ModelInventory {
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
}

export interface ModelConsumer {
  /** null: there is none. */
  generation: number | null;
  allocations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  project: string;
  user: string;
  type: string;
}

export const STANDARD_CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB', 'SRIOV_NET_VF', 'PCPU'] as const;
export const CUSTOM_CLASSES = ['CUSTOM_GOLD', 'CUSTOM_SILVER', 'CUSTOM_X1'] as const;
export const SHARES = 'MISC_SHARES_VIA_AGGREGATE';
export const STANDARD_TRAITS = ['HW_CPU_X86_AVX', 'HW_NUMA_ROOT', 'STORAGE_DISK_SSD', SHARES] as const;
export const CUSTOM_TRAITS = ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C'] as const;
const CONSUMERS = 7;

/** What the services hold, as far as their answers have told: what requests are made of. */
export class State {
  readonly providers = new Map<string, ModelProvider>();
  readonly consumers = new Map<string, ModelConsumer>();
  readonly aggregates: readonly string[];
  readonly classes = new Set<string>(STANDARD_CLASSES);
  readonly traits = new Set<string>(STANDARD_TRAITS);
  /** Found in an answer and not yet written. */
  candidates: readonly { readonly allocations: unknown; readonly mappings?: unknown }[] = [];
  private names = 0;

  constructor(private readonly random: Random) {
    this.aggregates = Array.from({ length: 4 }, () => this.uuid());
    for (let count = 0; count < CONSUMERS; count += 1) this.addConsumer();
  }

  /** A new one, the same for the same seed. */
  uuid(): string {
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => this.random.between(0, 15).toString(16)).join('');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  }

  name(): string {
    this.names += 1;
    return `host ${this.names}`;
  }

  provider(): string {
    return this.providers.size === 0 ? this.uuid() : this.random.pick([...this.providers.keys()]);
  }

  consumer(): string {
    return this.random.pick([...this.consumers.keys()]);
  }

  /** One that both services have forgotten in different ways is not asked about again. */
  retire(consumer: string): void {
    if (this.consumers.delete(consumer)) this.addConsumer();
  }

  rootOf(provider: string): string {
    const parent = this.providers.get(provider)?.parent ?? null;
    return parent === null || !this.providers.has(parent) ? provider : this.rootOf(parent);
  }

  /** What there is of a class on a provider, or what a request to the reshaper would make of it. */
  capacityOf(provider: string, name: string, body: Buffer | undefined): number {
    const given = inventoriesIn(body)?.[provider]?.inventories?.[name];
    const stored = this.providers.get(provider)?.inventories[name];
    const record = given === undefined ? stored : { reserved: 0, allocation_ratio: 1, ...given };
    return record === undefined ? Infinity : (record.total - record.reserved) * record.allocation_ratio;
  }

  private addConsumer(): void {
    this.consumers.set(this.uuid(), { generation: null, allocations: {}, project: 'p1', user: 'u1', type: 'INSTANCE' });
  }
}

type Reshaped = Readonly<
  Record<
    string,
    { readonly inventories?: Readonly<Record<string, Partial<ModelInventory> & { readonly total: number }>> }
  >
>;

/** Those that a request to the reshaper brings. */
function inventoriesIn(body: Buffer | undefined): Reshaped | undefined {
  try {
    return (JSON.parse(body?.toString() ?? '') as { inventories?: Reshaped }).inventories;
  } catch {
    return undefined;
  }
}
