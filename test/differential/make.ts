import type { Random } from '../support/random.js';
import { write } from '../support/raw-json.js';
import type { Sent } from './exchange.js';
import type { State } from './state.js';

/** The newest version that both speak: 1.39. */
export const LAST = 39;

/** A request before it is bytes, so that it can be spoiled. */
export interface Draft {
  readonly method: string;
  /** Names as they are, not escaped; `{}` of the route are filled by these. */
  readonly route: string;
  readonly names: readonly string[];
  readonly query: readonly (readonly [key: string, value: string])[];
  /** undefined: none. */
  readonly body: unknown;
  /** 1.x; body and query are made for it. */
  readonly minor: number;
}

/** What makers work with. */
export interface Tools {
  readonly random: Random;
  readonly state: State;
}

export type Maker = (tools: Tools, minor: number) => Draft;

/** A draft from little. */
export function draft(
  method: string,
  route: string,
  names: readonly string[],
  minor: number,
  { query = [], body }: { readonly query?: Draft['query']; readonly body?: unknown } = {},
): Draft {
  return { method, route, names, query, body, minor };
}

/** A request of the newest version to a path as it is: one that is not made by chance. */
export function direct(method: string, path: string, body?: unknown): Sent {
  const sent = toSent(draft(method, path, [], LAST, { body }));
  return { ...sent, route: sent.route.replaceAll(/\/[0-9a-f-]{36}/g, '/{uuid}') };
}

/** As a stock client sends it: the admin's. */
export function toSent({ method, route, names, query, body, minor }: Draft): Sent {
  let next = 0;
  const path = route.replaceAll(/\{\w*\}/g, () => encodeURIComponent(names[next++] ?? ''));
  const search = query.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
  const headers: Record<string, string> = { 'x-auth-token': 'admin', accept: 'application/json' };
  // The reshaper is for services (spec http.md §2.1).
  if (route === '/reshaper') headers['x-roles'] = 'admin, service';
  if (minor > 0) headers['openstack-api-version'] = `placement 1.${minor}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  return {
    route: `${method} ${route}`,
    method,
    path: search === '' ? path : `${path}?${search}`,
    headers,
    body: body === undefined ? undefined : Buffer.from(write(body)),
  };
}
