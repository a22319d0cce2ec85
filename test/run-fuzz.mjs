import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run fuzz -- [options]`: compiles `test/fuzz` beside the built libraries and fires garbled requests at a service. */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

// swc keeps the folders: dist/test/fuzz finds dist/test/support, and #berth/<room> finds dist/libs.
run(join('node_modules', '.bin', 'swc'), 'test/fuzz', 'test/locks', 'test/support', '--out-dir', 'dist', '--quiet');
run(join('dist', 'test', 'fuzz', 'main.js'), ...process.argv.slice(2));
