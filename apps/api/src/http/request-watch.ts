import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contextOf } from './context.js';
import { logRequest } from './log/request-line.js';
import type { RequestEnd } from './request-end.js';
import type { LogConfig } from './log/log-config.js';
import type { RequestMeasures, RouteMeasures } from './metrics/request-measures.js';
import type { RequestTracer } from './tracing/request-tracer.js';

/** What a route's configuration says to whoever watches requests. */
export interface WatchedConfig {
  /** Asked by machines, all day long: not worth a line in the log. */
  readonly quiet?: boolean;
  /** Where its requests are counted. */
  readonly measures?: RouteMeasures;
}

export interface Watch {
  readonly measures: RequestMeasures;
  readonly logged: LogConfig['requests'];
  /** undefined: nobody traces. */
  readonly tracer: RequestTracer | undefined;
}

/** What the client went before it was answered is said to have been answered with, as other servers do. */
const CLIENT_GONE = 499;

/**
 * Counts, times, logs and traces every request. It ends when its answer is out or the client is gone, whichever way it
 * was answered. Call it before any route is declared.
 */
export function watchRequests(server: FastifyInstance, watch: Watch): void {
  const { measures, tracer, logged } = watch;
  const spans = new WeakMap<object, unknown>();
  server.addHook('onRoute', (route) => {
    const [method = ''] = [route.method].flat();
    route.config = { ...route.config, measures: measures.route(method, route.url) } as typeof route.config;
  });
  server.addHook('onRequest', (request, reply, done) => {
    const startedMs = performance.now();
    measures.underWay += 1;
    if (tracer !== undefined && !isQuiet(request)) spans.set(request.raw, tracer.begin(request));
    reply.raw.once('close', () => {
      measures.underWay -= 1;
      const end = endOf(request, reply, measures, performance.now() - startedMs);
      count(end, measures);
      logRequest(end, logged);
      if (tracer === undefined) return;
      const span = spans.get(request.raw);
      if (span !== undefined) tracer.end(span, end);
    });
    done();
  });
  if (tracer === undefined) return;
  // Not sooner: the bytes of a body come from outside of it.
  server.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request.raw);
    if (span === undefined) done();
    else tracer.within(span, done);
  });
}

function isQuiet(request: FastifyRequest): boolean {
  return (request.routeOptions.config as WatchedConfig | undefined)?.quiet === true;
}

/** What came of the request. */
function endOf(
  request: FastifyRequest,
  reply: FastifyReply,
  measures: RequestMeasures,
  durationMs: number,
): RequestEnd {
  const config = request.routeOptions.config as WatchedConfig | undefined;
  const context = contextOf(request);
  const aborted = !reply.raw.writableFinished;
  const status = aborted && !reply.raw.headersSent ? CLIENT_GONE : reply.statusCode;
  return {
    request,
    reply,
    context,
    status,
    reason: status >= 400 ? context?.reason : undefined,
    route: config?.measures ?? measures.unserved(request.method),
    quiet: config?.quiet === true,
    durationMs,
    aborted,
  };
}

function count({ route, status, durationMs, reason }: RequestEnd, measures: RequestMeasures): void {
  route.add(status, durationMs);
  if (reason !== undefined) measures.refused(reason);
}
