import { LockPoolsService } from '#berth/locks';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Gone, QueryPairs } from '../http/request-values.js';
import {
  POST_PERMIT_BODIES,
  PUT_LOCK_POOL_BODIES,
  PUT_PERMIT_BODIES,
  toAsk,
  toCapacity,
  toLeaseMs,
  toPoolName,
  type PostPermitBody,
  type PutLockPoolBody,
  type PutPermitBody,
} from './lock-pools.dto.js';
import { toOwner, toPage, toToken } from './lock-pools.query.js';
import { permitView, poolsPageView, poolView, summaryView } from './lock-pools.view.js';

@Controller('lock_pools')
export class LockPoolsController {
  constructor(private readonly pools: LockPoolsService) {}

  @Get()
  @Endpoint({
    rule: 'berth:lock_pools:list',
    gates: ['contract', 'accept', 'policy'],
    summary: 'List lock pools, page by page',
  })
  async list(@QueryPairs() query: Pairs): Promise<Answer> {
    const { after, limit } = toPage(query);
    return ok(poolsPageView(await this.pools.list(after, limit), limit));
  }

  @Get(':pool')
  @Endpoint({
    rule: 'berth:lock_pools:show',
    gates: ['contract', 'accept', 'policy'],
    summary: 'Show a lock pool: who holds its keys, and how many wait for them',
  })
  async get(@Param('pool') pool: string): Promise<Answer> {
    return ok(poolView(await this.pools.get(toPoolName(pool))));
  }

  @Put(':pool')
  @Endpoint({
    rule: 'berth:lock_pools:update',
    gates: ['contract', 'contentType', 'policy'],
    body: PUT_LOCK_POOL_BODIES,
    summary: 'Make a lock pool, or give it another capacity',
  })
  async put(@Param('pool') pool: string, @Body() body: PutLockPoolBody): Promise<Answer> {
    return ok(summaryView(await this.pools.put(toPoolName(pool), toCapacity(body))));
  }

  @Delete(':pool')
  @Endpoint({
    rule: 'berth:lock_pools:delete',
    gates: ['contract', 'policy'],
    summary: 'Remove a lock pool of which nobody holds or awaits anything',
  })
  async remove(@Param('pool') pool: string): Promise<Answer> {
    await this.pools.remove(toPoolName(pool));
    return noContent();
  }

  @Post(':pool/permits')
  @Endpoint({
    rule: 'berth:lock_pools:acquire',
    gates: ['contract', 'contentType', 'policy'],
    body: POST_PERMIT_BODIES,
    waits: ({ body }) => ((body as PostPermitBody).wait_seconds ?? 0) > 0,
    summary: 'Take a permit for a key of a lock pool, waiting for it if need be',
  })
  async acquire(@Param('pool') pool: string, @Body() body: PostPermitBody, @Gone() gone: AbortSignal): Promise<Answer> {
    return ok(permitView(await this.pools.acquire(toPoolName(pool), toAsk(body, gone))));
  }

  @Put(':pool/permits/:token')
  @Endpoint({
    rule: 'berth:lock_pools:acquire',
    gates: ['contract', 'contentType', 'policy'],
    body: PUT_PERMIT_BODIES,
    summary: 'Begin the lease of a permit anew',
  })
  async renew(
    @Param('pool') pool: string,
    @Param('token') token: string,
    @Body() body: PutPermitBody,
  ): Promise<Answer> {
    return ok(permitView(await this.pools.renew(toPoolName(pool), toToken(token), body.owner, toLeaseMs(body))));
  }

  @Delete(':pool/permits/:token')
  @Endpoint({
    rule: 'berth:lock_pools:release',
    gates: ['contract', 'policy'],
    summary: 'Give a permit back; the answer says whether it was held until now',
  })
  async release(
    @Param('pool') pool: string,
    @Param('token') token: string,
    @QueryPairs() query: Pairs,
  ): Promise<Answer> {
    return ok({ released: await this.pools.release(toPoolName(pool), toToken(token), toOwner(query)) });
  }
}
