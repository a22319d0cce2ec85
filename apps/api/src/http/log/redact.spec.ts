import { describe, expect, it } from '@jest/globals';
import { cut, loggedName, loggedQuery } from './redact.js';

describe('what is logged of a query', () => {
  it.each([
    ['resources=VCPU:1&limit=3', 'resources=VCPU:1&limit=3'],
    ['a=1&password=hunter2&b=2', 'a=1&password=…&b=2'],
    ['X-Auth-Token=abc&user_key=def&token', 'X-Auth-Token=…&user_key=…&token'],
    ['a=1;password=hunter2;b=2', 'a=1;password=…;b=2'],
    ['password=hunter;2&b=2', 'password=…&b=2'],
    ['name=my-token', 'name=my-token'],
  ])('%s becomes %s', (query, logged) => {
    expect(loggedQuery(query)).toBe(logged);
  });

  it('is cut where it is too long', () => {
    const query = `uuid=${'a'.repeat(5_000)}`;
    expect(loggedQuery(query)).toBe(`${query.slice(0, 2_048)}…`);
    expect(cut('short')).toBe('short');
  });
});

describe('what is logged of a name', () => {
  it.each([
    [undefined, undefined],
    ['admin', 'admin'],
    ['0b6a9fd22d6e4ccf8b5b6a3a3e2a3ab1', '0b6a9fd22d6e4ccf8b5b6a3a3e2a3ab1'],
    ['gAAAAABnexample', '…'],
    ['x'.repeat(65), '…'],
  ])('%s becomes %s', (name, logged) => {
    expect(loggedName(name)).toBe(logged);
  });
});
