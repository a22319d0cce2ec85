import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitFor } from '../../support/wait-for.js';
import { PROJECT } from './project.js';

const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 30_000;
const LISTENING = /"msg":"listening".*?"url":"(http[^"]+)"/;

/** What a rule is broken with: loaded into the service before its own code. */
const BREAKER = pathToFileURL(join(PROJECT, 'test/locks/broken.mjs')).href;

const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** One process of the service. It can be killed, paused, and started again behind the same port. */
export class SoakServer {
  private child: ChildProcess | undefined;
  private output = '';

  constructor(
    private readonly databaseUrl: string,
    /** A rule that its locks break (test/locks/broken.mjs); undefined: none. */
    private readonly broken?: string,
    /** Where it listens, and what else it is told. */
    private port = 0,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.output = '';
    const args = this.broken === undefined ? [] : ['--import', BREAKER];
    const kept = Object.entries(process.env).filter(([name]) => !/^(BERTH_.*|HOST|PORT|NODE_OPTIONS)$/.test(name));
    const child = spawn(process.execPath, [...args, join(PROJECT, 'dist/apps/api/src/main.js')], {
      env: {
        ...Object.fromEntries(kept),
        ...{ HOST: '127.0.0.1', PORT: `${this.port}`, DATABASE_URL: this.databaseUrl, SOAK_BROKEN: this.broken ?? '' },
        ...this.env,
      },
      // The channel tells it when this process dies.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    living.add(child);
    child.once('exit', () => living.delete(child));
    // Only until it listens: a run of an hour has no use for all lines.
    const read = (chunk: Buffer): void => void (this.output = (this.output + chunk.toString()).slice(-10_000));
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    const url = await waitFor(() => LISTENING.exec(this.output)?.[1] ?? (child.exitCode === null ? '' : 'ended'), {
      limitMs: START_LIMIT_MS,
      what: 'a server',
    });
    if (url === 'ended') throw new Error(`the server ended with ${child.exitCode}:\n${this.output}`);
    this.port = Number(new URL(url).port);
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks it to end. Answers its exit code. */
  async stop(): Promise<number | null> {
    this.resume();
    const late = setTimeout(() => this.child?.kill('SIGKILL'), STOP_LIMIT_MS);
    const code = await this.end('SIGTERM');
    clearTimeout(late);
    return code;
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}
