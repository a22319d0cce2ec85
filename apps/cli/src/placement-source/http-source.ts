import type { CopiedConsumer, CopiedSupply, PlacementSource, SourceHeld, SourceProvider } from '#berth/placement';
import { Refusal } from '../refusal.js';
import type { PlacementClient } from './placement-client.js';

/** From 1.28 on consumers have generations; the last one known here. */
const LOWEST_MINOR = 28;
const HIGHEST_MINOR = 39;

/** How often the parts of a provider are read until they are of one generation; then the next pass has it. */
const MAX_READINGS = 4;

/** What a consumer without a type is called, which no type can be. Source: spec allocations.md §1. */
const NO_TYPE = 'unknown';

type InventoryBody = Omit<CopiedSupply['inventories'][number], 'class'>;

interface AllocationsBody {
  readonly allocations: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
  readonly project_id?: string;
  readonly user_id?: string;
  readonly consumer_generation?: number | null;
  /** From 1.38. */
  readonly consumer_type?: string;
}

interface HeldBody {
  readonly resource_provider_generation: number;
  readonly allocations: Readonly<
    Record<
      string,
      { readonly resources: Readonly<Record<string, number>>; readonly consumer_generation?: number | null }
    >
  >;
}

/** A Placement that answers HTTP. `openSource` makes one. */
class HttpSource implements PlacementSource {
  constructor(private readonly client: PlacementClient) {}

  get name(): string {
    return this.client.name;
  }

  async traits(): Promise<readonly string[]> {
    return (await this.get<{ traits: string[] }>('/traits')).traits;
  }

  async resourceClasses(): Promise<readonly string[]> {
    const { resource_classes } = await this.get<{ resource_classes: { name: string }[] }>('/resource_classes');
    return resource_classes.map(({ name }) => name);
  }

  async providers(): Promise<readonly SourceProvider[]> {
    const { resource_providers } = await this.get<{ resource_providers: ProviderBody[] }>('/resource_providers');
    return resource_providers.map((one) => ({
      uuid: one.uuid,
      name: one.name,
      generation: one.generation,
      parent: one.parent_provider_uuid,
      root: one.root_provider_uuid,
    }));
  }

  async supply(uuid: string): Promise<CopiedSupply | 'moved' | undefined> {
    for (let readings = 0; readings < MAX_READINGS; readings += 1) {
      const at = `/resource_providers/${uuid}`;
      const inventories = await this.client.find<
        { readonly inventories: Readonly<Record<string, InventoryBody>> } & Numbered
      >(`${at}/inventories`);
      const traits = await this.client.find<{ readonly traits: readonly string[] } & Numbered>(`${at}/traits`);
      const aggregates = await this.client.find<{ readonly aggregates: readonly string[] } & Numbered>(
        `${at}/aggregates`,
      );
      if (inventories === undefined || traits === undefined || aggregates === undefined) return undefined;
      const generation = inventories.resource_provider_generation;
      const isOne = [traits, aggregates].every((part) => part.resource_provider_generation === generation);
      if (!isOne) continue;
      return {
        uuid,
        generation,
        inventories: Object.entries(inventories.inventories).map(([name, one]) => ({
          class: name,
          total: one.total,
          reserved: one.reserved,
          min_unit: one.min_unit,
          max_unit: one.max_unit,
          step_size: one.step_size,
          allocation_ratio: one.allocation_ratio,
        })),
        traits: traits.traits,
        aggregates: aggregates.aggregates,
      };
    }
    return 'moved';
  }

  async held(uuid: string): Promise<SourceHeld | undefined> {
    const body = await this.client.find<HeldBody>(`/resource_providers/${uuid}/allocations`);
    if (body === undefined) return undefined;
    const consumers = Object.entries(body.allocations).map(([consumer, { resources, consumer_generation }]) => {
      return [consumer, { generation: consumer_generation ?? 0, used: resources }] as const;
    });
    return { generation: body.resource_provider_generation, consumers: new Map(consumers) };
  }

  async consumer(uuid: string): Promise<CopiedConsumer | undefined> {
    const body = await this.get<AllocationsBody>(`/allocations/${uuid}`);
    const providers = Object.entries(body.allocations);
    if (providers.length === 0) return undefined;
    const { project_id: project, user_id: user, consumer_type: type } = body;
    if (project === undefined || user === undefined) throw new Refusal(`consumer ${uuid} has no project or no user`);
    return {
      uuid,
      project,
      user,
      type: type === undefined || type === NO_TYPE ? null : type,
      generation: body.consumer_generation ?? 0,
      allocations: providers.flatMap(([provider, { resources }]) =>
        Object.entries(resources).map(([name, used]) => ({ provider, class: name, used })),
      ),
    };
  }

  async used(uuid: string): Promise<Readonly<Record<string, number>> | undefined> {
    const body = await this.client.find<{ usages: Readonly<Record<string, number>> }>(
      `/resource_providers/${uuid}/usages`,
    );
    return body?.usages;
  }

  private async get<Body>(path: string): Promise<Body> {
    const body = await this.client.find<Body>(path);
    if (body === undefined) throw new Refusal(`${this.name}${path} answers 404`);
    return body;
  }
}

interface Numbered {
  readonly resource_provider_generation: number;
}

interface ProviderBody {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_provider_uuid: string | null;
  readonly root_provider_uuid: string;
}

/** The Placement behind a client, at the highest version that both know. Throws a `Refusal` if there is none. */
export async function openSource(client: PlacementClient): Promise<{ source: PlacementSource; version: string }> {
  const minor = await client.negotiate(LOWEST_MINOR, HIGHEST_MINOR);
  return { source: new HttpSource(client), version: `1.${minor}` };
}
