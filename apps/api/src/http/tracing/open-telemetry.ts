import type { Step, Watcher } from '#berth/placement';
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
  ATTR_URL_PATH,
} from '@opentelemetry/semantic-conventions';
import type { FastifyRequest } from 'fastify';
import { log } from '../log.js';
import { microversionOf, type RequestEnd } from '../request-end.js';
import type { RequestTracer } from './request-tracer.js';
import type { Tracing } from './tracing.js';

/** What a collector that is away may hold up the end of the process: ms. */
const STOP_LIMIT_MS = 3_000;

/**
 * Traces to the collector that the environment names. Sampler, batches and headers are OpenTelemetry's own variables.
 * Spans are sent in the background; those for which there is no room are dropped.
 */
export function traceWithOpenTelemetry(version: string): Tracing {
  const complain = (message: string): void => log.warn({ context: 'OpenTelemetry' }, message);
  const silent = (): void => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new NodeTracerProvider({
    // The environment's word comes last: it may name the service otherwise.
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'berth', [ATTR_SERVICE_VERSION]: version }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  const tracer = provider.getTracer('berth', version);
  return {
    requests: new Requests(tracer),
    steps: new Steps(tracer),
    stop: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_LIMIT_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

/** A span and where it stands. */
interface Placed {
  readonly span: Span;
  readonly place: Context;
}

class Requests implements RequestTracer<Placed> {
  constructor(private readonly tracer: Tracer) {}

  begin({ method, url, headers }: FastifyRequest): Placed {
    const outside = propagation.extract(ROOT_CONTEXT, headers);
    const attributes = { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_URL_PATH]: url.split('?', 1)[0] ?? '' };
    // The route is known by now, but not what it is called: that is told at the end.
    const span = this.tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, outside);
    return { span, place: trace.setSpan(outside, span) };
  }

  within({ place }: Placed, next: () => void): void {
    context.with(place, next);
  }

  end({ span }: Placed, end: RequestEnd): void {
    const { route, status, reason, context: asked } = end;
    const microversion = microversionOf(end);
    span.updateName(`${route.method} ${route.pattern}`);
    span.setAttributes({
      [ATTR_HTTP_ROUTE]: route.pattern,
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      ...(asked !== undefined && { 'berth.request_id': asked.requestId }),
      ...(microversion !== undefined && { 'berth.microversion': microversion }),
      ...(reason !== undefined && { 'berth.reason': reason }),
    });
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}

class Steps implements Watcher {
  constructor(private readonly tracer: Tracer) {}

  here(): Context {
    return context.active();
  }

  async around<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const { parent, links } = this.placeOf(step);
    // What the process does on its own account is nobody's, and not that of whoever happened to set it off.
    if (trace.getSpan(parent) === undefined) return await context.with(parent, work);
    const span = this.tracer.startSpan(step.name, { links }, parent);
    try {
      return await context.with(trace.setSpan(parent, span), work);
    } catch (error) {
      tellFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  aroundNow<T>(step: Step, work: () => T): T {
    const { parent } = this.placeOf(step);
    if (trace.getSpan(parent) === undefined) return work();
    const span = this.tracer.startSpan(step.name, {}, parent);
    try {
      return work();
    } catch (error) {
      tellFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Work for several belongs to the first of them that is sampled, and is linked to all of them. */
  private placeOf({ sakeOf }: Step): { readonly parent: Context; readonly links: Link[] } {
    if (sakeOf === undefined) return { parent: context.active(), links: [] };
    const places = sakeOf as readonly Context[];
    const spans = places.flatMap((place) => trace.getSpanContext(place) ?? []);
    const isSampled = (place: Context): boolean =>
      ((trace.getSpanContext(place)?.traceFlags ?? 0) & TraceFlags.SAMPLED) !== 0;
    return { parent: places.find(isSampled) ?? ROOT_CONTEXT, links: spans.map((one) => ({ context: one })) };
  }
}

function tellFailure(span: Span, error: unknown): void {
  span.setAttribute(ATTR_ERROR_TYPE, error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
