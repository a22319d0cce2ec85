import { randomUUID } from 'node:crypto';
import type { WorldInventory, WorldProvider } from '../../libs/candidates/test-support/world.js';
import { claim } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

interface CandidatesBody {
  readonly allocation_requests: readonly {
    readonly allocations: Allocations;
    readonly mappings?: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly provider_summaries: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type Resources = Readonly<Record<string, number>>;
type Allocations =
  | Readonly<Record<string, { readonly resources: Resources }>>
  | readonly { readonly resource_provider: { readonly uuid: string }; readonly resources: Resources }[];

/** What a search answered, in names: the candidates as sorted texts, the summaries by provider name. */
export interface Findings {
  /** `cn1(VCPU:1)+ss1(DISK_GB:100)`, sorted. */
  readonly candidates: readonly string[];
  /** The same with ` | <suffix>→<provider>,…` for each mapping, sorted. */
  readonly mapped: readonly string[];
  readonly summaries: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly body: CandidatesBody;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A small cloud on a server and a database of its own, made with the API itself. In queries, names of its providers and
 * aggregates stand in braces: `in_tree={cn1}`.
 */
export class World {
  private readonly uuids = new Map<string, string>();
  private readonly names = new Map<string, string>();

  private constructor(private readonly story: Story) {}

  /** Parents stand before their children. */
  static async open(providers: readonly WorldProvider[]): Promise<World> {
    const world = new World(await openStory());
    try {
      for (const provider of providers) await world.addProvider(provider);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  close(): Promise<void> {
    return this.story.close();
  }

  uuid(name: string): string {
    const known = this.uuids.get(name);
    if (known !== undefined) return known;
    const uuid = randomUUID();
    this.uuids.set(name, uuid);
    this.names.set(uuid, name);
    return uuid;
  }

  async search(query: string, minor = 39): Promise<Findings> {
    const { status, body } = await this.ask(query, minor);
    if (status !== 200) throw new Error(`${query} at 1.${minor}: ${status} ${JSON.stringify(body)}`);
    return this.inNames(body as CandidatesBody);
  }

  /** The raw answer. */
  async ask(query: string, minor = 39): Promise<Answer> {
    const resolved = query.replace(/\{(\w+)\}/g, (_, name: string) => this.uuid(name));
    const { status, body } = await this.story.at(minor).get(`/allocation_candidates?${resolved}`);
    return { status, body };
  }

  private async addProvider(provider: WorldProvider): Promise<void> {
    const { name, parent, inventory = {}, aggregates = [], traits = [] } = provider;
    const uuid = this.uuid(name);
    const path = `/resource_providers/${uuid}`;
    const parentUuid = parent === undefined ? {} : { parent_provider_uuid: this.uuid(parent) };
    await this.make('POST', '/resource_providers', { name, uuid, ...parentUuid });
    for (const custom of [...traits, ...Object.keys(inventory)].filter((word) => word.startsWith('CUSTOM_'))) {
      await this.make('PUT', `/${traits.includes(custom) ? 'traits' : 'resource_classes'}/${custom}`);
    }
    const inventories = Object.fromEntries(
      Object.entries(inventory).map(([resourceClass, record]) => [resourceClass, inventoryBody(record)]),
    );
    let generation = 0;
    const put = async (part: string, body: object): Promise<void> => {
      const answer = await this.make('PUT', `${path}/${part}`, { resource_provider_generation: generation, ...body });
      generation = (answer as { readonly resource_provider_generation: number }).resource_provider_generation;
    };
    await put('inventories', { inventories });
    await put('traits', { traits });
    await put('aggregates', { aggregates: aggregates.map((aggregate) => this.uuid(aggregate)) });
    const used = Object.entries(inventory).flatMap(([resourceClass, record]) =>
      typeof record === 'number' || record.used === undefined ? [] : [[resourceClass, record.used] as const],
    );
    if (used.length > 0) await claim(this.story.at(39), { [uuid]: Object.fromEntries(used) });
  }

  private async make(method: 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const api = this.story.at(39);
    const answer: Answer = method === 'PUT' ? await api.put(path, body) : await api.post(path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  private inNames(body: CandidatesBody): Findings {
    const shown = body.allocation_requests.map(({ allocations, mappings = {} }) => {
      const text = byProvider(allocations)
        .map(([uuid, resources]) => `${this.nameOf(uuid)}(${amountsText(resources)})`)
        .sort()
        .join('+');
      const served = Object.entries(mappings).map(
        ([suffix, uuids]) =>
          ` | ${suffix}→${uuids
            .map((uuid) => this.nameOf(uuid))
            .sort()
            .join(',')}`,
      );
      return { text, mapped: text + served.sort().join('') };
    });
    return {
      candidates: shown.map(({ text }) => text).sort(),
      mapped: shown.map(({ mapped }) => mapped).sort(),
      summaries: Object.fromEntries(
        Object.entries(body.provider_summaries).map(([uuid, summary]) => [this.nameOf(uuid), summary]),
      ),
      body,
    };
  }

  nameOf(uuid: string): string {
    const name = this.names.get(uuid);
    if (name === undefined) throw new Error(`nobody in this world has the uuid ${uuid}`);
    return name;
  }
}

function inventoryBody(record: number | Partial<WorldInventory>): object {
  if (typeof record === 'number') return { total: record, max_unit: record };
  const { total = 1, maxUnit = total, minUnit, stepSize, allocationRatio, reserved } = record;
  return {
    total,
    reserved,
    min_unit: minUnit,
    max_unit: maxUnit,
    step_size: stepSize,
    allocation_ratio: allocationRatio,
  };
}

function byProvider(allocations: Allocations): (readonly [uuid: string, resources: Resources])[] {
  if (isList(allocations)) {
    return allocations.map(({ resource_provider, resources }) => [resource_provider.uuid, resources]);
  }
  return Object.entries(allocations).map(([uuid, { resources }]) => [uuid, resources]);
}

function isList(allocations: Allocations): allocations is Extract<Allocations, readonly unknown[]> {
  return Array.isArray(allocations);
}

function amountsText(resources: Resources): string {
  return Object.entries(resources)
    .map(([resourceClass, amount]) => `${resourceClass}:${amount}`)
    .sort()
    .join(',');
}
