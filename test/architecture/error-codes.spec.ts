import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, REASONS } from '#berth/domain';
import { readSource } from './source-files.js';

/** Published so far. It only grows: a code is never removed, renamed or used for something else. */
const PUBLISHED_CODES = 11;
const PUBLISHED_REASONS = 73;

const page = readSource('docs/api/errors.md').text;
/** Whatever looks like a code, anywhere on the page. */
const mentioned = new Set(page.match(/\b(placement|berth)(\.[a-z]+(_[a-z]+)*)+/g));
/** Rows of the table: code, status, when, what to do. */
const rows = page.split('\n').flatMap((line) => {
  const [, code, status, when, remedy] = /^\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
  return code === undefined ? [] : [{ code, status: status ?? '', when: when ?? '', remedy: remedy ?? '' }];
});

describe('error codes', () => {
  const codes: string[] = Object.values(ERROR_CODES);
  const reasons: string[] = Object.values(REASONS);

  it('are as many as were published, each once', () => {
    expect(codes).toHaveLength(PUBLISHED_CODES);
    expect(new Set(codes).size).toBe(PUBLISHED_CODES);
    expect(reasons).toHaveLength(PUBLISHED_REASONS);
    expect(new Set(reasons).size).toBe(PUBLISHED_REASONS);
  });

  it('stand in docs/api/errors.md, each in a row of its own, and nothing else does', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual([...codes, ...reasons].sort());
    expect([...mentioned].sort()).toEqual([...new Set([...codes, ...reasons])].sort());
  });

  it('say with which status, when, and what to do', () => {
    for (const { code, status, when, remedy } of rows) {
      expect({ code, status }).toEqual({ code, status: expect.stringMatching(/^[45]\d\d(, [45]\d\d)*$/) });
      expect(when.length).toBeGreaterThan(10);
      expect(remedy.length).toBeGreaterThan(10);
    }
  });

  it('are lower case words with dots, with the name of their contract first', () => {
    for (const code of [...codes, ...reasons]) expect(code).toMatch(/^(placement|berth)(\.[a-z]+(_[a-z]+)*)+$/);
  });
});
