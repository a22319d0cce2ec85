import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { permutation, shuffle } from './permutation.js';

describe('permutation', () => {
  it('yields every number exactly once, whatever the size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (size, stream) => {
          const order = permutation(size, () => stream.next().value ?? 0);
          const all = Array.from({ length: size }, (_, at) => order(at));
          expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, at) => at));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('puts each number first about equally often', () => {
    const first = new Array<number>(10).fill(0);
    for (let at = 0; at < 5000; at++) {
      const number = permutation(10, Math.random)(0);
      first[number] = (first[number] ?? 0) + 1;
    }
    // 500 expected each; seven standard deviations either way.
    expect(Math.min(...first)).toBeGreaterThan(350);
    expect(Math.max(...first)).toBeLessThan(650);
  });
});

describe('shuffle', () => {
  it('keeps the members and moves them', () => {
    const list = Array.from({ length: 100 }, (_, at) => at);
    const shuffled = [...list];
    shuffle(shuffled, Math.random);
    expect(shuffled).not.toEqual(list);
    expect(shuffled.sort((a, b) => a - b)).toEqual(list);
  });
});
