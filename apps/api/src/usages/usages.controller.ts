import { UsagesService } from '#berth/placement';
import { Controller, Get, Param } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Minor, QueryPairs } from '../http/request-values.js';
import { toUsagesFilter } from './usages.query.js';
import { providerUsagesView, usagesByTypeView, usagesView } from './usages.view.js';

const SINCE = 9;
const BY_TYPE_SINCE = 38;

@Controller()
export class UsagesController {
  constructor(private readonly usages: UsagesService) {}

  @Get('usages')
  @Endpoint({
    rule: 'placement:usages',
    policyTarget: 'project_id',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'Sum what a project uses',
  })
  async totals(@QueryPairs() pairs: Pairs, @Minor() minor: number): Promise<Answer> {
    const filter = toUsagesFilter(pairs, minor);
    const view =
      minor < BY_TYPE_SINCE
        ? usagesView(await this.usages.totals(filter))
        : usagesByTypeView(await this.usages.byType(filter, filter.consumerType));
    return ok(view, { lastModifiedMs: 'now' });
  }

  @Get('resource_providers/:uuid/usages')
  @Endpoint({
    rule: 'placement:resource_providers:usages',
    gates: ['accept', 'policy'],
    summary: 'Show what is used of a provider',
    tagged: 'provider',
  })
  async byProvider(@Param('uuid') uuid: string): Promise<Answer> {
    const found = await this.usages.byProvider(uuid);
    return ok(providerUsagesView(found), { lastModifiedMs: 'now', tagged: found.generation });
  }
}
