import { ProviderRemovalService, ResourceProvidersService } from '#berth/placement';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { created, noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { ClaimedGeneration, Minor, MountPrefix, QueryPairs } from '../http/request-values.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { toListFilter } from './list-providers.query.js';
import {
  POST_PROVIDER_BODIES,
  PUT_PROVIDER_BODIES,
  toNewProvider,
  toProviderUpdate,
  type PostProviderBody,
  type PutProviderBody,
} from './resource-providers.dto.js';
import { providersChangedAt, providersView, providerView } from './resource-providers.view.js';

/** First version whose POST answers with the provider. */
const SHOWN_WHEN_CREATED_SINCE = 20;

@Controller('resource_providers')
export class ResourceProvidersController {
  constructor(
    private readonly providers: ResourceProvidersService,
    private readonly removals: ProviderRemovalService,
  ) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_providers:list',
    gates: ['accept', 'policy'],
    summary: 'List resource providers',
  })
  async list(@QueryPairs() pairs: Pairs, @Minor() minor: number, @MountPrefix() prefix: string): Promise<Answer> {
    const found = await this.providers.list(toListFilter(pairs, minor));
    return ok(providersView(found, minor, prefix), { lastModifiedMs: providersChangedAt(found) });
  }

  @Post()
  @Endpoint({
    rule: 'placement:resource_providers:create',
    gates: ['contentType', 'policy'],
    body: POST_PROVIDER_BODIES,
    summary: 'Create a resource provider',
  })
  async create(@Body() body: PostProviderBody, @Minor() minor: number, @MountPrefix() prefix: string): Promise<Answer> {
    const provider = await this.providers.create(toNewProvider(body));
    const location = `/resource_providers/${provider.uuid}`;
    if (minor < SHOWN_WHEN_CREATED_SINCE) return created({ location });
    return ok(providerView(provider, minor, prefix), { location, lastModifiedMs: provider.changedAtMs });
  }

  @Get(':uuid')
  @Endpoint({
    rule: 'placement:resource_providers:show',
    gates: ['accept', 'policy'],
    summary: 'Show a resource provider',
    tagged: 'provider',
  })
  async show(@Param('uuid') uuid: string, @Minor() minor: number, @MountPrefix() prefix: string): Promise<Answer> {
    const provider = await this.providers.show(uuid);
    const { changedAtMs: lastModifiedMs, generation: tagged } = provider;
    return ok(providerView(provider, minor, prefix), { lastModifiedMs, tagged });
  }

  // Before PUT: 405 names the methods in this order, as Placement has it.
  @Delete(':uuid')
  @Endpoint({
    rule: 'placement:resource_providers:delete',
    gates: ['policy'],
    generation: 'provider',
    summary: 'Delete a resource provider',
  })
  async remove(@Param('uuid') uuid: string, @ClaimedGeneration() claimed: number | null | undefined): Promise<Answer> {
    await this.removals.remove(uuid, claimed);
    return noContent();
  }

  @Put(':uuid')
  @Endpoint({
    rule: 'placement:resource_providers:update',
    gates: ['contentType', 'policy'],
    body: PUT_PROVIDER_BODIES,
    generation: 'provider',
    lookupFirst: true,
    summary: 'Rename a resource provider or give it another parent',
  })
  async update(
    @Param('uuid') uuid: string,
    @Body() body: PutProviderBody,
    @Minor() minor: number,
    @MountPrefix() prefix: string,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    const provider = await this.providers.update(uuid, { ...toProviderUpdate(body, minor), claimed });
    return ok(providerView(provider, minor, prefix), { lastModifiedMs: provider.changedAtMs });
  }
}
