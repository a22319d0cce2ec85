import { describe, expect, it } from '@jest/globals';
import { isDashedUuid } from './uuid-format.js';

const UUID = '5f2c1a4e-9b3d-4c7a-8e21-0123456789ab';

describe('a uuid with its dashes', () => {
  it.each([
    [UUID, true],
    [UUID.toUpperCase(), true],
    ['', false],
    ['life-is-beautiful', false],
    [UUID.replaceAll('-', ''), false],
    [`{${UUID}}`, false],
    [`urn:uuid:${UUID}`, false],
    [UUID.slice(0, -1), false],
    [UUID.replace('5', 'g'), false],
    [`${UUID} `, false],
  ])('%j: %s', (value, dashed) => {
    expect(isDashedUuid(value)).toBe(dashed);
  });
});
