import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Refusal } from '../refusal.js';
import { accountFor, canExecute, type Account } from './account.js';
import { makeOpen, makePrivate } from './directories.js';

/** Where everything of one embedded PostgreSQL lies, and who owns it. */
export interface Places {
  /** The directory that was asked for; it may be a link to `home`. */
  readonly directory: string;
  /** Where it really is. Private: nobody but the account enters. */
  readonly home: string;
  readonly data: string;
  readonly log: string;
  /** Holds the socket; who can enter it may connect. */
  readonly sockets: string;
  readonly account: Account | undefined;
}

/** Where root keeps what the account of PostgreSQL could not reach below the project. */
export const RELOCATED = '/var/lib/berth';

/** The address of a socket holds 108 bytes on Linux and 104 on macOS, the zero at its end included. */
const MAX_SOCKET_PATH_BYTES = 103;

/** PostgreSQL names the socket by a port number; ours never listens on it. */
export const SOCKET_PORT = 5432;

/**
 * Makes the directories of the PostgreSQL in `directory` and answers where they are.
 * As root, below a directory that the account cannot enter (a clone in `/root`), they are made in `relocated` instead
 * and `directory` becomes a link to them, so that the next start finds the same data whatever changed meanwhile.
 */
export function makePlaces(directory: string, wantedAccount?: string, relocated = RELOCATED): Places {
  const asked = resolve(directory);
  const account = accountFor(join(asked, 'data'), wantedAccount);
  const home = account ? homeFor(asked, account, relocated) : ownHome(asked);
  return {
    directory: asked,
    home,
    data: join(home, 'data'),
    log: join(home, 'server.log'),
    sockets: socketsOf(home, account),
    account,
  };
}

function ownHome(asked: string): string {
  makeOpen(dirname(asked));
  mkdirSync(asked, { recursive: true, mode: 0o700 });
  const home = realpathSync(asked);
  const { uid } = lstatSync(home);
  const self = process.getuid?.();
  if (self !== undefined && uid !== self) {
    throw new Refusal(`${home} belongs to user ${uid}: run Berth as that user or as root, or set DATABASE_URL`);
  }
  return home;
}

function homeFor(asked: string, account: Account, relocated: string): string {
  makeOpen(dirname(asked));
  const link = lstatSync(asked, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (!link) {
    makePrivate(asked, account);
    const home = realpathSync(asked);
    if (canExecute(account, home)) return home;
    if (existsSync(join(home, 'data'))) {
      throw new Refusal(
        `${account.name}, who owns the data in ${home}, can no longer enter it; check the directories above`,
      );
    }
  }
  const home = join(relocated, shortHash(asked));
  if (link && existsSync(asked)) return realpathSync(asked);
  makeOpen(relocated);
  makePrivate(home, account);
  if (!canExecute(account, home))
    throw new Refusal(`${account.name} can enter neither ${asked} nor ${home}; set DATABASE_URL`);
  rmSync(asked, { recursive: true, force: true });
  symlinkSync(home, asked);
  return home;
}

function socketsOf(home: string, account: Account | undefined): string {
  const near = join(home, 'run');
  const place = fits(near) ? near : [tmpdir(), '/tmp'].map((tmp) => join(tmp, `berth-${shortHash(home)}`)).find(fits);
  if (place === undefined) throw new Refusal(`no place for a socket: the path of ${tmpdir()} is too long`);
  const before = lstatSync(place, { throwIfNoEntry: false });
  const owner = account?.uid ?? process.getuid?.();
  // In a directory open to all, somebody else may have made it first, to see what we say.
  if (before && (!before.isDirectory() || (owner !== undefined && before.uid !== owner))) {
    throw new Refusal(`${place} is in the way: it is not a directory of ours`);
  }
  makePrivate(place, account);
  return place;
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, `.s.PGSQL.${SOCKET_PORT}.lock`)) <= MAX_SOCKET_PATH_BYTES;
}

/** Same path, same name, at every start. */
export function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}
