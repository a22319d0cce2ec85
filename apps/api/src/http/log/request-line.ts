import type { FastifyReply } from 'fastify';
import { logOften, type Fields } from '../log.js';
import { microversionOf, type RequestEnd } from '../request-end.js';
import type { LogConfig } from './log-config.js';
import { cut, loggedName, loggedQuery } from './redact.js';

/** Under which services tell each other which request of a user they work for (spec http.md §8). */
const GLOBAL_ID_HEADER = 'x-openstack-request-id';
const GLOBAL_ID = /^req-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/;

/** Writes the line of a request that is over. Source: docs/monitoring.md. */
export function logRequest(end: RequestEnd, requests: LogConfig['requests']): void {
  const { status } = end;
  if (requests === 'none' || (requests === 'errors' && status < 400)) return;
  const level = end.quiet ? 'debug' : status >= 500 ? 'error' : 'info';
  logOften(level, () => fieldsOf(end), 'request');
}

/** Members that are undefined are left out of the line. */
function fieldsOf(end: RequestEnd): Fields {
  const { request, reply, context, status, reason, route, durationMs, aborted } = end;
  const { url } = request;
  const mark = url.indexOf('?');
  const identity = context?.identity;
  return {
    request_id: context?.requestId,
    global_request_id: globalIdOf(request.headers[GLOBAL_ID_HEADER]),
    user: loggedName(identity?.user),
    project: loggedName(identity?.project),
    method: request.method,
    route: route.pattern,
    path: cut(mark === -1 ? url : url.slice(0, mark)),
    query: mark === -1 ? undefined : loggedQuery(url.slice(mark + 1)),
    microversion: microversionOf(end),
    berth: context?.berth === true ? true : undefined,
    status,
    reason,
    duration_ms: Math.round(durationMs * 1_000) / 1_000,
    bytes: bytesOf(reply),
    client: request.ip,
    aborted: aborted || undefined,
  };
}

function globalIdOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && GLOBAL_ID.test(header) ? header : undefined;
}

/** Of the body; undefined where it was a stream, whose length nobody knew beforehand. */
function bytesOf(reply: FastifyReply): number | undefined {
  const length = reply.getHeader('content-length');
  return length === undefined ? (reply.statusCode === 204 || reply.statusCode === 304 ? 0 : undefined) : Number(length);
}
