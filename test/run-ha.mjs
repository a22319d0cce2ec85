import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run soak:ha -- [options]`: compiles `test/ha` beside the built libraries and runs the soak of fail-overs. */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

// swc keeps the folders: dist/test/ha finds dist/test/locks and dist/test/support, and #berth/<room> finds dist/libs.
const compile = ['test/ha', 'test/locks', 'test/support', '--out-dir', 'dist', '--quiet'];
const { status } = spawnSync(process.execPath, [join('node_modules', '.bin', 'swc'), ...compile], {
  cwd: PROJECT,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const child = spawn(process.execPath, [join('dist', 'test', 'ha', 'main.js'), ...process.argv.slice(2)], {
  cwd: PROJECT,
  stdio: 'inherit',
});
// A terminal tells both; whoever sends a signal tells this one only.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
