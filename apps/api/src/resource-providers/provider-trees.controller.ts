import { ProviderTreesService } from '#berth/placement';
import { Body, Controller, Param, Put } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { PUT_PROVIDER_TREE_BODIES, toWantedTree, type PutProviderTreeBody } from '../http/schema/provider-tree.dto.js';
import { appliedTreeView } from './query-providers.view.js';

@Controller('provider_trees')
export class ProviderTreesController {
  constructor(private readonly trees: ProviderTreesService) {}

  @Put(':uuid')
  @Endpoint({
    rule: 'berth:provider_trees:apply',
    gates: ['contract', 'contentType', 'policy'],
    body: PUT_PROVIDER_TREE_BODIES,
    fenced: true,
    summary: 'Make a whole tree of providers what it shall be, at once or not at all',
  })
  async apply(@Param('uuid') uuid: string, @Body() body: PutProviderTreeBody): Promise<Answer> {
    return ok(appliedTreeView(await this.trees.apply(toWantedTree(uuid, body))));
  }
}
