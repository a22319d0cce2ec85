import { Invalid, type Policy } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import { accepts } from './accept.js';
import type { RequestContext } from './context.js';
import type { EndpointRules, Gate } from './endpoint.js';
import { HttpError } from './http-error.js';
import type { Identity } from './identity.js';
import { judge } from './policy.js';
import { queryPairs } from './request-values.js';

const JSON_TYPE = 'application/json';

/** A context whose version and identity are known. */
export interface KnownContext extends RequestContext {
  readonly minor: number;
  readonly identity: Identity;
}

/** Passes a request through the gates of its endpoint, in their order; throws at the first that is shut (spec http.md §2). */
export function passGates(
  rules: EndpointRules,
  request: FastifyRequest,
  context: KnownContext,
  policy: Policy,
  notServed: () => HttpError,
): void {
  for (const gate of rules.gates) {
    if (gate !== 'contract') GATES[gate](rules, request, context, policy);
    // As if the route were not there.
    else if (!context.berth) throw notServed();
  }
}

type Check = (rules: EndpointRules, request: FastifyRequest, context: KnownContext, policy: Policy) => void;

const GATES: Readonly<Record<Exclude<Gate, 'contract'>, Check>> = {
  accept({ produces = [JSON_TYPE] }, _request, { accept }) {
    if (produces.some((type) => accepts(accept, type))) return;
    throw new HttpError(406, `Only ${produces.join(' or ')} is provided`, { came: accept });
  },
  contentType({ contentTypeUntil, streams: wanted = JSON_TYPE }, _request, { contentType, minor }) {
    if (contentTypeUntil !== undefined && minor > contentTypeUntil) return;
    const type = contentType?.split(';')[0]?.trim();
    if (type === wanted) return;
    const isNamed = type !== undefined && type !== '';
    const came = isNamed ? contentType : `None${contentType ?? ''}`;
    throw new HttpError(415, `The media type ${isNamed ? type : 'None'} is not supported, use ${wanted}`, { came });
  },
  version({ since = 0, sinceStatus = 404 }, _request, { minor }) {
    if (minor < since) throw new HttpError(sinceStatus, '');
  },
  policy({ rule, forceRule, policyTarget }, request, { identity }, policy) {
    const asked = forceRule !== undefined && lastOf(request, 'force') === 'true' ? forceRule : rule;
    const target = policyTarget === undefined ? undefined : { [policyTarget]: lastOf(request, policyTarget) };
    const refusal = judge(policy, asked, identity, target);
    if (refusal !== undefined) throw new HttpError(403, refusal);
  },
};

/** A query that can't be read names nothing here: it is refused for that later, by whoever reads it. */
function lastOf(request: FastifyRequest, key: string): string | undefined {
  try {
    return queryPairs(request).findLast(([name]) => name === key)?.[1];
  } catch (error) {
    if (error instanceof Invalid) return undefined;
    throw error;
  }
}
