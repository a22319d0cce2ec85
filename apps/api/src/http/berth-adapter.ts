import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { Answer } from './answer.js';
import { answerClientError } from './client-error.js';
import { serverOptions } from './limits/connections.js';
import type { LimitsConfig } from './limits/limits-config.js';
import { tlsOptions, type TlsConfig } from './tls/tls.js';
import { sendAnswer } from './send.js';

/** Far above any real body: the largest known, a reshape of a whole site, has a few MB. */
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

/** Room for a query with some thousands of uuids, which is how schedulers name aggregates. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Names have up to 255 characters, and a wrong one shall be told so, not be cut off: as long as a header may be. */
const MAX_PARAM_LENGTH = MAX_HEADER_BYTES;

/** Longer than load balancers keep idle connections, so that it is never this side that closes on a request: ms. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Nest's adapter with three things of the house: answers are sent by `sendAnswer`, errors and unknown paths by the
 * pipeline, and bodies come as bytes.
 */
export class BerthAdapter extends FastifyAdapter {
  /** Throws ConfigError if TLS is wanted and its files are of no use. */
  constructor(limits: LimitsConfig, tls: TlsConfig | undefined) {
    const http = { maxHeaderSize: MAX_HEADER_BYTES, ...serverOptions(limits) };
    super({
      bodyLimit: BODY_LIMIT_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      // While it stops, what still comes in on open connections is served: nobody is turned away half way.
      return503OnClosing: false,
      exposeHeadRoutes: false,
      clientErrorHandler: answerClientError,
      requestTimeout: limits.requestTimeoutMs,
      connectionTimeout: limits.responseTimeoutMs,
      ...(limits.trustedProxies.length > 0 && { trustProxy: [...limits.trustedProxies] }),
      ...(tls === undefined ? { http } : { https: { ...http, ...tlsOptions(tls) } }),
      rewriteUrl: ({ url = '/' }) => decodable(pathOf(url)),
      routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    });
  }

  override reply(
    response: Parameters<FastifyAdapter['reply']>[0],
    body: unknown,
    statusCode?: number,
  ): ReturnType<FastifyAdapter['reply']> {
    if (!(body instanceof Answer)) return super.reply(response, body, statusCode);
    // A handler's reply is always Fastify's own: raw responses come from middleware, and there is none.
    const reply = response as FastifyReply;
    sendAnswer(reply, body);
    return reply;
  }

  // The pipeline has set its own; Nest's would give its own texts.
  override setErrorHandler(): never {
    return undefined as never;
  }

  override setNotFoundHandler(): never {
    return undefined as never;
  }

  override registerParserMiddleware(): void {
    // The pipeline takes bodies as bytes.
  }
}

/** Proxies may name the whole URL in the request line; the router knows paths. */
function pathOf(url: string): string {
  if (url.startsWith('/')) return url;
  const path = /^https?:\/\/[^/?]*(.*)$/i.exec(url)?.[1];
  // What is no path is looked for like one, and not found, in the words of the API.
  if (path === undefined) return `/${url}`;
  return path.startsWith('/') ? path : `/${path}`;
}

/** The router refuses what it can't decode, in its own words: such a path is taken literally, and then isn't found. */
function decodable(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  if (!path.includes('%')) return url;
  try {
    decodeURIComponent(path);
    return url;
  } catch {
    return path.replaceAll('%', '%25') + url.slice(path.length);
  }
}
