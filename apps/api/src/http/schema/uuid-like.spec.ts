import { describe, expect, it } from '@jest/globals';
import { isUuidLike, normalizeUuid } from './uuid-like.js';

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';
const BARE = UUID.replaceAll('-', '');

describe('a UUID-like string (spec http.md §11)', () => {
  it.each([
    UUID,
    UUID.toUpperCase(),
    BARE,
    `{${UUID}}`,
    `{{${BARE}}}`,
    `urn:uuid:${UUID}`,
    `uuid:${BARE}`,
    `${BARE}----`,
  ])('%s is one and has one normal form', (spelling) => {
    expect(isUuidLike(spelling)).toBe(true);
    expect(normalizeUuid(spelling)).toBe(UUID);
  });

  it.each([
    '',
    'x',
    '-'.repeat(36),
    UUID.slice(1),
    `${UUID}0`,
    UUID.replace('e', 'g'),
    ` ${UUID}`,
    `${UUID}\n`,
    `URN:UUID:${UUID}`,
    `${BARE.slice(0, 8)}{${BARE.slice(8)}`,
    BARE.replace('0', '٠'),
  ])('%j is none', (spelling) => {
    expect(isUuidLike(spelling)).toBe(false);
    expect(normalizeUuid(spelling)).toBeUndefined();
  });

  it('is decided in linear time', () => {
    const started = performance.now();
    expect(isUuidLike(`${'{'.repeat(1_000_000)}x${'{}'.repeat(1_000_000)}x`)).toBe(false);
    // Quadratic time would be hours.
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});
