import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run differential -- --peer URL [options]`: compiles `test/differential` beside the built libraries and compares Berth with a Placement. */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

// swc keeps the folders: dist/test/differential finds dist/test/support, and #berth/<room> finds dist/libs.
const SOURCES = ['test/differential', 'test/fuzz', 'test/locks', 'test/support', 'libs/candidates/test-support'];
run(join('node_modules', '.bin', 'swc'), ...SOURCES, '--out-dir', 'dist', '--quiet');
run(join('dist', 'test', 'differential', 'main.js'), ...process.argv.slice(2));
