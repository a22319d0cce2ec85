import { TraitsService } from '#berth/placement';
import { Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { created, noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { QueryPairs } from '../http/request-values.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { toTraitsFilter } from './list-traits.query.js';
import { toTraitName } from './traits.dto.js';
import { traitsChangedAt, traitsView } from './traits.view.js';

const SINCE = 6;

@Controller('traits')
export class TraitsController {
  constructor(private readonly traits: TraitsService) {}

  @Get()
  @Endpoint({
    rule: 'placement:traits:list',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'List traits',
  })
  async list(@QueryPairs() pairs: Pairs): Promise<Answer> {
    const traits = await this.traits.list(toTraitsFilter(pairs));
    return ok(traitsView(traits), { lastModifiedMs: traitsChangedAt(traits) });
  }

  @Get(':name')
  @Endpoint({
    rule: 'placement:traits:show',
    gates: ['version', 'policy'],
    since: SINCE,
    summary: 'Check whether a trait exists',
  })
  async show(@Param('name') name: string): Promise<Answer> {
    return noContent({ lastModifiedMs: (await this.traits.show(name)).createdAtMs });
  }

  @Put(':name')
  @Endpoint({
    rule: 'placement:traits:update',
    gates: ['version', 'policy'],
    since: SINCE,
    summary: 'Create a custom trait, or confirm that it is there',
  })
  async ensure(@Param('name') name: string): Promise<Answer> {
    const { trait, created: isNew } = await this.traits.ensure(toTraitName(name));
    const answer = { location: `/traits/${name}`, lastModifiedMs: trait.createdAtMs };
    return isNew ? created(answer) : noContent(answer);
  }

  @Delete(':name')
  @Endpoint({
    rule: 'placement:traits:delete',
    gates: ['version', 'policy'],
    since: SINCE,
    summary: 'Delete a custom trait',
  })
  async remove(@Param('name') name: string): Promise<Answer> {
    await this.traits.remove(name);
    return noContent();
  }
}
