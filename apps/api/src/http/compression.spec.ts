import { describe, expect, it } from '@jest/globals';
import { chooseCoding } from './compression.js';

describe('the coding of an answer', () => {
  it.each<[string, string | undefined]>([
    ['gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['BR', 'br'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0.1', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, *;q=0', undefined],
    ['identity', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0, *', 'br'],
    ['identity;q=0', undefined],
    ['deflate, zstd', undefined],
    ['', undefined],
    ['gzip;q=much', undefined],
    ['gzip;q=2', undefined],
  ])('for %j is %s', (header, coding) => {
    expect(chooseCoding(header)).toBe(coding);
  });
});
