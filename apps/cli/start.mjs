import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { staleBuild } from './build-check.mjs';

/**
 * `npm start`: builds if the build is missing or older than the sources, then serves, in this very process: the fewer
 * processes stand between a terminal and the service, the surer a signal arrives.
 */

const project = fileURLToPath(new URL('../..', import.meta.url));
const main = join(project, 'dist', 'apps', 'cli', 'src', 'main.js');

// Where the compiler was left out (`npm ci --omit=dev`), the build that came with the sources is the one to run.
const canBuild = existsSync(join(project, 'node_modules', '@swc', 'cli'));
const reason = canBuild ? staleBuild(project) : undefined;
if (reason !== undefined) {
  process.stdout.write(`Berth: building (${reason}) …\n`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status, signal, error } = spawnSync(command, [...args, 'run', '--silent', 'build'], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    process.stderr.write(`Berth: the build failed (${error?.message ?? signal ?? `exit code ${status}`})\n`);
    process.exit(1);
  }
}

// npm hands a signal to the shell that it runs this script in, and that shell dies of it without telling anybody.
const LOOK_MS = 200;
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS).unref();
}

process.argv.splice(1, process.argv.length, main, 'serve', ...process.argv.slice(2));
await import(main);
