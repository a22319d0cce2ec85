import { Invalid, NotFound, REASONS } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import { claimGeneration } from './claimed-generation.js';
import type { RequestContext } from './context.js';
import type { EndpointRules } from './endpoint.js';
import { takeFence } from './fence.js';
import { hasProperty, validateBody, type VersionedBody } from './schema/index.js';

/** Says whether a provider exists; asked only when a body is bad. */
export type ProviderLookup = (uuid: string) => Promise<boolean>;

/** A mark of the byte order is no JSON, and stays so that the parser says it. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads and judges the body of a request by the rules of its endpoint. Where the provider of the path comes first,
 * it is looked up only if the body is bad, so that a good request pays nothing for the order. Under berth 1.0 the
 * generations come before the form of the body. Throws Invalid, NotFound or GenerationRequired. Source: spec http.md §6.3.
 */
export async function readBody(
  rules: EndpointRules,
  request: FastifyRequest,
  context: RequestContext,
  providerExists: ProviderLookup,
): Promise<unknown> {
  const params = request.params as Readonly<Record<string, string>>;
  rules.checkPath?.(params);
  const minor = context.minor ?? 0;
  const unread = rules.bodyUntil !== undefined && minor > rules.bodyUntil;
  const row = unread ? undefined : rowOf(rules, context);
  if (row === undefined && !context.berth && !mustClaim(rules, context)) return undefined;
  try {
    return judged(row, claimed(rules, request, context, row));
  } catch (error) {
    const { uuid } = params;
    const isBody = error instanceof Invalid;
    if (isBody && rules.lookupFirst === true && uuid !== undefined && !(await providerExists(uuid))) {
      throw new NotFound(`No resource provider with uuid ${uuid} found`, {
        cause: error,
        reason: REASONS.providerNotFound,
        facts: { resource_provider: uuid },
      });
    }
    throw error;
  }
}

/** The row of the version; under berth 1.0 with the class that is meant for it. */
function rowOf(rules: EndpointRules, { minor = 0, berth }: RequestContext): VersionedBody | undefined {
  const row = rules.body?.findLast(({ since }) => since <= minor);
  return berth && row?.berth !== undefined ? { since: row.since, class: row.berth } : row;
}

function mustClaim(rules: EndpointRules, context: RequestContext): boolean {
  return context.generationRequired && rules.generation !== undefined;
}

/** The body as it came, without the fence, with the generation that the request names put where its schema has a place for it. */
function claimed(
  rules: EndpointRules,
  request: FastifyRequest,
  context: RequestContext,
  row: VersionedBody | undefined,
): unknown {
  const sent = row === undefined ? undefined : parse(request.body);
  const { fence, body } = context.berth ? takeFence(rules, request, sent) : { fence: undefined, body: sent };
  context.fence = fence;
  if (rules.generation === undefined || !mustClaim(rules, context)) return body;
  const claim = claimGeneration(
    rules.generation,
    request,
    body,
    (field) => row !== undefined && hasProperty(row.class, field),
  );
  context.claimedGeneration = claim.generation;
  return claim.body;
}

function judged(row: VersionedBody | undefined, value: unknown): unknown {
  if (row === undefined) return undefined;
  const wrong = validateBody(row.class, value);
  if (wrong !== undefined) throw new Invalid(`JSON does not validate: ${wrong}`, { reason: REASONS.bodyInvalid });
  return value;
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(utf8.decode(body instanceof Uint8Array ? body : new Uint8Array())) as unknown;
  } catch (cause) {
    throw new Invalid(`Malformed JSON: ${(cause as Error).message}`, { cause, reason: REASONS.bodyMalformed });
  }
}
