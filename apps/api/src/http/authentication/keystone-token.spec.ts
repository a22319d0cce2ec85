import { describe, expect, it } from '@jest/globals';
import { readExpiry, readToken } from './keystone-token.js';
import { KeystoneUnavailable } from './keystone-unavailable.js';

const TOKEN = {
  expires_at: '2026-11-21T15:00:00.000000Z',
  user: { id: 'u1', name: 'admin', domain: { id: 'default', name: 'Default' } },
  roles: [
    { id: 'r1', name: 'Admin' },
    { id: 'r2', name: 'reader' },
  ],
  project: { id: 'p1', name: 'admin', domain: { id: 'default', name: 'Default' } },
  is_domain: false,
};

const read = (token: object): unknown => readToken(JSON.stringify({ token }));

describe('readToken (spec http.md §9, §2.1)', () => {
  it('reads who that is', () => {
    expect(read(TOKEN)).toEqual({
      expiresAtMs: Date.UTC(2026, 10, 21, 15),
      identity: { user: 'u1', project: 'p1', roles: new Set(['admin', 'reader']), scope: 'project' },
    });
  });

  const { project: _project, ...withoutProject } = TOKEN;
  const { roles: _roles, ...unscoped } = withoutProject;

  it.each([
    ['domain', { ...withoutProject, domain: { id: 'd' } }],
    ['system', { ...withoutProject, system: { all: true } }],
    ['project', unscoped],
  ])('reads the scope %s', (scope, token) => {
    expect(read(token)).toMatchObject({ identity: { scope, project: undefined } });
  });

  it.each([
    '',
    'OK',
    'null',
    '[]',
    '{}',
    '{"token":null}',
    '{"token":"x"}',
    ...[
      { ...TOKEN, expires_at: undefined },
      { ...TOKEN, expires_at: 'soon' },
      { ...TOKEN, user: undefined },
      { ...TOKEN, user: { id: 7 } },
      { ...TOKEN, roles: 'admin' },
      { ...TOKEN, roles: ['admin'] },
      { ...TOKEN, roles: [null] },
      { ...TOKEN, project: {} },
      { ...TOKEN, project: null },
      { ...TOKEN, domain: null, project: null },
    ].map((token) => JSON.stringify({ token })),
  ])('takes %s for no token', (text) => {
    expect(() => readToken(text)).toThrow(KeystoneUnavailable);
  });

  it('reads the end of a token, and takes anything else for none', () => {
    expect(readExpiry(JSON.stringify({ token: TOKEN }))).toBe(Date.UTC(2026, 10, 21, 15));
    for (const text of ['', '{}', 'null', '{"token":{"expires_at":1}}']) {
      expect(() => readExpiry(text)).toThrow(KeystoneUnavailable);
    }
  });
});
