import { describe, expect, it } from '@jest/globals';
import { pythonList, pythonText } from './python-text.js';

describe('pythonText', () => {
  it.each<[unknown, string]>([
    [null, 'None'],
    [true, 'True'],
    [false, 'False'],
    [0, '0'],
    [-1, '-1'],
    [10.0, '10'],
    [1.5, '1.5'],
    [3.40282e38, '3.40282e+38'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e-100, '1e-100'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    ['x', "'x'"],
    ['', "''"],
    ["it's", '"it\'s"'],
    ['"', "'\"'"],
    ['\'"', "'\\'\"'"],
    ['a\\b', "'a\\\\b'"],
    ['\n\r\t', "'\\n\\r\\t'"],
    ['\u0000\u007f\u00a0', "'\\x00\\x7f\\xa0'"],
    ['\u2028 \u200b', "'\\u2028 \\u200b'"],
    ['\ud800', "'\\ud800'"],
    ['\u{e0001}', "'\\U000e0001'"],
    ['é😀', "'é😀'"],
    [[], '[]'],
    [['a', 1, null], "['a', 1, None]"],
    [{}, '{}'],
    [{ a: { b: [true] }, c: 'd' }, "{'a': {'b': [True]}, 'c': 'd'}"],
    [JSON.parse('{"__proto__": 1}'), "{'__proto__': 1}"],
  ])('shows %j as %s', (value, text) => {
    expect(pythonText(value, 100)).toBe(text);
  });

  it('cuts what exceeds the limit, in characters', () => {
    expect(pythonText('x'.repeat(98), 100)).toBe(`'${'x'.repeat(98)}'`);
    expect(pythonText('x'.repeat(99), 100)).toBe(`'${'x'.repeat(99)}...`);
    expect(pythonText([1, 2, 3, 4], 8)).toBe('[1, 2, 3...');
    expect(pythonText('\n'.repeat(1000), 9)).toBe("'\\n\\n\\n\\n...");
  });

  it('never cuts a surrogate pair in halves', () => {
    const text = pythonText('😀'.repeat(100), 10);
    expect(text).toBe("'😀😀😀😀...");
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  it('renders no more of a huge or deep value than it shows', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(pythonText(deep, 50)).toBe(`${'['.repeat(50)}...`);
    expect(pythonText(Array(1_000_000).fill('entry'), 20)).toBe("['entry', 'entry', '...");
  });
});

describe('pythonList', () => {
  it('joins what it shows', () => {
    expect(pythonList(['a', "b'", 3], 100)).toBe("'a', \"b'\", 3");
    expect(pythonList([], 100)).toBe('');
  });
});
