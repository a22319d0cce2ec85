import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Refusal } from '../refusal.js';
import type { Binaries } from './binaries.js';
import { SOCKET_PORT, type Places } from './places.js';
import { run } from './run.js';

/** The data directory's format: another major version of PostgreSQL cannot read it. */
const MAJOR_VERSION = '18';

const SUPERUSER = 'berth';

/** On Windows, where PostgreSQL is reached over TCP, this keeps other users of the machine out. */
const PASSWORD_FILE = 'password';
const PORT_FILE = 'port';
const overTcp = process.platform === 'win32';

/**
 * What differs from PostgreSQL's defaults. 200 connections: 20 a process, and several processes; 128 MB hold the hot
 * rows of tens of thousands of providers; durability is written down because the promise of a claim rests on it.
 */
export const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'replica',
  max_wal_size: '512MB',
  jit: 'off',
  logging_collector: 'off',
  log_line_prefix: '%m [%p] ',
};

/**
 * Creates the database cluster unless there is one: UTF-8, locale C, nobody but those who may enter the socket's
 * directory gets in. It is made under another name and renamed when complete, so a start that was interrupted leaves
 * nothing half done, and of two at once both end up with the same one.
 * Throws a `Refusal` when the data are of another major version.
 */
export async function ensureCluster(binaries: Binaries, places: Places): Promise<void> {
  const { home, data } = places;
  if (existsSync(join(data, 'PG_VERSION'))) return checkVersion(data);
  removeDrafts(home);
  const draft = join(home, `data.new-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await initialise(binaries, places, draft);
    renameSync(draft, data);
  } catch (error) {
    if (!existsSync(join(data, 'PG_VERSION'))) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function initialise(binaries: Binaries, { home, account }: Places, draft: string): Promise<void> {
  const args = ['-D', draft, '-U', SUPERUSER, '-E', 'UTF8', '--locale=C', '--no-instructions'];
  if (overTcp) {
    const file = join(home, PASSWORD_FILE);
    if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    args.push('--auth=scram-sha-256', `--pwfile=${file}`);
  } else {
    args.push('--auth-local=trust', '--auth-host=reject');
  }
  const { code, output } = await run(binaries.initdb, args, account);
  if (code !== 0)
    throw new Refusal(`PostgreSQL could not create its data in ${home}: ${output.replace(/\s*\n\s*/g, ' | ')}`);
  appendFileSync(join(draft, 'postgresql.conf'), `\ninclude_if_exists = 'berth.conf'\n`);
}

/** Writes the settings for the next start; `changes` goes over Berth's own. */
export async function writeSettings(places: Places, changes: Readonly<Record<string, string>> = {}): Promise<void> {
  const settings = { ...SETTINGS, ...(await listening(places)), ...changes };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  const file = join(places.data, 'berth.conf');
  writeFileSync(file, `# Written by Berth at every start.\n${lines.join('')}`, { mode: 0o600 });
  if (places.account) chownSync(file, places.account.uid, places.account.gid);
}

async function listening({ home, sockets }: Places): Promise<Record<string, string>> {
  if (!overTcp) {
    return {
      listen_addresses: '',
      port: `${SOCKET_PORT}`,
      unix_socket_directories: sockets,
      unix_socket_permissions: '0700',
    };
  }
  const file = join(home, PORT_FILE);
  if (!existsSync(file)) writeFileSync(file, `${await freePort()}`);
  return { listen_addresses: '127.0.0.1', port: readFileSync(file, 'utf8'), unix_socket_directories: '' };
}

/** The URL of a database of this cluster, as node-postgres, libpq and TypeORM read it. */
export function databaseUrl({ home, sockets }: Places, database: string): string {
  if (!overTcp) return `postgres://${SUPERUSER}@localhost/${database}?host=${encodeURIComponent(sockets)}`;
  const [port, password] = [PORT_FILE, PASSWORD_FILE].map((file) => readFileSync(join(home, file), 'utf8'));
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
}

function checkVersion(data: string): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR_VERSION) return;
  throw new Refusal(
    `${data} was written by PostgreSQL ${version}, and this is ${MAJOR_VERSION}: convert or move it away`,
  );
}

/** What a start that was killed left behind; the draft of one that still runs carries the number of a living process. */
function removeDrafts(home: string): void {
  for (const name of readdirSync(home)) {
    const pid = /^data\.new-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(home, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
