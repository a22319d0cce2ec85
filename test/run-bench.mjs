import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run bench -- <name>`: compiles `test/bench` beside the built libraries and runs `test/bench/<name>.ts`, with the
 * arguments that follow. Without a name: all of them, one after the other. The libraries must have been built.
 */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const [name, ...args] = process.argv.slice(2);

function run(command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

const known = readdirSync(join(PROJECT, 'test', 'bench'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
if (name !== undefined && !known.includes(name)) {
  console.error(`there is no bench "${name}"; there are: ${known.join(', ') || 'none'}`);
  process.exit(1);
}

// swc keeps the folders: dist/test/bench finds dist/test/support, and #berth/<room> finds dist/libs.
const sources = ['test/bench', 'test/support'].filter((folder) => existsSync(join(PROJECT, folder)));
run(process.execPath, [join('node_modules', '.bin', 'swc'), ...sources, '--out-dir', 'dist']);
for (const bench of name === undefined ? known : [name]) {
  run(process.execPath, [join('dist', 'test', 'bench', `${bench}.js`), ...args]);
}
