import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm run bench -- [name] [options]`: compiles `test/bench` beside the built libraries and runs `test/bench/<name>.ts`,
 * with the options that follow; without a name, `service.ts`. The libraries must have been built.
 */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const DEFAULT = 'service';

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('-');
const name = named ? first : DEFAULT;
const args = named ? rest : process.argv.slice(2);

function run(command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, { cwd: PROJECT, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

const known = readdirSync(join(PROJECT, 'test', 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
if (!known.includes(name)) {
  console.error(`there is no bench "${name}"; there are: ${known.join(', ')}`);
  process.exit(1);
}

// swc keeps the folders: dist/test/bench finds dist/apps, and #berth/<room> finds dist/libs.
const sources = ['test/bench', 'test/support'].filter((folder) => existsSync(join(PROJECT, folder)));
const quiet = ['--quiet'];
run(process.execPath, [join('node_modules', '.bin', 'swc'), ...sources, '--out-dir', 'dist', ...quiet]);
run(process.execPath, [join('dist', 'test', 'bench', `${name}.js`), ...args]);
