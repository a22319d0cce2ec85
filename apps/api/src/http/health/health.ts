import type { Readiness } from '#berth/placement';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { OpenConfig } from '../open-routes.js';
import type { WatchedConfig } from '../request-watch.js';

/** Balancers ask every few seconds and give up soon: ms. */
const READY_LIMIT_MS = 2_000;

const CONFIG: OpenConfig & WatchedConfig = { open: () => true, quiet: true };

/** Where the process stands in its life; changed by whoever stops it. */
export interface Life {
  stopping: boolean;
}

/**
 * Serves `/healthz`, whether this process answers at all, and `/readyz`, whether requests should be sent to it. For
 * everybody, without token or version. Call it before the pipeline is installed: stock clients learn nothing of them.
 * Source: docs/monitoring.md.
 */
export function serveHealth(
  server: FastifyInstance,
  life: Readonly<Life>,
  check: (limitMs: number) => Promise<Readiness>,
): void {
  server.get('/healthz', { config: CONFIG }, (_request, reply) => tell(reply, 200, { status: 'ok' }));
  server.get('/readyz', { config: CONFIG }, async (_request, reply) => {
    if (life.stopping) return await tell(reply, 503, { status: 'stopping' });
    const { database, schema, snapshot } = await check(READY_LIMIT_MS);
    const isReady = [database, schema, snapshot].every((part) => part === 'ok');
    return await tell(reply, isReady ? 200 : 503, {
      status: isReady ? 'ready' : 'not ready',
      parts: { database, schema, snapshot },
    });
  });
}

function tell(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).headers({ 'cache-control': 'no-store', 'content-type': 'application/json' }).send(body);
}
