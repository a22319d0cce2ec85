import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run build` compiles. */
const SOURCES = ['apps', 'libs', 'migrations'];

/**
 * Compares the build with the sources, file by file. Answers undefined if it is complete and up to date, else one
 * sentence that says what is not.
 *
 * @param {string} project the directory of package.json
 * @returns {string | undefined}
 */
export function staleBuild(project) {
  const expected = new Set();
  for (const folder of SOURCES) {
    for (const source of filesBelow(project, folder, isSource)) {
      const output = source.replace(/\.(ts|tsx|mjs)$/, '.js');
      expected.add(output);
      const built = statSync(join(project, 'dist', output), { throwIfNoEntry: false });
      if (!built) return `${source} was not built`;
      if (built.mtimeMs < statSync(join(project, source)).mtimeMs) return `${source} is newer than its build`;
    }
  }
  // What a removed source left behind would still run: a migration, for one.
  for (const folder of SOURCES) {
    for (const output of filesBelow(join(project, 'dist'), folder, isOutput)) {
      if (!expected.has(output)) return `the source of dist/${output} is gone`;
    }
  }
  return undefined;
}

const isSource = (name) => /\.(ts|tsx|mjs)$/.test(name) && !/\.(d|spec)\.tsx?$/.test(name);
const isOutput = (name) => name.endsWith('.js');

function* filesBelow(root, folder, wanted) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, path, wanted);
    else if (wanted(entry.name)) yield path;
  }
}
