import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** Runs Node in it, with arguments. Ends the process where that fails. */
export function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Compiles folders of tests beside the built libraries and runs one of the files, with arguments. swc keeps the folders: dist/test/x finds
 * dist/test/support, and #berth/<room> finds dist/libs. Ends the process where either fails.
 */
export function runCompiled(sources, main, args) {
  run(join('node_modules', '.bin', 'swc'), ...sources, '--out-dir', 'dist', '--quiet');
  run(join('dist', main), ...args);
}
