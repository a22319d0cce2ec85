import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that hold sources; everything else at the top is configuration, prose or built. */
const SOURCE_FOLDERS = ['apps', 'libs', 'migrations', 'test'];
const NOT_SOURCES = new Set(['node_modules', 'dist', 'coverage', '.berth']);

/** One file: its path from the project's root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Paths from the project's root of all files below `folder`, sorted; those of `dist` and the like are left out. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(PROJECT, folder), { withFileTypes: true })) {
    if (NOT_SOURCES.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else if (entry.isFile()) found.push(path.split(sep).join('/'));
  }
  return found.sort();
}

/** All TypeScript and plain JavaScript sources of the project. */
export function readSources(): SourceFile[] {
  return SOURCE_FOLDERS.flatMap(filesBelow)
    .filter((path) => /\.(ts|tsx|mts|mjs)$/.test(path))
    .map(readSource);
}

/** The text of one file, named from the project's root. */
export function readSource(path: string): SourceFile {
  return {
    path: relative(PROJECT, join(PROJECT, path)).split(sep).join('/'),
    text: readFileSync(join(PROJECT, path), 'utf8'),
  };
}

/** A path that holds tests: these may import test packages and are not shipped. */
export function isTestPath(path: string): boolean {
  return path.startsWith('test/') || /\.(spec|e2e-spec|race-spec)\.tsx?$/.test(path) || path.includes('/test-support/');
}
