import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EndpointConfig, EndpointRules } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import { endUntakenAnswers, limitConnections } from './connections.js';
import type { LimitsConfig } from './limits-config.js';
import { COUNTED_BYTES, Load } from './load.js';
import { RateLimiter } from './rate-limiter.js';
import { readAsItComes } from './streamed-bodies.js';

/** What balancers and monitors ask: how busy a process is says nothing about whether it is well. */
const PROBES = /^\/(?:healthz|readyz|metrics)?(?:\?|$)/;

/** Headers of a request; clients and the proxies before them send some thirty. */
const MAX_HEADERS = 500;

/** Of the 256 KB that the beginning of a request may have; a query with 4,000 uuids has 148. */
const MAX_URL_LENGTH = 192 * 1024;

/** The limits of a process, asked where a request passes by. Source: docs/limits.md, docs/adr/0023. */
export class Limits {
  readonly load: Load;
  private readonly rates: RateLimiter;

  constructor(private readonly config: LimitsConfig) {
    this.load = new Load(config);
    this.rates = new RateLimiter(config);
  }

  /** Sets up what the server itself looks after: bodies, connections, and clients that don't take their answers. */
  install(server: FastifyInstance): void {
    endUntakenAnswers(server.server);
    limitConnections(server.server, this.config);
    // An expectation that is unknown may be ignored; Node would answer it, in another form.
    server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
    // More headers are refused below; Node's own limit would drop them in silence.
    server.server.maxHeadersCount = 0;
    server.addHook('preParsing', (request, reply, payload, done) => {
      const { endpoint } = request.routeOptions.config as EndpointConfig;
      if (endpoint?.streams === undefined && mayBeLarge(request.raw)) {
        payload.on('data', (chunk: Buffer) => {
          if (!this.load.hold(reply.raw, chunk.length)) request.raw.destroy();
        });
      }
      done(null, payload);
    });
  }

  /** At the very beginning of a request. Throws Unavailable, HttpError. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const { rawHeaders, url = '', socket } = request.raw;
    if (!PROBES.test(url)) this.load.begin(reply.raw, socket);
    if (url.length > MAX_URL_LENGTH) {
      throw new HttpError(414, `The path and query have more than ${MAX_URL_LENGTH} characters.`);
    }
    if (rawHeaders.length > 2 * MAX_HEADERS) throw new HttpError(431, `There are more than ${MAX_HEADERS} headers.`);
  }

  /** Before it is found out who asks. Throws HttpError 429. */
  beforeIdentity(request: FastifyRequest): void {
    this.rates.beforeIdentity(request.ip);
  }

  /** When it is known who asks, or that nobody is known to. Throws HttpError 429. */
  count(request: FastifyRequest, user: string | undefined): void {
    if (!PROBES.test(request.raw.url ?? '')) this.rates.count({ ip: request.ip, user });
  }

  /** Once the body is read: from then on some requests only wait. Throws Unavailable. */
  pass(rules: EndpointRules, request: FastifyRequest, reply: FastifyReply): void {
    if (rules.waits?.(request) === true) this.load.wait(reply.raw);
  }

  /** A body that its handler reads as it comes. */
  stream(request: FastifyRequest): void {
    readAsItComes(request.raw, this.config.requestTimeoutMs);
  }
}

/** A body that doesn't say how long it is may be of any length. */
function mayBeLarge({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return length === undefined ? headers['transfer-encoding'] !== undefined : Number(length) > COUNTED_BYTES;
}
