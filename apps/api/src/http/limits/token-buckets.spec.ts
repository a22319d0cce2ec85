import { describe, expect, it } from '@jest/globals';
import { TokenBuckets } from './token-buckets.js';

describe('a bucket', () => {
  it('gives what it holds at once, then as fast as it fills', () => {
    const buckets = new TokenBuckets({ requests: 10, seconds: 5 });
    for (let taken = 0; taken < 10; taken += 1) expect(buckets.take('a', 1_000)).toBe(0);
    expect(buckets.take('a', 1_000)).toBeCloseTo(0.5);
    expect(buckets.take('a', 1_250)).toBeCloseTo(0.25);
    expect(buckets.take('a', 1_500)).toBe(0);
    expect(buckets.take('a', 1_500)).toBeCloseTo(0.5);
  });

  it('is one of many, and never holds more than it may', () => {
    const buckets = new TokenBuckets({ requests: 2, seconds: 1 });
    expect([buckets.take('a', 0), buckets.take('a', 0)]).toEqual([0, 0]);
    expect(buckets.take('a', 0)).toBeGreaterThan(0);
    expect(buckets.take('b', 0)).toBe(0);
    const later = [1, 2, 3].map(() => buckets.take('a', 1_000_000));
    expect(later.map((wait) => wait > 0)).toEqual([false, false, true]);
  });

  it('tells what is lacking without taking any', () => {
    const buckets = new TokenBuckets({ requests: 1, seconds: 1 });
    for (let asked = 0; asked < 3; asked += 1) expect(buckets.lack('a', 0)).toBe(0);
    expect(buckets.take('a', 0)).toBe(0);
    expect(buckets.lack('a', 0)).toBeCloseTo(1);
  });

  it('is forgotten where there are too many, least used first', () => {
    const buckets = new TokenBuckets({ requests: 1, seconds: 3_600 });
    expect(buckets.take('first', 0)).toBe(0);
    for (let other = 0; other < 10_000; other += 1) buckets.take(`${other}`, 0);
    expect(buckets.take('first', 0)).toBe(0);
    expect(buckets.take('9999', 0)).toBeGreaterThan(0);
  });
});
