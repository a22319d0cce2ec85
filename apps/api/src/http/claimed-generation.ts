import { GenerationRequired, Invalid, REASONS } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import type { QueryPairs } from './filters/query-pairs.js';
import { queryPairs } from './request-values.js';

/**
 * Whose generation a change has to name: that of the provider in the path, of the consumer in the path (and of each
 * provider it takes from), of all consumers and providers in the body, or of the consumers alone where the service
 * chooses the providers.
 */
export type GenerationOf = 'provider' | 'consumer' | 'consumers' | 'reshape' | 'claimants';

/** The names under which generations come, in bodies and queries alike. Source: DESIGN §2. */
const FIELDS = { provider: 'resource_provider_generation', consumer: 'consumer_generation' } as const;

/** Characters of a wrong value that its sender is told. */
const MAX_SHOWN = 100;

type Json = Readonly<Record<string, unknown>>;

/** What a request says it saw, and its body as the version's schema knows it. */
export interface Claimed {
  readonly generation: number | null | undefined;
  readonly body: unknown;
}

/**
 * Reads which generation the request says it saw: in the body, as `If-Match: "<n>"`, or as query parameter. Throws
 * GenerationRequired if anything is missing, Invalid if two of the sources differ or one can't be read. The body comes
 * back with the generation in it if its schema has a place for one (`inBody`), and without it if not.
 */
export function claimGeneration(
  of: GenerationOf,
  request: FastifyRequest,
  body: unknown,
  inBody: (field: string) => boolean,
): Claimed {
  if (of === 'consumers' || of === 'reshape') {
    requireAll(missingByConsumer(of === 'reshape' ? (isObject(body) ? body.allocations : undefined) : body));
    return { generation: undefined, body };
  }
  if (of === 'claimants') {
    requireAll(missingByClaimant(isObject(body) ? body.consumers : undefined));
    return { generation: undefined, body };
  }
  const field = FIELDS[of];
  const generation = agreedOf(field, [
    ...(isObject(body) && body[field] !== undefined ? [body[field]] : []),
    ...fromHeader(request.headers['if-match']),
    ...fromQuery(field, queryPairs(request)),
  ]);
  const entries = of === 'consumer' && isObject(body) ? missingByProvider(body.allocations, '') : [];
  requireAll([...(generation === undefined ? [field] : []), ...entries]);
  if (!isObject(body)) return { generation, body };
  const { [field]: _taken, ...rest } = body;
  return { generation, body: inBody(field) ? { ...rest, [field]: generation } : rest };
}

function requireAll(missing: readonly string[]): void {
  if (missing.length > 0) throw new GenerationRequired(missing);
}

/** All sources say the same, or the request contradicts itself. undefined: there is none. */
function agreedOf(field: string, said: readonly unknown[]): number | null | undefined {
  const wrong = said.find((value) => !isGeneration(value));
  if (wrong !== undefined) {
    throw new Invalid(`${field}: ${shown(wrong)} is no generation; expected a whole number from 0`, {
      reason: REASONS.generationMalformed,
      facts: { field },
    });
  }
  const generations = said as readonly (number | null)[];
  if (new Set(generations).size > 1) {
    throw new Invalid(`The request names different generations: ${generations.join(', ')}`, {
      reason: REASONS.generationContradictory,
      facts: { field, given: generations },
    });
  }
  return generations[0];
}

/** What a client sent may be of any length and depth; what it is told of it is not. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** null stands for a consumer that is not there yet. */
function isGeneration(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
}

/** A generation in quotes, or an entity tag as the service gives them: only the generation of it is looked at. */
function fromHeader(header: string | undefined): unknown[] {
  if (header === undefined) return [];
  const number = /^\s*"(\d+)(?:\.\d+(?:-(?:br|gzip))?)?"\s*$/.exec(header)?.[1];
  return [number === undefined ? header : Number(number)];
}

function fromQuery(field: string, pairs: QueryPairs): unknown[] {
  return pairs
    .filter(([name]) => name === field)
    .map(([, value]) => (/^\d+$/.test(value) ? Number(value) : value === 'null' ? null : value));
}

function missingByConsumer(consumers: unknown): string[] {
  if (!isObject(consumers)) return [];
  return Object.entries(consumers).flatMap(([uuid, wanted]) => {
    if (!isObject(wanted)) return [];
    const own = wanted[FIELDS.consumer] === undefined ? [`${uuid}/${FIELDS.consumer}`] : [];
    return [...own, ...missingByProvider(wanted.allocations, `${uuid}/`)];
  });
}

function missingByClaimant(consumers: unknown): string[] {
  if (!Array.isArray(consumers)) return [];
  return consumers.flatMap((consumer, at) =>
    isObject(consumer) && consumer[FIELDS.consumer] === undefined ? [`consumers/${at}/${FIELDS.consumer}`] : [],
  );
}

/** The list form of old versions has no place for generations, so it misses them all. */
function missingByProvider(allocations: unknown, prefix: string): string[] {
  if (Array.isArray(allocations)) return [`${prefix}allocations/*/generation`];
  if (!isObject(allocations)) return [];
  return Object.entries(allocations)
    .filter(([, entry]) => isObject(entry) && entry.generation === undefined)
    .map(([uuid]) => `${prefix}allocations/${uuid}/generation`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
