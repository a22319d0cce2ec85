import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run soak:locks -- [options]`, `npm run soak:faults -- [options]`: compiles the soak beside the built libraries and
 * runs it.
 */
const SOAKS = { locks: ['test/locks'], faults: ['test/faults/soak', 'test/faults/database-proxy.ts'] };

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

const [name, ...args] = process.argv.slice(2);
// swc keeps the folders: dist/test/locks finds dist/test/support, and #berth/<room> finds dist/libs.
run(join('node_modules', '.bin', 'swc'), ...SOAKS[name], 'test/support', '--out-dir', 'dist', '--quiet');
run(join('dist', 'test', name, 'soak', 'main.js'), ...args);
