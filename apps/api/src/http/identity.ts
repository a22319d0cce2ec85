import type { IncomingHttpHeaders } from 'node:http';

/** Who asks. Roles are in lower case: they compare so (spec http.md §2.1). */
export interface Identity {
  readonly user: string;
  readonly project: string | undefined;
  readonly roles: ReadonlySet<string>;
  readonly scope: 'project' | 'domain' | 'system';
}

/**
 * Believes what the headers say: the token is `<user>[:<project>]`. undefined: no token, so nobody. For tests and for
 * services on loopback. Source: spec http.md §9, noauth2.
 */
export function identifyWithoutProof(headers: IncomingHttpHeaders): Identity | undefined {
  const token = single(headers['x-auth-token']);
  if (token === undefined) return undefined;
  const colon = token.indexOf(':');
  const user = colon === -1 ? token : token.slice(0, colon);
  const systemScope = single(headers['openstack-system-scope']);
  const tokenProject = systemScope === undefined ? (colon === -1 ? token : token.slice(colon + 1)) : undefined;
  const roles = single(headers['x-roles']) ?? (user === 'admin' ? 'admin' : '');
  return {
    user,
    project: single(headers['x-project-id']) ?? tokenProject,
    roles: new Set(
      roles
        .split(',')
        .map((role) => role.trim().toLowerCase())
        .filter((role) => role !== ''),
    ),
    scope: scopeOf(systemScope, single(headers['x-domain-id'])),
  };
}

function scopeOf(systemScope: string | undefined, domain: string | undefined): Identity['scope'] {
  if (systemScope?.toLowerCase() === 'all') return 'system';
  return domain === undefined ? 'project' : 'domain';
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
