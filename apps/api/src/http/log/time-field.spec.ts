import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { timeField } from './time-field.js';

afterEach(() => {
  jest.useRealTimers();
});

describe('the time of a line', () => {
  it.each([0, 1, 999, 1_000, 1_061, 999_999_999_999, 1_763_733_600_007, 1_763_733_600_123, 1_763_733_599_999])(
    'is that of the clock, forwards and back: %d',
    (ms) => {
      jest.useFakeTimers({ now: ms });
      expect(timeField()).toBe(`,"time":"${new Date(ms).toISOString()}"`);
    },
  );
});
