import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './account.js';

/** Makes the directory, and those above it, so that every account can pass, whatever the umask; leaves existing ones alone. */
export function makeOpen(path: string): void {
  if (existsSync(path)) return;
  makeOpen(dirname(path));
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

/** Makes the directory one that only the account can enter, also if it exists. */
export function makePrivate(path: string, account: Account | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (account) chownSync(path, account.uid, account.gid);
  chmodSync(path, 0o700);
}
