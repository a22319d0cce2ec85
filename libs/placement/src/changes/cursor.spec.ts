import { describe, expect, it } from '@jest/globals';
import { InvalidQuery } from '#berth/domain';
import fc from 'fast-check';
import { toCursor, toText, type Cursor } from './cursor.js';

/** A reading as PostgreSQL writes it: what was open ascends between both ends. */
const reading = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 6 }), fc.integer({ min: 1, max: 50 }))
  .map(([open, ahead]) => {
    const rising = [...open].sort((a, b) => a - b);
    const xmin = rising[0] ?? 1_000_000;
    return `${xmin}:${(rising.at(-1) ?? xmin) + (rising.length === 0 ? 0 : ahead)}:${rising.join(',')}`;
  });

const cursor: fc.Arbitrary<Cursor> = fc.record({
  history: fc.stringMatching(/^[0-9a-f]{8}$/),
  from: reading,
  within: fc.option(fc.record({ to: reading, after: fc.integer({ min: 0 }) }), { nil: undefined }),
});

describe('the text of a cursor', () => {
  it('says what the cursor says, and needs no escape in a URL', () => {
    fc.assert(
      fc.property(cursor, (one) => {
        const text = toText(one);
        expect(toCursor(text)).toEqual(one.within === undefined ? { history: one.history, from: one.from } : one);
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it.each([
    '',
    'x',
    '4f7ec16e',
    '4f7ec16e.7',
    '4f7ec16e.0-7',
    '4f7ec16e.8-7',
    '4f7ec16e.7-9-7_7',
    '4f7ec16e.7-9-8_7',
    '4f7ec16e.7-9-6',
    '4f7ec16e.7-9-9',
    '4f7ec16e.7-9-',
    '4f7ec16e.7-9-8-8',
    '4f7ec16e.7:9:',
    '4f7ec16e.7-9999999999999999999',
    '4f7ec16e.7-9.8-9',
    '4f7ec16e.7-9.8-9.-1',
    '4f7ec16e.7-9.8-9.1.1',
    '4F7EC16E.7-9',
    "4f7ec16e'.7-9",
  ])('is refused when this service did not write it: %s', (text) => {
    expect(() => toCursor(text)).toThrow(InvalidQuery);
  });
});
