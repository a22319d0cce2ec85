import { setTimeout as sleep } from 'node:timers/promises';
import { openDataSource } from '#berth/store';

/**
 * Being the one Berth that starts, watches and stops this PostgreSQL. It is an advisory lock on a session of the server
 * itself: it ends with the process that holds it, however that dies, no stale file or reused process id can fake it, and
 * of two that ask at once exactly one gets it.
 */
export interface Ownership {
  /** Throws when the session, and with it the ownership, is lost. */
  check(): Promise<void>;
  /** Runs one statement on the session of the owner. */
  query(statement: string, parameters?: readonly unknown[]): Promise<unknown>;
  release(): Promise<void>;
}

/** Somebody else owns this PostgreSQL. */
export class Owned extends Error {
  constructor(readonly pid: string) {
    super(`owned by process ${pid}`);
  }
}

/** Only ours use this database server, so any number does. */
const LOCK_KEY = 7_338_778;

/** A killed owner's session ends as soon as the server sees its socket closed. */
const LOCK_LIMIT_MS = 2_000;
const LOCK_POLL_MS = 100;

const NAME_PREFIX = 'berth owner ';

/** How long the session may be silent before it counts as lost. */
const CHECK_LIMIT_MS = 15_000;

/**
 * Takes the ownership over the server behind `url` (its database `postgres`: the lock is one a database).
 * Throws `Owned` when another process has it, and what the driver throws when the server cannot be reached.
 */
export async function takeOwnership(url: string): Promise<Ownership> {
  const dataSource = await openDataSource(url, 1);
  const session = dataSource.createQueryRunner();
  try {
    const deadline = Date.now() + LOCK_LIMIT_MS;
    while (!(await isLockedHere(session))) {
      if (Date.now() > deadline) throw new Owned(await ownerOf(session));
      await sleep(LOCK_POLL_MS);
    }
    await session.query(`select set_config('application_name', $1, false)`, [`${NAME_PREFIX}${process.pid}`]);
  } catch (error) {
    await dataSource.destroy().catch(() => undefined);
    throw error;
  }
  return {
    check: async () => {
      await Promise.race([session.query('select 1'), silence()]);
    },
    query: (statement, parameters) => session.query(statement, parameters && [...parameters]),
    release: async () => {
      await session.release().catch(() => undefined);
      await dataSource.destroy().catch(() => undefined);
    },
  };
}

type Session = Pick<Ownership, 'query'>;

async function isLockedHere(session: Session): Promise<boolean> {
  const rows = (await session.query('select pg_try_advisory_lock($1::bigint) as locked', [LOCK_KEY])) as Locked[];
  return rows[0]?.locked === true;
}

interface Locked {
  readonly locked: boolean;
}

/** The owner writes its process id into the name of its session. */
async function ownerOf(session: Session): Promise<string> {
  const rows = (await session.query(
    `select application_name as name from pg_stat_activity join pg_locks using (pid)
      where locktype = 'advisory' and objid = $1::oid and granted`,
    [LOCK_KEY],
  )) as { name: string }[];
  const name = rows[0]?.name ?? '';
  return name.startsWith(NAME_PREFIX) ? name.slice(NAME_PREFIX.length) : 'unknown';
}

async function silence(): Promise<never> {
  await sleep(CHECK_LIMIT_MS, undefined, { ref: false });
  throw new Error(`PostgreSQL has not answered for ${CHECK_LIMIT_MS} ms`);
}
