import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { Refusal } from '../refusal.js';

/** The system account that PostgreSQL runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Tried in this order when Berth runs as root: the first is there where PostgreSQL is installed, the other always. */
const PREFERRED = ['postgres', 'nobody'];

/**
 * The account for PostgreSQL, or undefined for the one Berth itself runs as. PostgreSQL refuses to run as root, so root
 * hands it to somebody else: to the owner of the data if there are some, else to `wanted`, `postgres` or `nobody`.
 * Throws a `Refusal` when there is nobody to hand it to.
 */
export function accountFor(dataDirectory: string, wanted?: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = systemAccounts();
  const owner = statSync(dataDirectory, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) {
    const name = known.find(({ uid }) => uid === owner.uid)?.name ?? `user ${owner.uid}`;
    return { name, uid: owner.uid, gid: owner.gid };
  }
  for (const name of wanted === undefined ? PREFERRED : [wanted]) {
    const account = known.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (account) return account;
  }
  throw new Refusal(
    `PostgreSQL does not run as root, and there is no user ${wanted ?? PREFERRED.join(' or ')} to run it`,
  );
}

function systemAccounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && Number.isInteger(uid) && Number.isInteger(gid));
}

/** Whether the account can read the file, every directory on the way to it included. */
export function canRead(account: Account | undefined, path: string): boolean {
  return account ? ask(account, '-r', path) : may(path, constants.R_OK);
}

/** Whether the account can run the program or enter the directory. */
export function canExecute(account: Account | undefined, path: string): boolean {
  return account ? ask(account, '-x', path) : may(path, constants.X_OK);
}

/** Only the kernel knows the answer (modes, groups, ACLs, mounts), and only to the account itself. */
function ask({ uid, gid }: Account, test: '-r' | '-x', path: string): boolean {
  return spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { uid, gid, cwd: '/' }).status === 0;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
