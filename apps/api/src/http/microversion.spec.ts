import { describe, expect, it } from '@jest/globals';
import { MAX_MINOR, MAX_VERSION, MIN_VERSION, negotiate } from './microversion.js';

const DEFAULT = 3;

describe('the versions (spec microversions.md)', () => {
  it('are 1.0 to 1.39', () => {
    expect([MIN_VERSION, MAX_VERSION, MAX_MINOR]).toEqual(['1.0', '1.39', 39]);
  });
});

describe('negotiate (spec http.md §4)', () => {
  it.each([
    [undefined, DEFAULT],
    ['', DEFAULT],
    ['compute 2.1', DEFAULT],
    ['1.7', DEFAULT],
    ['placement', DEFAULT],
    ['placementx 1.7', DEFAULT],
    ['placement 1.0', 0],
    ['placement 1.39', 39],
    ['PLACEMENT\t1.12', 12],
    ['placement latest', 39],
    ['placement 1.1, placement 1.2', 2],
    ['placement 1.1, compute 2.2', 1],
    ['placement 9.9, placement 1.2', 2],
    ['placement 1.2, placement', 2],
  ])('%j agrees on 1.%d', (header, minor) => {
    expect(negotiate(header, DEFAULT)).toEqual({ status: 'agreed', minor, berth: false });
  });

  it.each(['1.40', '0.1', '2.0', '1.-1', '99.99', '1.99999999999999999999'])('%s is not to be had', (version) => {
    expect(negotiate(`placement ${version}`, DEFAULT)).toEqual({
      status: 'unacceptable',
      message: `Invalid microversion: Unacceptable version header: ${version}`,
    });
  });

  it.each(['pony.horse', '1', '1.', '.1', '1.2.3', '1.7 x', 'Latest', '0x1.1', '1.2e0'])(
    '%s is not understood',
    (version) => {
      const answer = negotiate(`placement ${version}`, DEFAULT);
      expect(answer).toMatchObject({ status: 'unparseable' });
      expect(answer).toHaveProperty(
        'message',
        expect.stringContaining(`Invalid microversion: invalid version string: ${version}; `),
      );
    },
  );
});

describe('negotiate, the contract of Berth', () => {
  it.each(['berth 1.0', 'berth latest', 'BERTH 1.0', 'placement 1.39, berth 1.0', 'berth 1.0, placement latest'])(
    '%j stands on the newest Placement, whatever the default',
    (header) => {
      expect(negotiate(header, DEFAULT)).toEqual({ status: 'agreed', minor: MAX_MINOR, berth: true });
    },
  );

  it.each(['berth 1.1', 'berth 2.0', 'placement 1.38, berth 1.0', 'berth 1.0, placement 9.9'])(
    '%j is not to be had',
    (header) => {
      expect(negotiate(header, DEFAULT).status).toBe('unacceptable');
    },
  );

  it.each(['berth one', 'berth 1', 'berth 1.0, placement x'])('%j is not understood', (header) => {
    expect(negotiate(header, DEFAULT).status).toBe('unparseable');
  });
});
