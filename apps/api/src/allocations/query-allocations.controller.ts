import { AllocationQueriesService } from '#berth/placement';
import { Body, Controller, Post } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { consumersPageView } from './allocations.view.js';
import { QUERY_ALLOCATIONS_BODIES, toConsumersQuery, type QueryAllocationsBody } from './query-allocations.dto.js';

@Controller('allocations/query')
export class QueryAllocationsController {
  constructor(private readonly queries: AllocationQueriesService) {}

  @Post()
  @Endpoint({
    rule: 'berth:allocations:query',
    gates: ['contract', 'contentType', 'policy'],
    body: QUERY_ALLOCATIONS_BODIES,
    summary: 'Read the allocations of many consumers, page by page',
  })
  async query(@Body() body: QueryAllocationsBody): Promise<Answer> {
    const { filter, after, limit } = toConsumersQuery(body);
    return ok(consumersPageView(await this.queries.page(filter, after, limit)));
  }
}
