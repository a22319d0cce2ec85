import { ForcedReleaseService, SlotLocksService } from '#berth/locks';
import { Body, Controller, Delete, Get, Post } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Asker, QueryPairs } from '../http/request-values.js';
import { POST_SLOT_LOCKS_BODIES, toAcquire, type PostSlotLocksBody } from './slot-locks.dto.js';
import { toList, toRelease } from './slot-locks.query.js';
import { acquiredView, forcedView, releasedView, slotLocksPageView } from './slot-locks.view.js';

@Controller('slot_locks')
export class SlotLocksController {
  constructor(
    private readonly slotLocks: SlotLocksService,
    private readonly forced: ForcedReleaseService,
  ) {}

  @Post()
  @Endpoint({
    rule: 'berth:slot_locks:acquire',
    gates: ['contract', 'contentType', 'policy'],
    body: POST_SLOT_LOCKS_BODIES,
    summary: 'Take slot locks for an owner, all or none, or renew their lease',
  })
  async acquire(@Body() body: PostSlotLocksBody): Promise<Answer> {
    return ok(acquiredView(body.owner, await this.slotLocks.acquire(toAcquire(body))));
  }

  @Get()
  @Endpoint({
    rule: 'berth:slot_locks:list',
    gates: ['contract', 'accept', 'policy'],
    summary: 'List slot locks by owner or by how their keys begin, page by page',
  })
  async list(@QueryPairs() query: Pairs): Promise<Answer> {
    const { filter, after, limit } = toList(query);
    return ok(slotLocksPageView(await this.slotLocks.list(filter, after, limit), limit));
  }

  @Delete()
  @Endpoint({
    rule: 'berth:slot_locks:release',
    forceRule: 'berth:slot_locks:force',
    gates: ['contract', 'policy'],
    summary: 'Release slot locks of an owner, or take keys from whoever holds them',
  })
  async release(@QueryPairs() query: Pairs, @Asker() asker: string): Promise<Answer> {
    const wanted = toRelease(query);
    if (wanted.force) return ok(forcedView(await this.forced.release(wanted, asker)));
    return ok(releasedView(await this.slotLocks.release(wanted.owner, wanted.keys)));
  }
}
