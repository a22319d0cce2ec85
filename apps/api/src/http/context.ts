import type { Fence, Reason } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import type { QueryPairs } from './filters/query-pairs.js';
import type { Identity } from './identity.js';

/** What the pipeline learns of a request on its way (spec http.md §1). */
export interface RequestContext {
  readonly requestId: string;
  /** What the client accepts; absent, empty and any become JSON. */
  readonly accept: string;
  /** The media type that came, before it was hidden from the framework. */
  readonly contentType: string | undefined;
  identity: Identity | undefined;
  /** The negotiated version 1.<minor>; undefined until it is negotiated. */
  minor: number | undefined;
  /** Whether the client asked for the contract berth 1.0. */
  berth: boolean;
  /** Whether whoever changes something has to say which generation they saw: berth 1.0, or the configuration. */
  generationRequired: boolean;
  /** The generation that the request says it saw, from wherever it came; undefined: none, or none was asked for. */
  claimedGeneration: number | null | undefined;
  /** Whether answers may be compressed for those who ask for it. */
  readonly mayCompress: boolean;
  /** The hold that the request is to write under; undefined: none. */
  fence: Fence | undefined;
  /** The query string as it was read; undefined until somebody wants it. */
  pairs: QueryPairs | undefined;
  /** Why it is refused; undefined: it isn't. */
  reason?: Reason;
}

const contexts = new WeakMap<object, RequestContext>();

/** Begins the context of a request. */
export function openContext(request: FastifyRequest, context: RequestContext): void {
  contexts.set(request.raw, context);
}

/** The context of a request; undefined outside of the Placement API and before the pipeline began. */
export function contextOf(request: FastifyRequest): RequestContext | undefined {
  return contexts.get(request.raw);
}
