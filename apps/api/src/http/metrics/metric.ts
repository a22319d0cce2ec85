import type { SpreadReading } from '#berth/placement';
import type { Metric as ClientMetric, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string | number>>;

/** How the values of several processes become one. */
export type Joined = 'sum' | 'max' | 'first';

/** One number, or one spread, under its labels. */
export type Sample<Value> = readonly [labels: Labels, value: Value];

interface Description {
  readonly name: string;
  readonly help: string;
  /** 'sum' unless told. */
  readonly joined?: Joined;
}

interface Value {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/**
 * Registers a metric whose values are kept elsewhere as plain numbers and are read when somebody asks: counting costs
 * the service an addition, and finding the labels costs it nothing.
 */
export function readCounter(registry: Registry, about: Description, read: () => readonly Sample<number>[]): void {
  register(registry, 'counter', about, () => read().map(([labels, value]) => ({ labels, value })));
}

/** As `readCounter`, for a number that also falls. */
export function readGauge(
  registry: Registry,
  about: Description,
  read: () => readonly Sample<number>[] | Promise<readonly Sample<number>[]>,
): void {
  register(registry, 'gauge', about, async () => (await read()).map(([labels, value]) => ({ labels, value })));
}

/** As `readCounter`, for spreads. */
export function readHistogram(
  registry: Registry,
  about: Description,
  read: () => readonly Sample<SpreadReading>[],
): void {
  register(registry, 'histogram', about, () => read().flatMap((sample) => valuesOf(about.name, sample)));
}

/** In Prometheus, a bound counts all that is below it. */
function valuesOf(name: string, [labels, { bounds, counts, count, sum }]: Sample<SpreadReading>): Value[] {
  let upTo = 0;
  const buckets = bounds.map((bound, at) => {
    upTo += counts[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: upTo };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function register(
  registry: Registry,
  type: 'counter' | 'gauge' | 'histogram',
  { name, help, joined = 'sum' }: Description,
  read: () => readonly Value[] | Promise<readonly Value[]>,
): void {
  const metric = {
    ...{ name, help, type, aggregator: joined },
    get: async () => ({ name, help, type, aggregator: joined, values: await read() }),
  };
  // The library asks of a metric no more than a name and `get`; its types ask for its own classes.
  registry.registerMetric(metric as unknown as ClientMetric);
}
