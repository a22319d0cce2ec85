import type { FastifyRequest } from 'fastify';
import type { RequestEnd } from '../request-end.js';

/** A span of each request; what it is made of is known to its implementation. */
export interface RequestTracer<Span = unknown> {
  /** Begins the span of a request, as a part of what the client does if it says so. */
  begin(request: FastifyRequest): Span;
  /** Calls `next` so that what is done from there belongs to the span. */
  within(span: Span, next: () => void): void;
  end(span: Span, end: RequestEnd): void;
}
