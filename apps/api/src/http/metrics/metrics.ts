import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { EndpointConfig } from '../endpoint.js';
import { isFromHere, type OpenConfig } from '../open-routes.js';
import type { WatchedConfig } from '../request-watch.js';
import type { MetricsAccess } from './metrics-config.js';
import { Workers, type Reading } from './workers.js';
import { processRegistry, type ProcessSources } from './process-registry.js';
import { sharedRegistry, type SharedSources } from './shared-registry.js';

/** The rule of the policy for those who are not on this machine. */
const RULE = 'berth:metrics';

export type MetricsSources = ProcessSources & SharedSources;

/**
 * Serves `GET /metrics` in the text format of Prometheus: of all workers together. Call it before the pipeline is
 * installed: it is no part of the Placement API. Source: docs/monitoring.md.
 */
export function serveMetrics(server: FastifyInstance, access: MetricsAccess, sources: MetricsSources): void {
  const own = processRegistry(sources);
  const shared = sharedRegistry(sources);
  // Also where this worker tells nobody itself, the others are asked alike.
  const workers = new Workers(() => own.getMetricsAsJSON());
  if (access === 'off') return;
  const config: OpenConfig & WatchedConfig & EndpointConfig = {
    open: access === 'open' ? () => true : isFromHere,
    quiet: true,
    endpoint: { rule: RULE, gates: ['policy'] },
  };
  server.get('/metrics', { config }, async (_request, reply) => {
    const text = `${await allOf(own, workers)}${await shared.metrics()}`;
    return await reply.headers({ 'content-type': own.contentType, 'cache-control': 'no-store' }).send(text);
  });
}

/** The supervisor asks this worker too, so that it knows the last numbers of each. */
async function allOf(own: Registry, workers: Workers): Promise<string> {
  const { living, ended } = await workers.read();
  if (living.length === 0) return await own.metrics();
  const readings = [...living, ...ended.map(countedBy)];
  return await AggregatorRegistry.aggregate(readings as Parameters<typeof AggregatorRegistry.aggregate>[0]).metrics();
}

/** What a process that ended has counted stays counted, or sums would fall; what it had, nobody has any more. */
function countedBy(reading: Reading): Reading {
  return reading.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}
