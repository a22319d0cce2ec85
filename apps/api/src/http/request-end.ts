import type { Reason } from '#berth/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from './context.js';
import type { RouteMeasures } from './metrics/request-measures.js';

/** How a request ended: what is counted, logged and traced of it. */
export interface RequestEnd {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: RequestContext | undefined;
  readonly status: number;
  /** Why it was refused. */
  readonly reason: Reason | undefined;
  /** The route that served it. */
  readonly route: RouteMeasures;
  /** Asked by machines, all day long: a line about it is for those who look for an error. */
  readonly quiet: boolean;
  readonly durationMs: number;
  /** Whether the client went before it had all of the answer. */
  readonly aborted: boolean;
}

/** The version that was agreed on, as clients write it; undefined: none was. */
export function microversionOf({ context }: RequestEnd): string | undefined {
  return context?.minor === undefined ? undefined : `1.${context.minor}`;
}
