import type { Random } from '../support/random.js';
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

/** JSON text that no value of JavaScript stands for. */
export class Raw {
  constructor(readonly text: string) {}
}

/** Writes a value with what is raw in it left as it is. */
export function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${write(member)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
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
