import { AllocationsService } from '#berth/placement';
import { Controller, Get, Param } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { Minor } from '../http/request-values.js';
import { providerAllocationsView } from './allocations.view.js';

@Controller('resource_providers/:uuid/allocations')
export class ProviderAllocationsController {
  constructor(private readonly allocations: AllocationsService) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_providers:allocations:list',
    gates: ['accept', 'policy'],
    summary: 'List what is allocated from a provider',
    tagged: 'provider',
  })
  async list(@Param('uuid') uuid: string, @Minor() minor: number): Promise<Answer> {
    const held = await this.allocations.listByProvider(uuid);
    return ok(providerAllocationsView(held, minor), {
      lastModifiedMs: held.createdAtMs ?? 'now',
      tagged: held.generation,
    });
  }
}
