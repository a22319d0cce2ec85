import { describe, expect, it } from '@jest/globals';
import { licencePage, licences } from '../licences.mjs';
import { readSource } from './source-files.js';

/** They ask to be named and to keep their text, of whoever passes the package on. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Python-2.0',
]);

describe('the licences of what Berth runs with', () => {
  it('are permissive, all of them', () => {
    const found = licences();
    expect(found.size).toBeGreaterThan(1);
    expect([...found].filter(([licence]) => !PERMISSIVE.has(licence))).toEqual([]);
  });

  it('stand in docs/licences.md (npm run licences)', () => {
    expect(readSource('docs/licences.md').text).toBe(licencePage());
  });
});
