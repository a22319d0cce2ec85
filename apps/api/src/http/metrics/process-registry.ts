import type { LockMeasures } from '#berth/locks';
import type { ServiceMeasures } from '#berth/placement';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { readCounter, readGauge, readHistogram, type Sample } from './metric.js';
import type { RequestMeasures } from './request-measures.js';

/** What the metrics of a process are read from. */
export interface ProcessSources {
  readonly version: string;
  readonly requests: RequestMeasures;
  readonly service: () => ServiceMeasures;
  readonly locks: () => LockMeasures;
}

/** How often the delay of the event loop is sampled: ms. */
const LOOP_SAMPLE_MS = 20;

/** Of use to those who work on Node.js itself. */
const INNER = /^nodejs_(?:active_|heap_space_)/;

/** The metrics of this process. Every one of them stands in docs/monitoring.md. */
export function processRegistry(sources: ProcessSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  for (const { name } of registry.getMetricsAsArray()) if (INNER.test(name)) registry.removeSingleMetric(name);
  readGauge(registry, { name: 'berth_info', help: 'The version that runs.', joined: 'first' }, () => [
    [{ version: sources.version }, 1],
  ]);
  readGauge(registry, { name: 'berth_workers', help: 'Processes that these numbers are of.' }, () => [[{}, 1]]);
  addRequests(registry, sources.requests);
  addClaims(registry, () => sources.service().claims);
  addSnapshot(registry, () => sources.service().snapshot);
  addDatabase(registry, sources.service);
  addLocks(registry, sources.locks);
  return registry;
}

function addRequests(registry: Registry, requests: RequestMeasures): void {
  readCounter(registry, { name: 'berth_requests_total', help: 'Requests that are over.' }, () =>
    requests
      .used()
      .flatMap(({ method, pattern: route, byStatus }) =>
        [...byStatus].map(([status, count]): Sample<number> => [{ method, route, status }, count]),
      ),
  );
  readHistogram(registry, { name: 'berth_request_seconds', help: 'From the first byte to the last, in seconds.' }, () =>
    requests.used().map(({ method, pattern: route, durations }) => [{ method, route }, durations.read()]),
  );
  readGauge(registry, { name: 'berth_requests_under_way', help: 'Requests that are not answered yet.' }, () => [
    [{}, requests.underWay],
  ]);
  readCounter(registry, { name: 'berth_refusals_total', help: 'Requests that were refused, by reason.' }, () =>
    [...requests.refusals].map(([reason, count]) => [{ reason }, count]),
  );
}

function addClaims(registry: Registry, claims: () => ServiceMeasures['claims']): void {
  readGauge(registry, { name: 'berth_claims_queued', help: 'Writes that wait for their group to begin.' }, () => [
    [{}, claims().queued],
  ]);
  readCounter(
    registry,
    { name: 'berth_claims_refused_total', help: 'Writes that were turned away: the queue was full, or too slow.' },
    () => Object.entries(claims().refusals).map(([why, count]) => [{ why }, count]),
  );
  readHistogram(registry, { name: 'berth_claims_group_size', help: 'Writes that shared a transaction.' }, () => [
    [{}, claims().groupSizes],
  ]);
}

function addSnapshot(registry: Registry, snapshot: () => ServiceMeasures['snapshot']): void {
  readGauge(
    registry,
    {
      name: 'berth_snapshot_age_seconds',
      help: 'Since the supply side in memory was last known to be that of the database.',
      joined: 'max',
    },
    () => {
      const { ageMs } = snapshot();
      return ageMs === undefined ? [] : [[{}, ageMs / 1_000]];
    },
  );
  readGauge(
    registry,
    { name: 'berth_snapshot_providers', help: 'Resource providers in memory.', joined: 'max' },
    () => [[{}, snapshot().providers ?? 0]],
  );
  readCounter(registry, { name: 'berth_snapshot_checks_total', help: 'Looks at the database for changes.' }, () => [
    [{}, snapshot().checks],
  ]);
  readCounter(
    registry,
    { name: 'berth_snapshot_whole_readings_total', help: 'Times that everything was read anew.' },
    () => [[{}, snapshot().wholeReadings]],
  );
  readHistogram(
    registry,
    { name: 'berth_snapshot_delta_providers', help: 'Providers that a look found changed, where it found any.' },
    () => [[{}, snapshot().deltaSizes]],
  );
}

function addDatabase(registry: Registry, service: () => ServiceMeasures): void {
  readGauge(registry, { name: 'berth_database_connections', help: 'Connections of the pool, by state.' }, () => {
    const { open, idle } = service().pool;
    return [
      [{ state: 'busy' }, open - idle],
      [{ state: 'idle' }, idle],
    ];
  });
  readGauge(registry, { name: 'berth_database_waiting', help: 'Transactions that wait for a connection.' }, () => [
    [{}, service().pool.waiting],
  ]);
  const each =
    (value: 'done' | 'failed' | 'retried' | 'spentMs', unit = 1) =>
    (): Sample<number>[] =>
      [...service().transactions].map(([name, counts]) => [{ name }, counts[value] * unit]);
  readCounter(
    registry,
    { name: 'berth_transactions_total', help: 'Transactions that ended, well or not.' },
    each('done'),
  );
  readCounter(
    registry,
    { name: 'berth_transaction_failures_total', help: 'Transactions that failed or were refused.' },
    each('failed'),
  );
  readCounter(
    registry,
    { name: 'berth_transaction_retries_total', help: 'Runs that met another writer and were repeated.' },
    each('retried'),
  );
  readCounter(
    registry,
    { name: 'berth_transaction_seconds_total', help: 'Time in transactions, waiting for a connection included.' },
    each('spentMs', 0.001),
  );
  readCounter(
    registry,
    { name: 'berth_lost_commits_total', help: 'Commits whose answer was lost, by what became of them.' },
    () => Object.entries(service().lostCommits).map(([fate, count]) => [{ fate }, count]),
  );
}

function addLocks(registry: Registry, locks: () => LockMeasures): void {
  const groups = (): [string, LockMeasures['groups']['slot']][] => Object.entries(locks().groups);
  const waits = (): [string, LockMeasures['waits']['pool']][] => Object.entries(locks().waits);
  readGauge(
    registry,
    { name: 'berth_lock_requests_queued', help: 'Requests that wait for their group to begin.' },
    () => groups().map(([kind, { queued }]) => [{ kind }, queued]),
  );
  readCounter(
    registry,
    { name: 'berth_lock_requests_refused_total', help: 'Requests that were turned away because too many waited.' },
    () => groups().map(([kind, { refused }]) => [{ kind }, refused]),
  );
  readHistogram(registry, { name: 'berth_lock_group_size', help: 'Requests that shared a transaction.' }, () =>
    groups().map(([kind, { sizes }]) => [{ kind }, sizes]),
  );
  readGauge(registry, { name: 'berth_lock_waiting', help: 'Requests that wait for a lock or a permit here.' }, () =>
    waits().map(([kind, { waiting }]) => [{ kind }, waiting]),
  );
  readHistogram(registry, { name: 'berth_lock_wait_seconds', help: 'How long they waited, by what came of it.' }, () =>
    waits().flatMap(([kind, { given, inVain }]) => [
      [{ kind, outcome: 'given' }, given],
      [{ kind, outcome: 'in_vain' }, inVain],
    ]),
  );
  readCounter(
    registry,
    { name: 'berth_cluster_lock_events_total', help: 'Events that owners of cluster locks were told.' },
    () => Object.entries(locks().told).map(([event, count]) => [{ event }, count]),
  );
}
