import { describe, expect, it } from '@jest/globals';
import { Spread } from './spread.js';

describe('a spread', () => {
  it('counts each value at the first bound that it does not exceed, and all of them', () => {
    const spread = new Spread([1, 10]);
    for (const value of [0, 1, 1.5, 10, 11]) spread.add(value);
    expect(spread.read()).toEqual({ bounds: [1, 10], counts: [2, 2], count: 5, sum: 23.5 });
  });
});
