import { afterEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { answerCors, type CorsConfig } from './cors.js';

const servers: FastifyInstance[] = [];

afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** The headers that a server with this configuration answers, and whether the request went further. */
async function ask(
  config: Partial<CorsConfig>,
  method: 'GET' | 'OPTIONS',
  headers: Record<string, string>,
): Promise<{ served: boolean; headers: Record<string, unknown> }> {
  const server = fastify();
  servers.push(server);
  let served = false;
  server.addHook('onRequest', async (request, reply) => {
    const complete = { allowedOrigins: [], allowedHeaders: undefined, ...config };
    if (answerCors(complete, request, reply)) return reply.send();
  });
  server.route({
    method: ['GET', 'OPTIONS'],
    url: '/',
    handler: () => {
      served = true;
      return '';
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const reply = await fetch(url, { method, headers });
  const said = [...reply.headers].filter(([name]) => name.startsWith('access-control-'));
  return { served, headers: Object.fromEntries(said) };
}

const origin = 'http://a.example.com';
const preflight = { origin, 'access-control-request-method': 'GET' };

describe('answerCors (spec http.md §10)', () => {
  it('does nothing without configured origins', async () => {
    expect(await ask({}, 'OPTIONS', preflight)).toEqual({ served: true, headers: {} });
    expect(await ask({}, 'GET', { origin })).toEqual({ served: true, headers: {} });
  });

  it('answers every OPTIONS itself', async () => {
    const config = { allowedOrigins: ['http://b.example.com'] };
    expect(await ask(config, 'OPTIONS', {})).toEqual({ served: false, headers: {} });
    expect(await ask(config, 'OPTIONS', preflight)).toEqual({ served: false, headers: {} });
  });

  it('a star allows every origin, and names it', async () => {
    const { headers } = await ask({ allowedOrigins: ['*'] }, 'GET', { origin });
    expect(headers['access-control-allow-origin']).toBe(origin);
  });

  it.each([
    'X-Auth-Token',
    'X-Openstack-Request-Id',
    'X-Identity-Status',
    'X-Roles',
    'X-Service-Catalog',
    'X-User-Id',
    'X-Tenant-Id',
    'openstack-api-version',
  ])('allows the header %s unless others are configured', async (name) => {
    const wanted = { ...preflight, 'access-control-request-headers': name };
    const usual = await ask({ allowedOrigins: [origin] }, 'OPTIONS', wanted);
    expect(usual.headers['access-control-allow-headers']).toBe(name);
    const other = await ask({ allowedOrigins: [origin], allowedHeaders: ['x-other'] }, 'OPTIONS', wanted);
    expect(other.headers).toEqual({});
  });
});
