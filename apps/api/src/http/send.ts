import { Readable } from 'node:stream';
import { REASONS, type Reason } from '#berth/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeptText, type Answer } from './answer.js';
import { ClientGone } from './client-gone.js';
import { codingOf, varyByCoding } from './compression.js';
import { contextOf, type RequestContext } from './context.js';
import { variesByOrigin } from './cors.js';
import { digestOf, entityTag, namesTag } from './entity-tag.js';
import { writeError } from './error-body.js';
import { toHttpError } from './http-error.js';
import { log } from './log.js';
import { cut } from './log/redact.js';
import { holdAnswer } from './limits/load.js';
import { BERTH_VERSION, namesBerth, VERSION_HEADER } from './microversion.js';

/** First version that tells when things changed (spec http.md §7). */
const CACHE_HEADERS_SINCE = 15;

const JSON_TYPE = 'application/json';

export const EVENTS_TYPE = 'text/event-stream';

/** Sends what a handler answered. */
export function sendAnswer(reply: FastifyReply, answer: Answer): void {
  const { request } = reply;
  const context = contextOf(request);
  const minor = context?.minor;
  const { location, lastModifiedMs, tagged } = answer.options;
  void reply.code(answer.status);
  if (minor !== undefined) addVersionHeaders(reply, minor);
  if (location !== undefined) void reply.header('location', absolute(request, location));
  if (lastModifiedMs !== undefined && minor !== undefined && minor >= CACHE_HEADERS_SINCE) {
    void reply.header('cache-control', 'no-cache');
    if (lastModifiedMs !== 'omit') {
      const when = lastModifiedMs === 'now' ? new Date() : new Date(lastModifiedMs);
      void reply.header('last-modified', when.toUTCString());
    }
  }
  if (answer.body === undefined) {
    void reply.header('content-length', '0').send();
    return;
  }
  if (answer.body instanceof Readable) {
    sendStream(reply, answer.body, answer.options.streamType ?? EVENTS_TYPE);
    return;
  }
  const body = answer.body instanceof KeptText ? answer.body : toBytes(answer.body);
  holdAnswer(reply.raw, body.length, request.method === 'GET');
  if (tagged !== undefined && context?.berth === true && isKnown(reply, body, tagged, context)) return;
  void reply.header('content-type', JSON_TYPE).send(toBytes(body));
}

/** Gives the answer its entity tag. If the client has named it, the answer is 304 and sent; true then. */
function isKnown(
  reply: FastifyReply,
  body: Buffer | KeptText,
  generation: number,
  { mayCompress }: RequestContext,
): boolean {
  const { request } = reply;
  const coding = mayCompress ? codingOf(request, body.length) : undefined;
  const digest = body instanceof KeptText ? body.digest : digestOf(body);
  const tag = entityTag(generation, digest, coding);
  void reply.header('etag', tag);
  const condition = request.headers['if-none-match'];
  if (condition === undefined || !namesTag(condition, tag)) return false;
  if (coding !== undefined) varyByCoding(reply);
  // What a cache has of it stays; a date of now would say that something changed. Source: RFC 9110 §15.4.5.
  void reply.removeHeader('last-modified').code(304).send();
  return true;
}

/** Text as bytes: to text Fastify would add a charset, and the API's JSON has none. */
function toBytes(body: object | string): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof KeptText) return Buffer.from(body.text);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Of requests that fail in crowds, one line each would be the next thing that is too many; what they fail of tells of itself. */
const TOLD_ONCE: ReadonlySet<Reason> = new Set<Reason>([REASONS.overloaded, REASONS.identityUnavailable]);

/** Sends any error, in the words of the API. What nobody expected is logged, and its text stays inside. */
export function sendError(reply: FastifyReply, failure: unknown): void {
  const { request } = reply;
  const context = contextOf(request);
  const error = toHttpError(failure);
  if (context !== undefined) context.reason = error.reason;
  // A client that left while it sent its request, or while it waited, is nobody to tell, and nothing of ours went wrong.
  const hasLeft = failure instanceof ClientGone || (request.raw.destroyed && !request.raw.complete);
  if (error.status >= 500 && !hasLeft && !TOLD_ONCE.has(error.reason)) {
    const path = cut(request.url.split('?', 1)[0] ?? '');
    log.error({ request_id: context?.requestId, method: request.method, path, err: failure }, 'request failed');
  }
  void reply.code(error.status);
  const versionKnown = context?.minor !== undefined && error.options.versionFailed !== true;
  if (versionKnown && error.status !== 500) addVersionHeaders(reply, context.minor ?? 0);
  else if (variesByOrigin(reply)) void reply.header('vary', 'Origin');
  for (const [name, value] of Object.entries(error.options.headers ?? {})) void reply.header(name, value);
  if (error.status === 401) {
    // Not in the form of the others (spec http.md §9).
    const reason = namesBerth(request.headers[VERSION_HEADER]) && { reason: { code: error.reason } };
    const { message } = error;
    const told = error.options.keystoneForm
      ? { error: { code: 401, title: 'Unauthorized', message } }
      : { message, code: '401 Unauthorized', title: 'Unauthorized' };
    sendText(reply, JSON_TYPE, JSON.stringify({ ...told, ...reason }));
    return;
  }
  const { contentType, body } = writeError(error, {
    accept: context?.accept ?? 'application/json',
    method: request.method,
    requestId: context?.requestId ?? '',
    minor: versionKnown ? context.minor : undefined,
    // Also where nobody is known to ask, or no version was agreed on.
    berth: namesBerth(request.headers[VERSION_HEADER]),
  });
  // To HEAD too: the server leaves the body out, and its length keeps the connection usable.
  sendText(reply, contentType, body);
}

/** Nothing on the way may keep events back, or answer them again. The stream ends when the client goes. */
function sendStream(reply: FastifyReply, stream: Readable, type: string): void {
  void reply.headers({ 'content-type': type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).send(stream);
}

function sendText(reply: FastifyReply, contentType: string, text: string): void {
  void reply.header('content-type', contentType).send(toBytes(text));
}

function addVersionHeaders(reply: FastifyReply, minor: number): void {
  const berth = contextOf(reply.request)?.berth === true ? `, berth ${BERTH_VERSION}` : '';
  void reply.header(VERSION_HEADER, `placement 1.${minor}${berth}`);
  void reply.header('vary', variesByOrigin(reply) ? `${VERSION_HEADER},Origin` : VERSION_HEADER);
}

function absolute(request: FastifyRequest, path: string): string {
  return `${request.protocol}://${request.host}${path.split('/').map(encodeSegment).join('/')}`;
}

function encodeSegment(segment: string): string {
  return /^[\w.-]*$/.test(segment) ? segment : encodeURIComponent(segment);
}
