import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyFileError, readPolicyFile } from './policy-file.js';

const directory = mkdtempSync(join(tmpdir(), 'berth-policy-'));
const path = join(directory, 'policy.yaml');

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(text: string | Uint8Array) {
  writeFileSync(path, text);
  return readPolicyFile(path, 'secure');
}

function refusal(text: string | Uint8Array): PolicyFileError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof PolicyFileError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const fromFile = (text: string) =>
  read(text)
    .rules.filter(({ origin }) => origin === 'file')
    .map((rule) => [rule.name, rule.text]);

describe('readPolicyFile (docs/policy.md)', () => {
  it.each([
    ['YAML', '# a comment\n"placement:usages": role:reader # another\nours: >-\n  role:a or\n  role:b\n'],
    ['JSON', '{\n\t"placement:usages": "role:reader",\n\t"ours": "role:a or role:b"\n}'],
    ['aliases', 'x: &reader role:reader\nplacement:usages: *reader\nours: !!str role:a or role:b\n'],
  ])('reads %s', (_, text) => {
    expect(fromFile(text)).toEqual(
      expect.arrayContaining([
        ['placement:usages', 'role:reader'],
        ['ours', 'role:a or role:b'],
      ]),
    );
  });

  it('reads lists', () => {
    expect(fromFile('ours: [["role:a", "role:b"], "role:c"]')).toEqual([['ours', '[["role:a","role:b"],"role:c"]']]);
  });

  it.each(['', '# nothing\n', '{}'])('reads %j as no change', (text) => {
    expect(fromFile(text)).toEqual([]);
  });

  it.each([
    [
      'a: role:x\n\n"placement:usage": "@"\n',
      /:3: rule 'placement:usage': there is no such rule; the nearest is placement:usages$/,
    ],
    ['a: role:x\na: role:y\n', /:2: the rule stands twice, expected once$/],
    ['\na: @\n', /:2: .*reserved character @: expected it in quotes, such as "@"$/],
    ['a: %(x)s\n', /:1: .*expected it in quotes/],
    ['a: !\n', /:1: rule 'a': expected text in quotes, such as "!"; ! is a tag$/],
    ['a: !deny\n', /:1: rule 'a': expected text in quotes/],
    ['a: [!]\n', /:1: rule 'a': expected text in quotes/],
    ['a:\n', /:1: rule 'a': expected text or a list, found nothing/],
    ['a: true\n', /:1: rule 'a': expected text or a list, found a boolean/],
    ['a: {b: c}\n', /:1: rule 'a': expected text or a list, found a map/],
    ['a: role:x: y\n', /:1: expected YAML: /],
    ["a: 'role:x\n", /expected YAML: Missing closing/],
    ['a: role:x\n---\nb: role:y\n', /:2: expected YAML: /],
    ['- role:x\n', /:1: expected a map of rules/],
    ['role:x\n', /:1: expected a map of rules/],
    ['1: role:x\n', /:1: expected the name of a rule as text/],
    ['a: role:x or\n', /:1: rule 'a': expected a check after 'or', found the end$/],
    ['a: rule:b\nb: rule:a\n', /:1: rule 'a': leads back to itself: a → b → a$/],
    [`a: role:${'x'.repeat(1_100_000)}`, /bytes, expected at most 1048576$/],
    [new Uint8Array([0x61, 0x3a, 0x20, 0xff]), /can't be read: /],
  ])('refuses %.60j in one line that names file, line and what was expected', (text, message) => {
    const said = refusal(text).message;
    expect(said).toMatch(message);
    expect(said.startsWith(`${path}:`)).toBe(true);
    expect(said).not.toContain('\n');
  });

  it('says how much more is wrong, and what', () => {
    const { message, problems } = refusal('a: x\nb: y\nc: z\n');
    expect(message).toMatch(/^[^\n]*:1: rule 'a': [^\n]+; and 2 more: berth policy check tells them$/);
    expect(problems.map((line) => /:(\d): rule/.exec(line)?.[1])).toEqual(['1', '2', '3']);
  });

  it('refuses a file that is not there', () => {
    expect(() => readPolicyFile(join(directory, 'none.yaml'), 'secure')).toThrow(/none\.yaml: can't be read: ENOENT/);
  });
});
