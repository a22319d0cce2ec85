import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { textLines } from './text-lines.js';

const LIMIT = 12;

async function linesOf(chunks: readonly Buffer[]): Promise<[number, string | undefined][]> {
  const found: [number, string | undefined][] = [];
  for await (const { number, bytes } of textLines(Readable.from(chunks), LIMIT)) {
    found.push([number, bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1')]);
  }
  return found;
}

describe('textLines', () => {
  it('finds the same lines wherever the body is cut into chunks', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\n', '\n', 'bcdef'), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 6 }), async (body, cuts) => {
        const bytes = Buffer.from(body);
        const ends = [...new Set([...cuts, bytes.length])].filter((at) => at <= bytes.length).sort((a, b) => a - b);
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const expected = bytes
          .toString('latin1')
          .split('\n')
          .map((line, index): [number, string | undefined] => [index + 1, line.length > LIMIT ? undefined : line])
          .filter(([, line]) => line === undefined || line.trim() !== '');
        expect(await linesOf(chunks)).toEqual(expected);
      }),
    );
  });

  it('keeps nothing of a line that is too long', async () => {
    const long = Array.from({ length: 1_000 }, () => Buffer.alloc(10_000, 'x'));
    expect(await linesOf([Buffer.from('a\n'), ...long, Buffer.from('\nb')])).toEqual([
      [1, 'a'],
      [2, undefined],
      [3, 'b'],
    ]);
  });
});
