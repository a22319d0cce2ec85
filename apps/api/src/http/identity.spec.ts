import { describe, expect, it } from '@jest/globals';
import { identifyWithoutProof } from './identity.js';

describe('identifyWithoutProof (spec http.md §9, noauth2)', () => {
  it('knows nobody without a token', () => {
    expect(identifyWithoutProof({ 'x-roles': 'admin', 'x-project-id': 'p' })).toBeUndefined();
  });

  it.each([
    [{ 'x-auth-token': 'admin' }, 'admin', 'admin', ['admin']],
    [{ 'x-auth-token': 'admin:p1' }, 'admin', 'p1', ['admin']],
    [{ 'x-auth-token': 'u:p1:rest' }, 'u', 'p1:rest', []],
    [{ 'x-auth-token': 'u' }, 'u', 'u', []],
    [{ 'x-auth-token': '' }, '', '', []],
    [{ 'x-auth-token': 'Admin' }, 'Admin', 'Admin', []],
    [{ 'x-auth-token': 'u:p1', 'x-project-id': 'p2' }, 'u', 'p2', []],
    [{ 'x-auth-token': 'admin', 'x-roles': 'reader' }, 'admin', 'admin', ['reader']],
    [{ 'x-auth-token': 'admin', 'x-roles': '' }, 'admin', 'admin', []],
    [{ 'x-auth-token': 'u', 'x-roles': ' ADMIN ,Reader,, ' }, 'u', 'u', ['admin', 'reader']],
  ])('%j', (headers, user, project, roles) => {
    expect(identifyWithoutProof(headers)).toEqual({ user, project, roles: new Set(roles), scope: 'project' });
  });

  it.each([
    [{ 'openstack-system-scope': 'all' }, 'system', undefined],
    [{ 'openstack-system-scope': 'all', 'x-project-id': 'p' }, 'system', 'p'],
    [{ 'openstack-system-scope': 'none' }, 'project', undefined],
    [{ 'x-domain-id': 'd' }, 'domain', 'u'],
  ])('scope by %j', (headers, scope, project) => {
    expect(identifyWithoutProof({ 'x-auth-token': 'u', ...headers })).toMatchObject({ scope, project });
  });
});
