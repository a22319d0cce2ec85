import { describe, expect, it } from '@jest/globals';
import { accepts, errorFormat } from './accept.js';

describe('accepts (spec http.md §6.1)', () => {
  it.each([
    ['application/json', true],
    ['APPLICATION/JSON', true],
    ['application/*', true],
    ['*/*', true],
    ['text/html, */*;q=0.1', true],
    ['text/plain', false],
    ['text/*', false],
    ['application/jsonp', false],
    ['application/json;q=0', false],
    ['application/json;q=0.0, */*', false],
    ['application/*;q=0, application/json', true],
    ['*/*;q=0', false],
    ['', false],
    [',', false],
    ['*/json', false],
    ['application/json,,text/html', true],
    ['application/json;Q=0.5;extension', true],
    // Another representation: ours has no parameters.
    ['application/json; charset=utf-8', false],
    ['application/json;a="b,c;q=1\\"";q=0.3', false],
    ['application/json;level=1, */*;q=0.1', true],
    ['application/*; charset=utf-8', true],
    // Not in the form of an Accept header: no preference.
    ['json', true],
    ['*', true],
    [',,;', true],
    ['text/html;q=nonsense', true],
    ['text/html;q=1.0000', true],
    ['text/html;q=7', true],
    ['text/html;q', true],
    ['text/html text/plain', true],
    ['text/html;a="b', true],
  ])('JSON by "%s": %s', (accept, expected) => {
    expect(accepts(accept, 'application/json')).toBe(expected);
  });

  it.each(['text/html,', 'text/html', 'text/html;', 'text/html;q=1;'])(
    'JSON by "%s" and blanks without end',
    (start) => {
      expect(accepts(`${start}${' '.repeat(200_000)}@`, 'application/json')).toBe(true);
    },
  );
});

describe('errorFormat (spec http.md §6.6)', () => {
  it.each([
    ['application/json', 'json'],
    ['text/html', 'html'],
    ['text/html,application/json', 'html'],
    ['*/*;q=0.3', 'html'],
    ['application/json;q=0.9,text/html;q=0.8', 'json'],
    ['application/json;q=0.8,text/html;q=0.9', 'html'],
    ['text/html;q=0,*/*', 'json'],
    ['application/json;q=0,*/*', 'html'],
    ['text/plain', 'plain'],
    ['text/html; charset=utf-8', 'plain'],
    ['text/html;level=1, application/json', 'json'],
    ['application/json;q=7', 'html'],
    ['x', 'html'],
    ['text/html;q=0,application/json;q=0', 'plain'],
  ])('"%s" gets %s', (accept, format) => {
    expect(errorFormat(accept)).toBe(format);
  });
});
