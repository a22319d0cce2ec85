import { spawn } from 'node:child_process';
import type { Account } from './account.js';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of PostgreSQL as the account, to its end, and answers with all that it said. */
export function run(program: string, args: readonly string[], account: Account | undefined): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: process.platform === 'win32' ? undefined : '/',
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}

/** `PGDATA`, `PGPORT`, `PGOPTIONS` and their like speak of another PostgreSQL; `LC_*` would change what ours says. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG$|LANGUAGE$)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
