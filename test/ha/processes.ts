import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** None of the programs runs as root: PostgreSQL refuses to, the others need not. */
const ACCOUNT = 'postgres';

const STOP_LIMIT_MS = 20_000;

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account of the programs; undefined: that of this process. */
export function accountOfPrograms(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, ACCOUNT]).toString());
  return { uid: id('-u'), gid: id('-g') };
}

const living = new Set<Running>();
process.once('exit', () => living.forEach((one) => one.killNow()));

/** A program that was started here, and nothing else is ever ended. */
export class Running {
  private readonly child: ChildProcess;
  readonly ended: Promise<void>;

  /** `log`: where its output goes. `data`: the data directory of a PostgreSQL that it starts and does not wait for. */
  constructor(
    command: readonly string[],
    readonly log: string,
    account: Account | undefined,
    private readonly data?: string,
  ) {
    const output = openSync(log, 'a');
    const [program = '', ...args] = command;
    this.child = spawn(program, args, {
      cwd: '/',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', output, output],
      ...account,
    });
    closeSync(output);
    living.add(this);
    this.ended = Promise.race([once(this.child, 'exit'), once(this.child, 'error')]).then(() => {
      if (this.data === undefined) living.delete(this);
    });
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** Ends it, and the PostgreSQL that it started, as a power failure would. */
  killNow(): void {
    for (const pid of serverPids(this.data)) kill(pid);
    this.signal('SIGKILL');
    // What the first look missed, because it was just being started.
    for (const pid of serverPids(this.data)) kill(pid);
    living.delete(this);
  }

  /** Asks it to end, and its PostgreSQL with it. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.killNow(), STOP_LIMIT_MS);
    if (this.isRunning) await this.ended;
    clearTimeout(late);
    this.killNow();
  }
}

/** The server of a data directory and all of its processes. */
function serverPids(data: string | undefined): number[] {
  if (data === undefined) return [];
  const postmaster = Number(readText(join(data, 'postmaster.pid')).split('\n')[0] ?? 0);
  if (!(postmaster > 1) || !readText(`/proc/${postmaster}/cmdline`).includes(data)) return [];
  const children = readdirSync('/proc').flatMap((name) => {
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(/^\d+$/.test(name) ? readText(`/proc/${name}/stat`) : '')?.[1];
    return Number(parent) === postmaster ? [Number(name)] : [];
  });
  return [postmaster, ...children];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Ports of 127.0.0.1 that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => {
    const address = probe.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports;
}
