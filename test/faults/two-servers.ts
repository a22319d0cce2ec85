import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../support/migrate.js';
import { startOwner, type Owner } from '../support/owner-process.js';

/** A crash of the machine is not tried. */
const SETTINGS = { max_connections: '100', fsync: 'off', full_page_writes: 'off', autovacuum_naptime: '5s' };

const ADMIN = { connectionTimeoutMillis: 30_000 };

/**
 * A primary, and what its standby made of it: both begin as the same database, byte by byte. Nothing flows from one to the
 * other, so whatever is done to the primary from then on has not reached the standby when that takes over.
 */
export class TwoServers {
  private constructor(
    private readonly directory: string,
    private readonly primary: Owner,
    private readonly standby: Owner,
  ) {}

  /** `furnish` is given the URL of the database while there is only one. */
  static async start(furnish: (databaseUrl: string) => Promise<void>): Promise<TwoServers> {
    const directory = mkdtempSync(join(tmpdir(), 'berth-two-'));
    // As root the servers run as another account.
    chmodSync(directory, 0o711);
    const owners: Owner[] = [];
    const own = async (name: string): Promise<Owner> => {
      const owner = await ownServer(join(directory, name));
      owners.push(owner);
      return owner;
    };
    try {
      const first = await own('primary');
      const url = urlOf(first);
      await migrate(url);
      await furnish(url);
      await first.stop();
      execFileSync('cp', ['-a', join(directory, 'primary'), join(directory, 'standby')]);
      const data = join(directory, 'standby', 'data');
      const { uid, gid } = statSync(join(data, 'PG_VERSION'));
      writeFileSync(join(data, 'standby.signal'), '');
      chownSync(join(data, 'standby.signal'), uid, gid);
      const [primary, standby] = await Promise.all([own('primary'), own('standby')]);
      return new TwoServers(directory, primary, standby);
    } catch (error) {
      await Promise.all(owners.map((owner) => owner.stop()));
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get primaryUrl(): string {
    return urlOf(this.primary);
  }

  get standbyUrl(): string {
    return urlOf(this.standby);
  }

  /** Makes a primary of the standby; the other one goes on. */
  async promote(): Promise<void> {
    await query(this.standbyUrl, 'select pg_promote()');
  }

  async stop(): Promise<void> {
    await Promise.all([this.primary.stop(), this.standby.stop()]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs statements on a connection of their own, each in a transaction of its own; answers the rows of the last. */
export async function query<Row extends pg.QueryResultRow>(
  connectionString: string,
  ...statements: readonly string[]
): Promise<Row[]> {
  const client = new pg.Client({ connectionString, ...ADMIN });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const statement of statements) ({ rows } = await client.query<Row>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

function ownServer(directory: string): Promise<Owner> {
  return startOwner({ directory, relocated: `${directory}-moved`, settings: SETTINGS });
}

function urlOf({ report }: Owner): string {
  if (report.url === undefined) throw new Error(`PostgreSQL did not start: ${report.refused ?? ''}`);
  return report.url;
}
