import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';
import { PROJECT } from './project.js';
import { waitFor } from './wait-for.js';

const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 30_000;
const LISTENING = /"msg":"listening".*?"url":"(http[^"]+)"/;
const PID = /"pid":(\d+)/;

/** Runs in `berth serve` before its own code: it ends when whoever started it is gone. */
const END_WITH_PARENT = `data:text/javascript,
  process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM')).resume();
  process.stdin.unref();`;

/** Of a run of an hour nobody needs all lines: characters. */
const MAX_OUTPUT = 10_000;

export interface ServiceOptions {
  readonly databaseUrl: string;
  /** Where it listens; unless given, the first start finds a free one. */
  readonly port?: number;
  /** More than 1: `berth serve` with so many; else the API alone. */
  readonly workers?: number;
  /** Modules that each of its processes loads before its own code: URLs. */
  readonly imports?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Is told each line that it writes. */
  readonly heard?: (line: string) => void;
}

const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** The service in processes of its own. It can be killed, paused, and started again behind the same port. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private output = '';
  private port: number;
  /** Who has said that it listens, since the last start. */
  private listening: number[] = [];
  private isEnding = false;
  /** In how many ways it ended although nobody wanted that. */
  readonly deaths: string[] = [];

  constructor(private readonly options: ServiceOptions) {
    this.port = options.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get workers(): number {
    return this.options.workers ?? 1;
  }

  /** The processes that serve HTTP: those that said so and live. */
  get pids(): readonly number[] {
    return this.listening.filter(isAlive);
  }

  /** How often a process has begun to listen since the last start. */
  get starts(): number {
    return this.listening.length;
  }

  async start(): Promise<void> {
    this.output = '';
    this.listening = [];
    this.isEnding = false;
    if (this.workers > 1 && this.port === 0) this.port = await freePort();
    const child = this.spawn();
    this.child = child;
    living.add(child);
    child.once('exit', (code, signal) => {
      living.delete(child);
      if (!this.isEnding) this.deaths.push(`${signal ?? `exit code ${code}`}: ${this.output.slice(-500)}`);
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.read(line));
    }
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await waitFor(() => this.listening.length >= this.workers || hasEnded(), {
      limitMs: START_LIMIT_MS,
      what: 'a server',
    });
    if (hasEnded()) throw new Error(`the server ended with ${child.exitCode}:\n${this.output}`);
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

  private spawn(): ChildProcess {
    const { databaseUrl, imports = [], env, workers = 1 } = this.options;
    const alone = workers === 1;
    const kept = Object.entries(process.env).filter(([name]) => !/^(BERTH_.*|HOST|PORT|NODE_OPTIONS)$/.test(name));
    const args = alone
      ? [join(PROJECT, 'dist/apps/api/src/main.js')]
      : ['--import', END_WITH_PARENT, join(PROJECT, 'dist/apps/cli/src/main.js'), 'serve'];
    return spawn(process.execPath, args, {
      env: {
        ...Object.fromEntries(kept),
        ...{ HOST: '127.0.0.1', PORT: `${this.port}`, DATABASE_URL: databaseUrl },
        ...(imports.length > 0 && { NODE_OPTIONS: imports.map((url) => `--import=${url}`).join(' ') }),
        ...(!alone && { BERTH_WORKERS: `${workers}` }),
        ...env,
      },
      // The channel, or the end of its input, tells it when this process dies.
      stdio: alone ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
    });
  }

  private read(line: string): void {
    this.output = `${this.output}${line}\n`.slice(-MAX_OUTPUT);
    const url = LISTENING.exec(line)?.[1];
    if (url !== undefined) {
      this.port = Number(new URL(url).port);
      this.listening.push(Number(PID.exec(line)?.[1]));
    }
    this.options.heard?.(line);
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    this.isEnding = true;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
