import { ClusterLocksService, LockspacesService } from '#berth/locks';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { accepted, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Asker, Gone, QueryPairs } from '../http/request-values.js';
import {
  ACQUIRE_LOCKS_BODIES,
  BREAK_LOCK_BODIES,
  PUT_LOCK_BODIES,
  RENEW_LOCKS_BODIES,
  requireOnce,
  toAcquireAll,
  toAcquireOne,
  toActor,
  waitsForLocks,
  type AcquireLocksBody,
  type BreakLockBody,
  type PutLockBody,
  type RenewLocksBody,
} from './lockspaces.dto.js';
import { checkNames, toLocksPage, toRequestId } from './lockspaces.query.js';
import {
  brokenView,
  cancelledView,
  grantedAllView,
  locksView,
  lockView,
  queuedView,
  releasedView,
  renewedView,
  requestView,
  singleView,
} from './lockspaces.view.js';

@Controller('lockspaces/:lockspace')
export class ClusterLocksController {
  constructor(
    private readonly locks: ClusterLocksService,
    private readonly lockspaces: LockspacesService,
  ) {}

  @Put('locks/:name')
  @Endpoint({
    rule: 'berth:lockspaces:locks:acquire',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: PUT_LOCK_BODIES,
    waits: waitsForLocks,
    summary: 'Acquire, convert, renew or release a lock',
  })
  async put(
    @Param() lock: { lockspace: string; name: string },
    @Body() body: PutLockBody,
    @Gone() gone: AbortSignal,
  ): Promise<Answer> {
    if (body.mode === 'unlock') {
      return ok(releasedView(lock, await this.locks.release(lock, toActor(body), body.token)));
    }
    const acquired = await this.locks.acquire(toAcquireOne(lock, body, gone));
    return acquired.status === 'granted' ? ok(singleView(acquired.locks)) : accepted(queuedView(acquired.requestId));
  }

  @Get('locks/:name')
  @Endpoint({
    rule: 'berth:lockspaces:locks:show',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    summary: 'Show who holds a lock and who waits for it',
  })
  async show(@Param() lock: { lockspace: string; name: string }): Promise<Answer> {
    return ok(lockView(lock, await this.lockspaces.showLock(lock)));
  }

  @Get('locks')
  @Endpoint({
    rule: 'berth:lockspaces:locks:list',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    summary: 'List the locks that are held or waited for, page by page',
  })
  async list(@Param('lockspace') lockspace: string, @QueryPairs() query: Pairs): Promise<Answer> {
    const { prefix, after, limit } = toLocksPage(query);
    return ok(locksView(await this.lockspaces.listLocks(lockspace, prefix, after, limit), limit));
  }

  @Post('locks/:name/break')
  @Endpoint({
    rule: 'berth:lockspaces:break',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: BREAK_LOCK_BODIES,
    summary: 'Take a lock from whoever holds it',
  })
  async break(
    @Param() lock: { lockspace: string; name: string },
    @Body() body: BreakLockBody,
    @Asker() asker: string,
  ): Promise<Answer> {
    return ok(brokenView(lock, await this.locks.break(lock, body, asker)));
  }

  @Post('acquire')
  @Endpoint({
    rule: 'berth:lockspaces:locks:acquire',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: ACQUIRE_LOCKS_BODIES,
    waits: waitsForLocks,
    summary: 'Acquire several locks, all or none',
  })
  async acquire(
    @Param('lockspace') lockspace: string,
    @Body() body: AcquireLocksBody,
    @Gone() gone: AbortSignal,
  ): Promise<Answer> {
    const acquired = await this.locks.acquire(toAcquireAll(lockspace, body, gone));
    if (acquired.status === 'granted') return ok(grantedAllView(acquired.locks));
    return accepted(queuedView(acquired.requestId));
  }

  @Post('renew')
  @Endpoint({
    rule: 'berth:lockspaces:locks:acquire',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: RENEW_LOCKS_BODIES,
    summary: 'Let holds of an owner last longer',
  })
  async renew(@Param('lockspace') lockspace: string, @Body() body: RenewLocksBody): Promise<Answer> {
    requireOnce(body.locks);
    return ok(renewedView(body.locks, await this.locks.renew(lockspace, body.owner, body.locks, body.lease_ms)));
  }

  @Get('requests/:request')
  @Endpoint({
    rule: 'berth:lockspaces:requests:show',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    summary: 'Show whether a request waits or what it was granted',
  })
  async request(@Param('lockspace') lockspace: string, @Param('request') request: string): Promise<Answer> {
    const id = toRequestId(request);
    return ok(requestView(id, await this.lockspaces.request(lockspace, id)));
  }

  @Delete('requests/:request')
  @Endpoint({
    rule: 'berth:lockspaces:requests:cancel',
    gates: ['contract', 'policy'],
    checkPath: checkNames,
    summary: 'Take a request out of line',
  })
  async cancel(@Param('lockspace') lockspace: string, @Param('request') request: string): Promise<Answer> {
    const id = toRequestId(request);
    return ok(cancelledView(id, await this.locks.cancel(lockspace, id)));
  }
}
