import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { berth } from './berth-command.js';
import { freePort } from './server.js';
import { waitFor } from './wait-for.js';

/** Each of them loads the whole service: on a machine that is busy with other tests they take their time together. */
const START_LIMIT_MS = 90_000;

/** The service in several processes behind one port. */
export interface RunningWorkers {
  readonly url: string;
  readonly port: number;
  /** Every worker that ever said that it listens, in that order. */
  pids(): readonly number[];
  /** Waits until it has said something that fits. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to end and answers its exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
}

/** Starts `berth serve` with so many workers on a free port of 127.0.0.1, and waits until all of them listen. */
export async function startWorkers(
  databaseUrl: string,
  count: number,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningWorkers> {
  const directory = mkdtempSync(join(tmpdir(), 'berth-workers-'));
  const port = await freePort();
  const env = { PORT: `${port}`, DATABASE_URL: databaseUrl, BERTH_WORKERS: `${count}`, ...more };
  const command = berth(['serve'], directory, env);
  const pids = (): number[] =>
    [...command.output().matchAll(/"msg":"listening".*?"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  const stop = async (): Promise<number | string> => {
    command.signal('SIGTERM');
    const end = await command.ended;
    rmSync(directory, { recursive: true, force: true });
    return end;
  };
  try {
    await waitFor(() => pids().length >= count, { limitMs: START_LIMIT_MS, what: `${count} workers` });
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}; it said:\n${command.output()}`, { cause: error });
  }
  return { url: `http://127.0.0.1:${port}`, port, pids, says: command.says, stop };
}
