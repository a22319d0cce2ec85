import { LockspacesService } from '#berth/locks';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { created, events, noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Gone, QueryPairs } from '../http/request-values.js';
import { EVENTS_TYPE } from '../http/send.js';
import { LockEventStreams } from './lock-events.stream.js';
import {
  POST_HANDLE_BODIES,
  PUT_LOCKSPACE_BODIES,
  toFlags,
  toLockspace,
  type PostHandleBody,
  type PutLockspaceBody,
} from './lockspaces.dto.js';
import { checkNames, toEventsOwner, toLockspacesPage } from './lockspaces.query.js';
import { handleView, lockspaceInUseView, lockspacesView, lockspaceView, ownerView } from './lockspaces.view.js';

@Controller('lockspaces')
export class LockspacesController {
  constructor(
    private readonly lockspaces: LockspacesService,
    private readonly streams: LockEventStreams,
  ) {}

  @Get()
  @Endpoint({
    rule: 'berth:lockspaces:list',
    gates: ['contract', 'accept', 'policy'],
    summary: 'List lockspaces, page by page',
  })
  async list(@QueryPairs() query: Pairs): Promise<Answer> {
    const { after, limit } = toLockspacesPage(query);
    return ok(lockspacesView(await this.lockspaces.list(after, limit), limit));
  }

  @Put(':lockspace')
  @Endpoint({
    rule: 'berth:lockspaces:update',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: PUT_LOCKSPACE_BODIES,
    summary: 'Make a lockspace, or set its times; one that drained grants again',
  })
  async put(@Param('lockspace') name: string, @Body() body: PutLockspaceBody): Promise<Answer> {
    const lockspace = toLockspace(name, body);
    const isNew = await this.lockspaces.put(lockspace);
    const view = lockspaceView({ ...lockspace, draining: false });
    return isNew ? created({ body: view }) : ok(view);
  }

  @Get(':lockspace')
  @Endpoint({
    rule: 'berth:lockspaces:show',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    summary: 'Show a lockspace and how much of it is in use',
  })
  async get(@Param('lockspace') name: string): Promise<Answer> {
    return ok(lockspaceInUseView(await this.lockspaces.get(name)));
  }

  @Post(':lockspace/drain')
  @Endpoint({
    rule: 'berth:lockspaces:drain',
    gates: ['contract', 'policy'],
    checkPath: checkNames,
    summary: 'Grant nothing new in a lockspace',
  })
  async drain(@Param('lockspace') name: string): Promise<Answer> {
    return ok(lockspaceInUseView(await this.lockspaces.drain(name)));
  }

  @Delete(':lockspace')
  @Endpoint({
    rule: 'berth:lockspaces:delete',
    gates: ['contract', 'policy'],
    checkPath: checkNames,
    summary: 'Remove a lockspace that is drained and not in use',
  })
  async remove(@Param('lockspace') name: string): Promise<Answer> {
    await this.lockspaces.remove(name);
    return noContent();
  }

  @Post(':lockspace/handles')
  @Endpoint({
    rule: 'berth:lockspaces:handles:allocate',
    gates: ['contract', 'contentType', 'policy'],
    checkPath: checkNames,
    body: POST_HANDLE_BODIES,
    summary: 'Allocate a handle for a lock, with flags',
  })
  async allocate(@Param('lockspace') lockspace: string, @Body() body: PostHandleBody): Promise<Answer> {
    const handle = await this.lockspaces.allocate({ lockspace, name: body.name }, body.owner, toFlags(body));
    return created({ body: handleView(handle) });
  }

  @Delete(':lockspace/handles/:handle')
  @Endpoint({
    rule: 'berth:lockspaces:handles:free',
    gates: ['contract', 'policy'],
    checkPath: checkNames,
    summary: 'Free a handle with what it holds',
  })
  async free(@Param('lockspace') lockspace: string, @Param('handle') handle: string): Promise<Answer> {
    return ok({ handle, released: await this.lockspaces.free(lockspace, handle) });
  }

  @Get(':lockspace/owners/:owner')
  @Endpoint({
    rule: 'berth:lockspaces:owners:show',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    summary: 'Show what an owner holds and waits for',
  })
  async owner(@Param('lockspace') lockspace: string, @Param('owner') owner: string): Promise<Answer> {
    return ok(ownerView(owner, await this.lockspaces.ownerState(lockspace, owner)));
  }

  @Get(':lockspace/events')
  @Endpoint({
    rule: 'berth:lockspaces:events',
    gates: ['contract', 'accept', 'policy'],
    checkPath: checkNames,
    produces: [EVENTS_TYPE],
    waits: () => true,
    summary: 'Follow what happens to the locks of an owner',
  })
  async follow(
    @Param('lockspace') lockspace: string,
    @QueryPairs() query: Pairs,
    @Gone() gone: AbortSignal,
  ): Promise<Answer> {
    return events(await this.streams.follow(lockspace, toEventsOwner(query), gone));
  }
}
