import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm test`: build, lint, format, types, then every Jest project. Goes on after a failure where that still tells
 * something, exits non-zero if anything failed, and ends with one line: `N passed, N failed`. Passed are tests; failed
 * are tests, test files that could not run, and the other steps, one each. Arguments go to Jest.
 */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** No step hangs for ever: a run that is not over by then is a failure. With an `npm ci` before it, the whole stays under half an hour. */
const STEP_LIMIT_MS = 4 * 60_000;
const RUN_LIMIT_MS = 26 * 60_000;
/** A step that was told to stop gets this long to stop its own servers. */
const STOP_LIMIT_MS = 10_000;

const bin = (name) => join('node_modules', '.bin', name);
/** npm scripts know the way to npm itself; run by hand, the first npm on the path does. */
const npmCli = process.env.npm_execpath;
const npmRun = (script) => (npmCli ? [process.execPath, npmCli, 'run', script] : ['npm', 'run', script]);

/** npm does not pass signals on to what its scripts start, so each step is a process group of its own. */
const GROUPS = process.platform !== 'win32';

function signalGroup(child, signal) {
  try {
    if (GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

const started = Date.now();
let running;
let stopped = false;

/** Runs one command with the terminal's output; answers whether it ended with 0 in time. */
function run(title, [command, ...args], limitMs) {
  console.log(`\n=== ${title}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: PROJECT, detached: GROUPS, stdio: ['ignore', 'inherit', 'inherit'] });
    running = child;
    let killer;
    const watch = setTimeout(() => {
      console.error(`${title}: not finished after ${Math.round(limitMs / 1000)} s, stopped`);
      signalGroup(child, 'SIGTERM');
      killer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_LIMIT_MS);
    }, limitMs);
    const end = (ok) => {
      clearTimeout(watch);
      clearTimeout(killer);
      running = undefined;
      resolve(ok);
    };
    child.once('error', (error) => {
      console.error(`${title}: ${error.message}`);
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

/** What Jest counted. A run without a readable result failed as a whole, and so did one that failed nobody in it. */
function readCounts(file, ok) {
  let result;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed: ok ? failed : Math.max(1, failed) };
}

async function runJest() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-test-'));
  const file = join(folder, 'result.json');
  try {
    const node = [process.execPath, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const args = ['--json', `--outputFile=${file}`, ...process.argv.slice(2)];
    const ok = await run('test', [...node, bin('jest'), ...args], RUN_LIMIT_MS - (Date.now() - started));
    return readCounts(file, ok);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  // Stories run against what was built: without it there is nothing to say about the rest.
  if (!(await run('build', npmRun('build'), STEP_LIMIT_MS))) return { passed: 0, failed: 1 };
  const failedSteps = [];
  for (const step of ['lint', 'typecheck']) {
    if (stopped) break;
    if (!(await run(step, npmRun(step), STEP_LIMIT_MS))) failedSteps.push(step);
  }
  const { passed, failed } = stopped ? { passed: 0, failed: 1 } : await runJest();
  if (failedSteps.length > 0) console.error(`\nfailed besides the tests: ${failedSteps.join(', ')}`);
  return { passed, failed: failed + failedSteps.length };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = true;
    if (running) signalGroup(running, signal);
  });
}

const { passed, failed } = await main();
process.exitCode = failed > 0 || stopped ? 1 : 0;
console.log(`\n${passed} passed, ${failed} failed`);
