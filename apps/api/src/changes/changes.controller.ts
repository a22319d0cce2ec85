import { ChangesService } from '#berth/placement';
import { Controller, Get } from '@nestjs/common';
import { events, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { QueryPairs } from '../http/request-values.js';
import { EVENTS_TYPE } from '../http/send.js';
import { DocumentChanges } from './changes.docs.js';
import { toFollowChanges } from './changes.query.js';
import { changeStream } from './changes.stream.js';
import { changesView } from './changes.view.js';
import { AsFollower, waitsForChanges, type Follower } from './follower.js';

@Controller('changes')
export class ChangesController {
  constructor(private readonly changes: ChangesService) {}

  @Get()
  @Endpoint({
    rule: 'berth:changes:list',
    gates: ['contract', 'accept', 'policy'],
    produces: ['application/json', EVENTS_TYPE],
    waits: waitsForChanges,
    summary: 'Follow the changes of providers and consumers',
  })
  @DocumentChanges()
  async list(@QueryPairs() pairs: Pairs, @AsFollower() follower: Follower): Promise<Answer> {
    const query = toFollowChanges(pairs, follower);
    if (follower.wantsEvents) return events(await changeStream(query, (page) => this.changes.read(page)));
    return ok(changesView(await this.changes.read(query)), { lastModifiedMs: 'omit' });
  }
}
