import type { FastifyReply, FastifyRequest } from 'fastify';

/** Which pages of other origins may use the service (spec http.md §10). Without origins there is no CORS at all. */
export interface CorsConfig {
  readonly allowedOrigins: readonly string[];
  /** undefined: the usual ones. */
  readonly allowedHeaders: readonly string[] | undefined;
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'];

const USUAL_HEADERS = [
  'X-Auth-Token',
  'X-Openstack-Request-Id',
  'X-Identity-Status',
  'X-Roles',
  'X-Service-Catalog',
  'X-User-Id',
  'X-Tenant-Id',
  'OpenStack-API-Version',
];

/** Allowed whatever is configured: a browser may send them anyway, but for some values of Content-Type it asks first. */
const SIMPLE_HEADERS = ['Accept', 'Accept-Language', 'Cache-Control', 'Content-Language', 'Content-Type', 'Pragma'];

const EXPOSED_HEADERS = 'X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,X-Service-Token,OpenStack-API-Version';

/** How long a browser may remember a preflight: seconds. */
const MAX_AGE_SECONDS = 3600;

/** Adds the headers of CORS; true if the request is thereby answered, with 200 and nothing in it. */
export function answerCors(config: CorsConfig, request: FastifyRequest, reply: FastifyReply): boolean {
  if (config.allowedOrigins.length === 0) return false;
  const { origin } = request.headers;
  const known = origin !== undefined && (config.allowedOrigins.includes(origin) || config.allowedOrigins.includes('*'));
  if (request.method === 'OPTIONS') {
    if (known) addPreflight(config, origin, request, reply);
    return true;
  }
  if (known) {
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED_HEADERS,
    });
  }
  return false;
}

/** Whether the answer to this request depends on where the page that asked came from. */
export function variesByOrigin(reply: FastifyReply): boolean {
  return reply.hasHeader('access-control-allow-origin');
}

function addPreflight(config: CorsConfig, origin: string, request: FastifyRequest, reply: FastifyReply): void {
  const method = request.headers['access-control-request-method'];
  if (method === undefined || !METHODS.includes(method)) return;
  const wanted = request.headers['access-control-request-headers'];
  const names = (wanted ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const allowed = new Set(
    [...SIMPLE_HEADERS, ...(config.allowedHeaders ?? USUAL_HEADERS)].map((name) => name.toLowerCase()),
  );
  if (!names.every((name) => allowed.has(name.toLowerCase()))) return;
  void reply.headers({
    'access-control-allow-origin': origin,
    vary: 'Origin',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': `${MAX_AGE_SECONDS}`,
    'access-control-allow-methods': method,
    ...(names.length > 0 && { 'access-control-allow-headers': names.join(',') }),
  });
}
