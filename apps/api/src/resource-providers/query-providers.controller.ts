import { ProviderQueriesService } from '#berth/placement';
import { Body, Controller, Post } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { QUERY_PROVIDERS_BODIES, toProvidersQuery, type QueryProvidersBody } from './query-providers.dto.js';
import { providersPageView } from './query-providers.view.js';

@Controller('resource_providers/query')
export class QueryProvidersController {
  constructor(private readonly queries: ProviderQueriesService) {}

  @Post()
  @Endpoint({
    rule: 'berth:resource_providers:query',
    gates: ['contract', 'contentType', 'policy'],
    body: QUERY_PROVIDERS_BODIES,
    summary: 'Read many providers and what hangs on them, page by page',
  })
  async query(@Body() body: QueryProvidersBody): Promise<Answer> {
    const { filter, after, limit, parts } = toProvidersQuery(body);
    const page = await this.queries.page(filter, { after, limit, withAllocations: parts.has('allocations') });
    return ok(providersPageView(page, parts));
  }
}
