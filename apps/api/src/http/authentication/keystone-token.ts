import type { Identity } from '../identity.js';
import { KeystoneUnavailable } from './keystone-unavailable.js';

/** What Keystone says of a token. */
export interface ValidatedToken {
  readonly identity: Identity;
  readonly expiresAtMs: number;
}

/** What we read of the body of a token; anything may be missing in it. */
interface Token {
  readonly expires_at?: unknown;
  readonly user?: { readonly id?: unknown };
  readonly roles?: unknown;
  readonly project?: { readonly id?: unknown };
  readonly domain?: object;
  readonly system?: { readonly all?: unknown };
}

/**
 * Reads the body with which Keystone describes a token. A token without any scope counts as one of a project, which has
 * no name then. Source: spec http.md §2.1. Throws KeystoneUnavailable if that isn't what it is.
 */
export function readToken(text: string): ValidatedToken {
  const { expires_at: expiresAt, user, roles = [], project, domain, system } = tokenIn(text) ?? {};
  const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  const names = namesOf(roles);
  const projectId = project?.id;
  const isReadable =
    !Number.isNaN(expiresAtMs) &&
    typeof user?.id === 'string' &&
    names !== undefined &&
    (project === undefined || typeof projectId === 'string');
  if (!isReadable) throw new KeystoneUnavailable('an answer that is no token');
  return {
    expiresAtMs,
    identity: {
      user: user.id as string,
      project: projectId as string | undefined,
      roles: new Set(names),
      scope: system !== undefined ? 'system' : domain !== undefined ? 'domain' : 'project',
    },
  };
}

/** When a token ends, of the answer to a login: ms since the epoch. Throws KeystoneUnavailable if that isn't said. */
export function readExpiry(text: string): number {
  const { expires_at: expiresAt } = tokenIn(text) ?? {};
  const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  if (Number.isNaN(expiresAtMs)) throw new KeystoneUnavailable('a login that was answered with no token');
  return expiresAtMs;
}

function tokenIn(text: string): Token | undefined {
  try {
    const { token } = JSON.parse(text) as { readonly token?: Token };
    return typeof token === 'object' ? token : undefined;
  } catch {
    return undefined;
  }
}

/** In lower case, as roles compare; undefined: that are no roles. */
function namesOf(roles: unknown): string[] | undefined {
  if (!Array.isArray(roles)) return undefined;
  const names = roles.map((role: { readonly name?: unknown } | null) => role?.name);
  const isNamed = (name: unknown): name is string => typeof name === 'string';
  return names.every(isNamed) ? names.map((name) => name.toLowerCase()) : undefined;
}
