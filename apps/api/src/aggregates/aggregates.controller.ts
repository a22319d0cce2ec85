import { AggregatesService } from '#berth/placement';
import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { ClaimedGeneration, Minor } from '../http/request-values.js';
import { PUT_AGGREGATES_BODIES, toAggregates, type PutAggregatesBodyV1_19 } from './aggregates.dto.js';
import { aggregatesView } from './aggregates.view.js';

@Controller('resource_providers/:uuid/aggregates')
export class AggregatesController {
  constructor(private readonly aggregates: AggregatesService) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_providers:aggregates:list',
    gates: ['accept', 'version', 'policy'],
    since: 1,
    summary: 'List the aggregates of a provider',
    tagged: 'provider',
  })
  async list(@Param('uuid') uuid: string, @Minor() minor: number): Promise<Answer> {
    const found = await this.aggregates.list(uuid);
    return ok(aggregatesView(found, minor), { lastModifiedMs: 'now', tagged: found.generation });
  }

  @Put()
  @Endpoint({
    rule: 'placement:resource_providers:aggregates:update',
    gates: ['contentType', 'version', 'policy'],
    since: 1,
    body: PUT_AGGREGATES_BODIES,
    generation: 'provider',
    lookupFirst: true,
    summary: 'Replace the aggregates of a provider',
  })
  async replaceAll(
    @Param('uuid') uuid: string,
    @Body() body: readonly string[] | PutAggregatesBodyV1_19,
    @Minor() minor: number,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    const { aggregates, generation = claimed ?? undefined } = toAggregates(body);
    return ok(aggregatesView(await this.aggregates.replaceAll(uuid, aggregates, generation), minor), {
      lastModifiedMs: 'now',
    });
  }
}
