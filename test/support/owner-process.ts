import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the launcher takes and a process can be told. */
export interface OwnerOptions {
  readonly directory: string;
  readonly account?: string;
  readonly relocated?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** What the owner reported about itself. */
export interface OwnerReport {
  readonly url?: string;
  readonly pid?: number;
  readonly adopted?: boolean;
  readonly home?: string;
  readonly refused?: string;
}

export interface Owner {
  readonly report: OwnerReport;
  readonly pid: number;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('postgres-owner.mjs', import.meta.url));

/** Starts a process that owns the PostgreSQL of the directory and waits until it runs or was refused. */
export async function startOwner(options: OwnerOptions): Promise<Owner> {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => undefined),
  ]);
  if (line === undefined) throw new Error('the owner of PostgreSQL ended without a word; was `npm run build` run?');
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  return {
    report: JSON.parse(String(line[0])) as OwnerReport,
    pid: child.pid ?? 0,
    ended,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}
