import { Invalid, NotFound } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import type { EndpointRules } from './endpoint.js';
import { validateBody } from './schema/index.js';

/** Says whether a provider exists; asked only when a body is bad. */
export type ProviderLookup = (uuid: string) => Promise<boolean>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads and judges the body of a request by the rules of its endpoint. Where the provider of the path comes first,
 * it is looked up only if the body is bad, so that a good request pays nothing for the order. Throws Invalid or
 * NotFound. Source: spec http.md §6.3.
 */
export async function readBody(
  rules: EndpointRules,
  request: FastifyRequest,
  minor: number,
  providerExists: ProviderLookup,
): Promise<unknown> {
  const params = request.params as Readonly<Record<string, string>>;
  rules.checkPath?.(params);
  const row = rules.body?.findLast(({ since }) => since <= minor);
  if (row === undefined || (rules.bodyUntil !== undefined && minor > rules.bodyUntil)) return undefined;
  try {
    const value = parse(request.body);
    const wrong = validateBody(row.class, value);
    if (wrong !== undefined) throw new Invalid(`JSON does not validate: ${wrong}`);
    return value;
  } catch (error) {
    const { uuid } = params;
    if (rules.lookupFirst === true && uuid !== undefined && !(await providerExists(uuid))) {
      throw new NotFound(`No resource provider with uuid ${uuid} found`, { cause: error });
    }
    throw error;
  }
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(utf8.decode(body instanceof Uint8Array ? body : new Uint8Array())) as unknown;
  } catch (cause) {
    throw new Invalid(`Malformed JSON: ${(cause as Error).message}`, { cause });
  }
}
