import { ProviderTraitsService } from '#berth/placement';
import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { ClaimedGeneration } from '../http/request-values.js';
import { PUT_PROVIDER_TRAITS_BODIES, type PutProviderTraitsBody } from './traits.dto.js';
import { providerTraitsView } from './traits.view.js';

const SINCE = 6;

@Controller('resource_providers/:uuid/traits')
export class ProviderTraitsController {
  constructor(private readonly traits: ProviderTraitsService) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_providers:traits:list',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'List the traits of a provider',
    tagged: 'provider',
  })
  async list(@Param('uuid') uuid: string): Promise<Answer> {
    const found = await this.traits.list(uuid);
    const lastModifiedMs = found.traits.length > 0 ? found.changedAtMs : 'now';
    return ok(providerTraitsView(found), { lastModifiedMs, tagged: found.generation });
  }

  @Put()
  @Endpoint({
    rule: 'placement:resource_providers:traits:update',
    gates: ['version', 'contentType', 'policy'],
    since: SINCE,
    body: PUT_PROVIDER_TRAITS_BODIES,
    generation: 'provider',
    summary: 'Replace the traits of a provider',
  })
  async replaceAll(@Param('uuid') uuid: string, @Body() body: PutProviderTraitsBody): Promise<Answer> {
    const found = await this.traits.replaceAll(uuid, body.resource_provider_generation, body.traits);
    return ok(providerTraitsView(found), { lastModifiedMs: found.traits.length > 0 ? found.changedAtMs : 'now' });
  }

  @Delete()
  @Endpoint({
    rule: 'placement:resource_providers:traits:delete',
    gates: ['version', 'policy'],
    since: SINCE,
    generation: 'provider',
    summary: 'Remove all traits of a provider',
  })
  async removeAll(
    @Param('uuid') uuid: string,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    await this.traits.removeAll(uuid, claimed);
    return noContent();
  }
}
