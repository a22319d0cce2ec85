import type { Watcher } from '#berth/placement';
import type { Environment } from '../../environment.js';
import type { RequestTracer } from './request-tracer.js';

/** What traces, and how it ends. */
export interface Tracing {
  readonly requests: RequestTracer;
  readonly steps: Watcher;
  /** Sends what is still to be sent; within a few seconds, whether or not somebody takes it. Never throws. */
  stop(): Promise<void>;
}

/** Whether the environment names a collector, as OpenTelemetry has it. */
export function isTraced(env: Environment): boolean {
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  return !isOff && Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** Begins to trace; undefined: nobody wants it, and then none of it is even loaded. */
export async function startTracing(wanted: boolean, version: string): Promise<Tracing | undefined> {
  if (!wanted) return undefined;
  const { traceWithOpenTelemetry } = await import('./open-telemetry.js');
  return traceWithOpenTelemetry(version);
}
