import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { queryCheck, querySchema } from './query-check.js';

const STRING = { type: 'string' } as const;
const RULES = [
  { since: 1, schema: querySchema({ a: STRING }) },
  { since: 5, schema: querySchema({ a: { ...STRING, minLength: 2 }, b: STRING }, ['a']) },
];

describe('query check', () => {
  const check = queryCheck(RULES);

  it('takes the rule of the version', () => {
    expect(() => check([['b', '1']], 4)).toThrow(
      /^Invalid query string parameters: Additional properties are not allowed \('b' was unexpected\) {2}Failed validating 'additionalProperties' in schema:/,
    );
    expect(() => check([['b', '1']], 5)).toThrow(/^Invalid query string parameters: 'a' is a required property /);
    expect(() =>
      check(
        [
          ['a', 'xx'],
          ['b', '1'],
        ],
        5,
      ),
    ).not.toThrow();
    expect(() =>
      check(
        [
          ['a', 'xx'],
          ['c', '1'],
        ],
        39,
      ),
    ).toThrow(Invalid);
  });

  it('looks at the last value of a repeated key', () => {
    expect(() =>
      check(
        [
          ['a', 'x'],
          ['a', 'xx'],
        ],
        5,
      ),
    ).not.toThrow();
    expect(() =>
      check(
        [
          ['a', 'xx'],
          ['a', 'x'],
        ],
        5,
      ),
    ).toThrow(/'x' is too short/);
  });

  it('refuses a key that JavaScript objects know already', () => {
    expect(() => check([['__proto__', 'x']], 1)).toThrow(/'__proto__' was unexpected/);
    expect(() => check([['constructor', 'x']], 1)).toThrow(/'constructor' was unexpected/);
  });

  it('compiles a rule once and not before it is used', () => {
    const compiled: unknown[] = [];
    const counted = queryCheck(RULES, (schema) => {
      compiled.push(schema);
      return () => undefined;
    });
    expect(compiled).toHaveLength(0);
    for (const minor of [1, 2, 4, 1]) counted([], minor);
    expect(compiled).toEqual([RULES[0]?.schema]);
    counted([], 30);
    expect(compiled).toHaveLength(2);
  });

  it('is a bug, not a bad request, if no rule covers the version', () => {
    expect(() => check([], 0)).toThrow('no query rule covers version 1.0');
  });
});
