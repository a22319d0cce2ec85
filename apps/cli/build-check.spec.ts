import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { staleBuild } from './build-check.mjs';

describe('the check of the build', () => {
  let project: string;

  /** `at`: seconds, so that the order does not hang on how fast the test writes. */
  function write(path: string, at: number): void {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), '');
    utimesSync(join(project, path), at, at);
  }

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'berth-build-'));
    for (const folder of ['apps', 'libs', 'migrations']) {
      write(`${folder}/src/a.ts`, 1_000);
      write(`dist/${folder}/src/a.js`, 2_000);
    }
  });

  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('is content with a build that is younger than all sources', () => {
    expect(staleBuild(project)).toBeUndefined();
  });

  it('does not want tests and declarations to be built', () => {
    write('libs/src/a.spec.ts', 3_000);
    write('libs/src/b.d.ts', 3_000);
    expect(staleBuild(project)).toBeUndefined();
  });

  it('names a source that changed', () => {
    write('libs/src/a.ts', 3_000);
    expect(staleBuild(project)).toBe('libs/src/a.ts is newer than its build');
  });

  it('names a source that is new', () => {
    write('migrations/src/b.ts', 1_000);
    expect(staleBuild(project)).toBe('migrations/src/b.ts was not built');
  });

  it('names what a removed source left behind', () => {
    write('dist/migrations/src/b.js', 2_000);
    expect(staleBuild(project)).toBe('the source of dist/migrations/src/b.js is gone');
  });

  it('sees that there is no build at all', () => {
    rmSync(join(project, 'dist'), { recursive: true });
    expect(staleBuild(project)).toBe('apps/src/a.ts was not built');
  });
});
