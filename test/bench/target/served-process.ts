import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import type { Served } from './keeper-orders.js';

const MAIN = fileURLToPath(new URL('../../../apps/cli/src/main.js', import.meta.url));
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
const POLL_MS = 10;

/** `berth serve` on a database that exists, on a free port of 127.0.0.1: what an operator would start. */
export class ServedProcess {
  private child: ChildProcess | undefined;
  private output = '';

  constructor(
    private readonly databaseUrl: string,
    private readonly workers: string | undefined,
  ) {}

  /** Starts it and waits until it answers. Throws with its output if it does not. */
  async ready(): Promise<Served> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const begin = performance.now();
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      env: {
        ...plainEnvironment(),
        HOST: '127.0.0.1',
        PORT: `${port}`,
        DATABASE_URL: this.databaseUrl,
        ...(this.workers !== undefined && { BERTH_WORKERS: this.workers }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-4_000)));
    }
    while ((await statusOf(url)) !== 200) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the service ended:\n${this.output}`);
      if (performance.now() - begin > START_LIMIT_MS) throw new Error(`the service does not answer:\n${this.output}`);
      await sleep(POLL_MS);
    }
    return { url, pid: child.pid ?? 0, readyMs: performance.now() - begin };
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(late);
  }
}

/** Without what would configure the service: what is measured are its defaults. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(BERTH_.*|NODE_OPTIONS|DATABASE_URL)$/.test(name));
  return Object.fromEntries(kept);
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', () => resolve(0));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(0));
  });
}
