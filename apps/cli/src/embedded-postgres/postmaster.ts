import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import type { Places } from './places.js';
import { run } from './run.js';

/** After a crash PostgreSQL replays its log before it answers; a long log takes a while. */
const START_LIMIT_SECONDS = 300;

/** How long a fast shutdown may write its checkpoint before the server is stopped the hard way. */
const STOP_LIMIT_SECONDS = 60;

/** Enough of the log to see why a start failed. */
const LOG_LINES = 5;

/**
 * The process id of the server that lives on this data directory, or undefined. Its file survives a crash, and its
 * number may meanwhile belong to somebody else; a server's working directory is its data directory, which tells.
 */
export function livingPostmaster(data: string): number | undefined {
  const pid = recordedPid(data);
  if (pid === undefined) return undefined;
  if (process.platform === 'linux') return worksIn(pid, data) ? pid : undefined;
  return exists(pid) ? pid : undefined;
}

/**
 * Removes the file of a server that is gone if its number belongs to another process now: PostgreSQL would take that
 * one for a server and refuse to start. While any process still works in the directory the file stays, because it is
 * what keeps a second server from data that the first one's processes are still writing.
 */
export function forgetDeadPostmaster(data: string): void {
  if (process.platform !== 'linux') return;
  const pid = recordedPid(data);
  if (pid === undefined || !exists(pid) || worksIn(pid, data) || anyProcessWorksIn(data)) return;
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

/**
 * Starts the server and waits until it answers; it belongs to no terminal and survives this process.
 * Answers undefined when it runs, otherwise what was said about the failure.
 */
export async function launch(binaries: Binaries, places: Places): Promise<string | undefined> {
  const { data, log, account } = places;
  const limits = ['-w', '-t', `${START_LIMIT_SECONDS}`];
  const { code, output } = await run(binaries.pgCtl, ['start', '-s', '-D', data, '-l', log, ...limits], account);
  if (code === 0) return undefined;
  return [output, ...lastLines(log)].filter((line) => line !== '').join(' | ');
}

/** Stops the server: sessions are ended, what is in memory is written. Does nothing when it is gone already. */
export async function halt(binaries: Binaries, data: string, account: Account | undefined): Promise<void> {
  if (livingPostmaster(data) === undefined) return;
  const limits = ['-w', '-t', `${STOP_LIMIT_SECONDS}`];
  const { code, output } = await run(binaries.pgCtl, ['stop', '-s', '-D', data, '-m', 'fast', ...limits], account);
  if (code === 0 || livingPostmaster(data) === undefined) return;
  await run(binaries.pgCtl, ['stop', '-s', '-D', data, '-m', 'immediate', ...limits], account);
  if (livingPostmaster(data) !== undefined) throw new Error(`PostgreSQL does not stop: ${output}`);
}

function recordedPid(data: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10);
    // A single-user server writes its number negative.
    return Number.isInteger(pid) && pid !== 0 ? Math.abs(pid) : undefined;
  } catch {
    return undefined;
  }
}

function worksIn(pid: number | string, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    // Gone, or another user's: the server runs as the owner of the data, whom we can always ask about.
    return false;
  }
}

function anyProcessWorksIn(data: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(name, data));
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function lastLines(log: string): string[] {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-LOG_LINES);
  } catch {
    return [];
  }
}
