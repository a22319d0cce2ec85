import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { staleBuild } from '../../apps/cli/build-check.mjs';

export { freePort } from './free-port.js';

export interface ServerOptions {
  readonly databaseUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Unless given, the system picks a free one: no two servers of a run can meet. */
  readonly port?: number;
}

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  /** What it wrote so far. */
  logs(): string;
  /** Asks it to end and answers its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power failure would. */
  kill(): Promise<void>;
}

const PROJECT = new URL('../..', import.meta.url).pathname;
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 25;

/** Servers that a failed test left behind end with its worker. */
const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** Starts the built service on 127.0.0.1 and waits until it answers. Throws with its output if it does not. */
export async function startServer({ databaseUrl, env = {}, port = 0 }: ServerOptions): Promise<RunningServer> {
  const stale = staleBuild(PROJECT);
  if (stale !== undefined) throw new Error(`${stale}: run npm run build`);
  const child = spawn(process.execPath, [join(PROJECT, 'dist/apps/api/src/main.js')], {
    env: { ...cleanEnvironment(), HOST: '127.0.0.1', PORT: `${port}`, DATABASE_URL: databaseUrl, ...env },
    // The channel tells it when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  living.add(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => {
    living.delete(child);
    return code as number | null;
  });
  const url = await answering(child, () => output);
  return {
    url,
    pid: child.pid ?? 0,
    logs: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The line that the service writes when it listens. */
const LISTENING = /"msg":"listening".*?"url":"(http[^"]+)"/;

/** Waits until the service answers, and answers where. */
async function answering(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      // Its last words may still be in the pipe.
      await sleep(POLL_MS);
      throw new Error(`the server ended (${child.exitCode ?? child.signalCode}):\n${output()}`);
    }
    const url = LISTENING.exec(output())?.[1];
    if (url !== undefined && (await statusOf(url)) === 200) return url;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server did not answer GET / with 200 within ${START_LIMIT_MS} ms:\n${output()}`);
    }
    await sleep(POLL_MS);
  }
}

function statusOf(url: string): Promise<number> {
  // Whom such a service trusts and is trusted by is the test's own business: that it listens has to do.
  if (url.startsWith('https:')) return Promise.resolve(200);
  return fetch(url, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => 0,
  );
}

/** The test's own environment without what would configure the service; each test says what it wants. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('BERTH_') &&
      !['HOST', 'PORT', 'DATABASE_URL', 'DATABASE_DIRECT_URL', 'NODE_OPTIONS'].includes(name),
  );
  return Object.fromEntries(kept);
}
