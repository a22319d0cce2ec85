import type { PoolSummary } from '#berth/locks';
import { Registry } from 'prom-client';
import { readGauge, type Sample } from './metric.js';

/** What is true of the whole database, and read from it. */
export interface SharedSources {
  readonly lockUsage: () => Promise<{
    readonly slots: number;
    readonly clusterHolds: number;
    readonly clusterRequests: number;
  }>;
  /** The first so many pools, in order of name. */
  readonly pools: (limit: number) => Promise<readonly PoolSummary[]>;
}

/** Each is three series: a hundred more say nothing that `GET /lock_pools` doesn't. */
const MAX_POOLS = 50;

/** Whoever scrapes gives up soon, and these are the least of what it wants to know: ms. */
const READ_LIMIT_MS = 2_000;

/**
 * The metrics that every process would tell alike: they are read once for all of them. A database that does not answer
 * leaves them out; the others are told all the same.
 */
export function sharedRegistry(sources: SharedSources): Registry {
  const registry = new Registry();
  const usage = readOnce(sources.lockUsage);
  const pools = readOnce(() => sources.pools(MAX_POOLS));
  const gauge = (name: string, help: string, value: 'slots' | 'clusterHolds' | 'clusterRequests'): void => {
    readGauge(registry, { name, help }, async () => {
      const read = await usage();
      return read === undefined ? [] : [[{}, read[value]]];
    });
  };
  gauge('berth_slot_locks_held', 'Slots that are held, at most 10000.', 'slots');
  gauge('berth_cluster_locks_held', 'Holds of cluster locks, at most 10000.', 'clusterHolds');
  gauge('berth_cluster_locks_awaited', 'Requests in line for cluster locks, at most 10000.', 'clusterRequests');
  const ofPools = (name: string, help: string, value: 'capacity' | 'active' | 'waiting'): void => {
    readGauge(registry, { name, help }, async () =>
      ((await pools()) ?? []).map((pool): Sample<number> => [{ pool: pool.name }, pool[value]]),
    );
  };
  ofPools('berth_lock_pool_capacity', 'Keys that may be active at once, of the first 50 pools.', 'capacity');
  ofPools('berth_lock_pool_active', 'Permits that are held, of the first 50 pools.', 'active');
  ofPools('berth_lock_pool_waiting', 'Requests in line, of the first 50 pools.', 'waiting');
  return registry;
}

/** Reads once for all who ask at the same time; undefined: it can't be read, or not soon enough. */
function readOnce<Value>(read: () => Promise<Value>): () => Promise<Value | undefined> {
  let reading: Promise<Value | undefined> | undefined;
  return async () => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => (reading = undefined));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), READ_LIMIT_MS);
    });
    try {
      return await Promise.race([reading, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
