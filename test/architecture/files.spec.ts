import { describe, expect, it } from '@jest/globals';
import { checkFile } from './file-rules.js';
import { isTestPath, readSources } from './source-files.js';
import { duplicateTitles, switchedTests, testTitles } from './test-titles.js';

const sources = readSources();

describe('the files of the house', () => {
  it('have a fitting size, name and place', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap(checkFile)).toEqual([]);
  });

  it('hold no two tests of one name', () => {
    const tests = sources.filter(({ path }) => isTestPath(path));
    expect(tests.flatMap(testTitles).length).toBeGreaterThan(0);
    expect(duplicateTitles(tests)).toEqual([]);
  });

  it('hold no test that is switched off, or that switches off others', () => {
    expect(sources.filter(({ path }) => isTestPath(path)).flatMap(switchedTests)).toEqual([]);
  });
});

describe('the test of the file rules', () => {
  it.each([
    ['libs/store/src/long.ts', 'a;\n'.repeat(321), /has 321 lines/],
    ['libs/store/src/generationService.ts', '', /not named noun\.role\.ts/],
    ['libs/store/src/Sql.ts', '', /not named noun\.role\.ts/],
    ['libs/store/src/resourceClass/sql.ts', '', /lies in resourceClass/],
    ['libs/store/src/utils/text.ts', '', /"utils" says nothing/],
    ['libs/store/src/helpers.ts', '', /"helpers" says nothing/],
    ['test/e2e/allocations.spec.ts', '', /no project of jest/],
    ['test/races/claims.e2e-spec.ts', '', /no project of jest/],
    ['libs/store/test/sql.test.ts', '', /no project of jest/],
    ['libs/store/src/inventory/index.ts', '/** Door. */', /is a barrel/],
    ['libs/store/src/index.ts', `export * from './sql.js';`, /must open with what the room promises/],
  ])('refuses %s', (path, text, reason) => {
    const problems = checkFile({ path, text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(reason);
  });

  it.each([
    ['libs/store/src/fitting.ts', 'a;\n'.repeat(320)],
    ['libs/store/src/resource-class/resource-class.sql.ts', ''],
    ['libs/store/src/index.ts', '/** The door. */'],
    ['migrations/1763700000000-placement-tables.ts', ''],
    ['test/e2e/allocations-1.28.e2e-spec.ts', ''],
    ['test/races/generation.race-spec.ts', ''],
    ['apps/cli/start.mjs', ''],
  ])('accepts %s', (path, text) => {
    expect(checkFile({ path, text })).toEqual([]);
  });
});

describe('the test of the title rules', () => {
  const file = (text: string) => ({ path: 'test/e2e/fixture.e2e-spec.ts', text });

  it('reads titles through nested blocks and tables, and leaves computed ones out', () => {
    const text = `
      describe('a', () => {
        it('b', () => {});
        describe.each([1, 2])('c %d', () => { it.each([3])('d', async () => {}); });
        it(\`e \${name}\`, () => {});
        it.skip('f', () => {});
        each('g', () => {});
      });
      test('h', () => { expect(it).toBe(other('i')); });
    `;
    expect(testTitles(file(text)).map(({ title }) => title)).toEqual(['a › b', 'a › c %d › d', 'a › f', 'h']);
  });

  it('reports a title that stands in two files, and only that one', () => {
    const one = { path: 'libs/one.spec.ts', text: `describe('a', () => { it('b', f); it('c', f); });` };
    const two = { path: 'libs/two.spec.ts', text: `describe('a', () => {\n it('b', f); it('d', f); });` };
    expect(duplicateTitles([one, two])).toEqual(['"a › b": libs/one.spec.ts:1, libs/two.spec.ts:2']);
  });

  it.each([
    [`it.only('a', f);`, 'runs alone'],
    [`// The reason.\ndescribe.only('a', f);`, 'runs alone'],
    [`fit('a', f);`, 'runs alone'],
    [`it.only.each([1])('a', f);`, 'runs alone'],
    [`it.skip('a', f);`, 'without a reason'],
    [`it.todo('a');`, 'without a reason'],
    [`xdescribe('a', f);`, 'without a reason'],
    [`test.skip.each([1])('a', f);`, 'without a reason'],
  ])('reports %s', (text, reason) => {
    const found = switchedTests(file(text));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });

  it.each([`it('only', f); rows.only(1);`, `// Needs a second machine.\nit.skip('a', f);`, `it.each([1])('a', f);`])(
    'leaves alone: %s',
    (text) => {
      expect(switchedTests(file(text))).toEqual([]);
    },
  );
});
