import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.js';
import { isListening } from './is-listening.js';

/** A PgBouncer in transaction mode in front of one server of PostgreSQL. */
export interface Pooler {
  /** The database's URL by this way. */
  readonly url: string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
const POLL_MS = 25;

/** Distributions put servers where only root's path leads. */
const MORE_PLACES = ['/usr/sbin', '/usr/local/sbin'];

/** The program, if this machine has it. */
export function findPgBouncer(): string | undefined {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...MORE_PLACES];
  return places.map((place) => join(place, 'pgbouncer')).find((file) => existsSync(file));
}

/** Starts it on a free port of 127.0.0.1, with so many connections to the database at `databaseUrl`. */
export async function startPooler(program: string, databaseUrl: string, connections: number): Promise<Pooler> {
  const { host, port, user, password, database } = new pg.Client({ connectionString: databaseUrl });
  const directory = mkdtempSync(join(tmpdir(), 'berth-pooler-'));
  const near = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  const secret = typeof password === 'string' && password !== '' ? ` password=${password}` : '';
  const lines = [
    '[databases]',
    `* = host=${host} port=${port} user=${user ?? ''}${secret}`,
    '[pgbouncer]',
    ...['listen_addr = 127.0.0.1', `listen_port = ${near}`, 'unix_socket_dir ='],
    ...['auth_type = any', 'pool_mode = transaction', `default_pool_size = ${connections}`, 'max_client_conn = 500'],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  // It refuses to run as root, and the socket of the tests' server lets nobody in but its owner.
  const account = process.getuid?.() === 0 ? ownerOf(host) : undefined;
  if (account !== undefined) {
    chownSync(file, account.uid, account.gid);
    chownSync(directory, account.uid, account.gid);
    chmodSync(directory, 0o700);
  }
  const child = spawn(program, ['-q', file], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...account });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + START_LIMIT_MS; !(await isListening(near)); await sleep(POLL_MS)) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error(`PgBouncer did not start:\n${output}`);
  }
  const url = `postgres://${encodeURIComponent(user ?? '')}@127.0.0.1:${near}/${database ?? ''}`;
  return { url, stop };
}

/** Who owns the socket's directory; nobody in particular where the server is reached by a port. */
function ownerOf(host: string): { uid: number; gid: number } {
  const { uid, gid } = host.startsWith('/') ? statSync(host) : { uid: 65_534, gid: 65_534 };
  return { uid, gid };
}
