import { randomUUID } from 'node:crypto';
import { createTestDatabase } from '../support/database.js';
import { client } from '../support/http.js';
import { startServer } from '../support/server.js';

/** Longest that a world may take to come up: the server has 30 s of its own to answer. */
export const START_LIMIT_MS = 120_000;

/** A provider of a world; `max_unit` is the total unless it is told. Parents stand before their children. */
export interface WorldProvider {
  readonly name: string;
  readonly parent?: string;
  readonly inventory?: Readonly<Record<string, number | { readonly total: number; readonly max_unit: number }>>;
  readonly used?: Readonly<Record<string, number>>;
  readonly aggregates?: readonly string[];
  readonly traits?: readonly string[];
}

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

  private constructor(
    private readonly url: string,
    /** Stops the server and drops the database. */
    readonly close: () => Promise<void>,
  ) {}

  static async open(providers: readonly WorldProvider[]): Promise<World> {
    const database = await createTestDatabase();
    const server = await startServer({ databaseUrl: database.url });
    const world = new World(server.url, async () => {
      await server.stop();
      await database.drop();
    });
    try {
      for (const provider of providers) await world.addProvider(provider);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
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
    const { status, body } = await client(this.url, { version: `1.${minor}` }).get(
      `/allocation_candidates?${resolved}`,
    );
    return { status, body };
  }

  private async addProvider(provider: WorldProvider): Promise<void> {
    const { name, parent, inventory = {}, used = {}, aggregates = [], traits = [] } = provider;
    const uuid = this.uuid(name);
    const path = `/resource_providers/${uuid}`;
    const parentUuid = parent === undefined ? {} : { parent_provider_uuid: this.uuid(parent) };
    await this.make('POST', '/resource_providers', { name, uuid, ...parentUuid });
    for (const custom of [...traits, ...Object.keys(inventory)].filter((word) => word.startsWith('CUSTOM_'))) {
      await this.make('PUT', `/${traits.includes(custom) ? 'traits' : 'resource_classes'}/${custom}`);
    }
    const inventories = Object.fromEntries(
      Object.entries(inventory).map(([resourceClass, amount]) => [
        resourceClass,
        typeof amount === 'number' ? { total: amount, max_unit: amount } : amount,
      ]),
    );
    let generation = 0;
    const put = async (part: string, body: object): Promise<void> => {
      const answer = await this.make('PUT', `${path}/${part}`, { resource_provider_generation: generation, ...body });
      generation = (answer as { readonly resource_provider_generation: number }).resource_provider_generation;
    };
    await put('inventories', { inventories });
    await put('traits', { traits });
    await put('aggregates', { aggregates: aggregates.map((aggregate) => this.uuid(aggregate)) });
    if (Object.keys(used).length > 0) await this.use(uuid, used);
  }

  private async use(provider: string, resources: Resources): Promise<void> {
    await this.make('PUT', `/allocations/${randomUUID()}`, {
      allocations: { [provider]: { resources } },
      project_id: 'project',
      user_id: 'user',
      consumer_generation: null,
      consumer_type: 'INSTANCE',
    });
  }

  private async make(method: 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const api = client(this.url, { version: '1.39' });
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
