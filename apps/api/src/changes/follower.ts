import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefers } from '../http/accept.js';
import { contextOf } from '../http/context.js';
import { queryPairs } from '../http/request-values.js';
import { EVENTS_TYPE } from '../http/send.js';

/** Who asks for changes, beside the query. */
export interface Follower {
  /** Whether a stream of events is wanted and not one answer. */
  readonly wantsEvents: boolean;
  /** Where a client of events was when its connection broke. */
  readonly lastEventId: string | undefined;
  /** Given when it is gone, or has its answer. */
  readonly signal: AbortSignal;
}

/** Who asks, as its request says. */
export const AsFollower = createParamDecorator((_: unknown, context: ExecutionContext): Follower => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const gone = new AbortController();
  http.getResponse<FastifyReply>().raw.once('close', () => gone.abort());
  const wantsEvents = prefersEvents(request);
  const lastEventId = request.headers['last-event-id'];
  return {
    wantsEvents,
    lastEventId: wantsEvents && lastEventId !== '' ? lastEventId?.toString() : undefined,
    signal: gone.signal,
  };
});

/** Whether a request follows the changes for longer than it takes to answer what there is. */
export function waitsForChanges(request: FastifyRequest): boolean {
  return prefersEvents(request) || queryPairs(request).some(([key, value]) => key === 'wait' && value !== '0');
}

function prefersEvents(request: FastifyRequest): boolean {
  return prefers(contextOf(request)?.accept ?? '', EVENTS_TYPE, 'application/json');
}
