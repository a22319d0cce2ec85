import { AllocationsService } from '#berth/placement';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { toAllocationWrites, type ConsumerAllocationsBody } from '../http/allocation-write.js';
import { noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { ClaimedGeneration, GenerationsHold, Minor, SpeaksBerth } from '../http/request-values.js';
import { POST_ALLOCATIONS_BODIES, PUT_ALLOCATIONS_BODIES } from './allocations.dto.js';
import { toConsumerUuid, toWrite, type PutAllocations } from './allocations.request.js';
import { consumerAllocationsView } from './allocations.view.js';

const SEVERAL_CONSUMERS_SINCE = 13;

@Controller('allocations')
export class AllocationsController {
  constructor(private readonly allocations: AllocationsService) {}

  @Post()
  @Endpoint({
    rule: 'placement:allocations:manage',
    gates: ['version', 'contentType', 'policy'],
    since: SEVERAL_CONSUMERS_SINCE,
    body: POST_ALLOCATIONS_BODIES,
    generation: 'consumers',
    summary: 'Replace the allocations of several consumers, all or nothing',
  })
  async replaceMany(
    @Body() body: Readonly<Record<string, ConsumerAllocationsBody>>,
    @GenerationsHold() generationsHold: boolean,
  ): Promise<Answer> {
    await this.allocations.replaceMany(toAllocationWrites(body, generationsHold));
    return noContent();
  }

  @Get(':consumer_uuid')
  @Endpoint({
    rule: 'placement:allocations:list',
    gates: ['accept', 'policy'],
    summary: 'List the allocations of a consumer',
    tagged: 'consumer',
  })
  async show(
    @Param('consumer_uuid') consumerUuid: string,
    @Minor() minor: number,
    @SpeaksBerth() berth: boolean,
  ): Promise<Answer> {
    const held = await this.allocations.show(consumerUuid);
    const lastModifiedMs = held?.createdAtMs ?? 'now';
    return ok(consumerAllocationsView(held, minor, berth), { lastModifiedMs, tagged: held?.generation });
  }

  @Put(':consumer_uuid')
  @Endpoint({
    rule: 'placement:allocations:update',
    gates: ['contentType', 'policy'],
    checkPath: ({ consumer_uuid = '' }) => {
      toConsumerUuid(consumer_uuid);
    },
    body: PUT_ALLOCATIONS_BODIES,
    generation: 'consumer',
    summary: 'Replace the allocations of a consumer',
  })
  async replace(
    @Param('consumer_uuid') consumerUuid: string,
    @Body() body: PutAllocations,
    @ClaimedGeneration() claimed: number | null | undefined,
    @GenerationsHold() hold: boolean,
  ): Promise<Answer> {
    await this.allocations.replace(toWrite(toConsumerUuid(consumerUuid), body, { claimed, hold }));
    return noContent();
  }

  @Delete(':consumer_uuid')
  @Endpoint({
    rule: 'placement:allocations:delete',
    gates: ['policy'],
    generation: 'consumer',
    summary: 'Remove all allocations of a consumer',
  })
  async remove(
    @Param('consumer_uuid') consumerUuid: string,
    @ClaimedGeneration() claimed: number | null | undefined,
  ): Promise<Answer> {
    await this.allocations.remove(consumerUuid, claimed);
    return noContent();
  }
}
