import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROJECT } from '../support/project.js';
import { waitFor } from '../support/wait-for.js';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const LISTENING = /"msg":"listening".*?"url":"(http[^"]+)"/;

const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** The service that is fired at. */
export interface Service {
  readonly url: string;
  readonly pid: number;
  /** Whether it is still the process that it was. */
  isAlive(): boolean;
  logs(): string;
  stop(): Promise<void>;
}

/** Starts the built service. Throws with its output if it doesn't listen. */
export async function startService(databaseUrl: string, env: Readonly<Record<string, string>>): Promise<Service> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(BERTH_.*|HOST|PORT|NODE_OPTIONS)$/.test(name));
  const child = spawn(process.execPath, [join(PROJECT, 'dist/apps/api/src/main.js')], {
    env: { ...Object.fromEntries(kept), HOST: '127.0.0.1', PORT: '0', DATABASE_URL: databaseUrl, ...env },
    // The channel tells it when this process dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  living.add(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const started = await waitFor(() => (isAlive() ? LISTENING.exec(output)?.[1] : 'ended'), {
    limitMs: START_LIMIT_MS,
    what: 'the service',
  });
  if (started === 'ended') throw new Error(`the service did not start:\n${output}`);
  return {
    url: started,
    pid: child.pid ?? 0,
    isAlive,
    logs: () => output,
    stop: async () => {
      if (isAlive()) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
        await ended;
        clearTimeout(late);
      }
      living.delete(child);
    },
  };
}
