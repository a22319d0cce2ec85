import { Invalid, REASONS, type Fence } from '#berth/domain';
import type { FastifyRequest } from 'fastify';
import type { EndpointRules } from './endpoint.js';
import { validateBody } from './schema/index.js';
import { FenceBody } from './schema/fence.dto.js';

/** Carries the fence of a request that has no body, as JSON; others may use it, too. */
export const FENCE_HEADER = 'berth-fence';

/** Whether writes of an endpoint can be fenced: all of the Placement API, and those of Berth's own that say so. */
function isFenced(method: string, { gates, fenced = !gates.includes('contract') }: EndpointRules): boolean {
  return fenced && method !== 'GET';
}

/**
 * Takes the fence out of a body, or reads that of the header. Throws Invalid if it is malformed, if header and body name
 * different ones, or if there is one in the header where nothing would look at it.
 */
export function takeFence(
  rules: EndpointRules,
  request: FastifyRequest,
  body: unknown,
): { readonly fence: Fence | undefined; readonly body: unknown } {
  const header = fromHeader(request.headers[FENCE_HEADER]);
  if (!isFenced(request.method, rules)) {
    if (header === undefined) return { fence: undefined, body };
    throw malformed('Berth-Fence: this request writes nothing that a fence could keep out');
  }
  if (typeof body !== 'object' || body === null || !('fence' in body)) return { fence: header, body };
  const { fence, ...rest } = body;
  const own = toFence('fence', fence);
  if (header !== undefined && !isSame(header, own)) {
    throw malformed('The request names different fences in its body and in Berth-Fence.');
  }
  return { fence: own, body: rest };
}

function fromHeader(value: string | string[] | undefined): Fence | undefined {
  if (value === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(String(value));
  } catch {
    throw malformed('Berth-Fence: expected JSON like {"lockspace": "name", "name": "name", "token": 1}');
  }
  return toFence('Berth-Fence', parsed);
}

function toFence(where: string, value: unknown): Fence {
  const wrong = validateBody(FenceBody, value);
  if (wrong !== undefined) throw malformed(`${where}: ${wrong}`);
  return value as Fence;
}

function isSame(one: Fence, other: Fence): boolean {
  return one.lockspace === other.lockspace && one.name === other.name && one.token === other.token;
}

function malformed(message: string): Invalid {
  return new Invalid(message, { reason: REASONS.fenceMalformed });
}
