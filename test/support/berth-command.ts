import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './server.js';
import { waitFor } from './wait-for.js';

export interface Command {
  readonly pid: number;
  /** What it wrote so far, on either stream. */
  output(): string;
  /** Waits until the output fits, and answers what fitted. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const MAIN = fileURLToPath(new URL('../../dist/apps/cli/src/main.js', import.meta.url));
/** Runs in the command before its own code: a test that dies must not leave it behind. Unref'd, it holds nothing up. */
const END_WITH_TEST = `data:text/javascript,
  process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  process.stdin.unref();`;

const SAY_LIMIT_MS = 90_000;

/** Runs the built `berth` with arguments in a directory of its own and with no configuration but `env`. */
export function berth(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Command {
  const child = spawn(process.execPath, ['--import', END_WITH_TEST, MAIN, ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // After 'exit', when all that it wrote has arrived.
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    pid: child.pid ?? 0,
    output: () => output,
    says: (pattern) =>
      waitFor(() => pattern.exec(output), { limitMs: SAY_LIMIT_MS, what: `${String(pattern)}` }).catch(
        (error: Error) => {
          throw new Error(`${error.message}; it said:\n${output}`);
        },
      ),
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
