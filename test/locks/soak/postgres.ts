import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrate } from '../../support/migrate.js';
import { query } from '../../support/query.js';
import { waitFor } from '../../support/wait-for.js';
import { PROJECT } from '../../support/project.js';

/** A crash of the machine is not tried, only those of processes: the files of a dead server are all there. */
const SETTINGS = { max_connections: '300', fsync: 'off', full_page_writes: 'off', autovacuum_naptime: '5s' };

const BACK_LIMIT_MS = 60_000;

/** `fast` lets transactions be rolled back in order; `immediate` is a crash, with recovery at the next start. */
export const RESTARTS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** A migrated database that the run may have for itself. */
export interface SoakDatabase {
  readonly url: string;
  /** Ends its server as told, and waits until another one answers. */
  restart(how: keyof typeof RESTARTS): Promise<void>;
}

/** A PostgreSQL of the run's own, migrated, which may be stopped at any time: somebody starts it again at once. */
export class SoakPostgres implements SoakDatabase {
  private constructor(
    readonly url: string,
    private readonly owner: ChildProcess,
    private readonly home: string,
    private readonly directory: string,
  ) {}

  static async start(): Promise<SoakPostgres> {
    const directory = mkdtempSync(join(tmpdir(), 'berth-soak-'));
    const options = { directory, relocated: `${directory}-moved`, settings: SETTINGS };
    const script = join(PROJECT, 'test/support/postgres-owner.mjs');
    // The end of its standard input, however it comes, ends it and the server.
    const owner = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
    const { url, home, refused } = JSON.parse(line) as { url?: string; home?: string; refused?: string };
    if (url === undefined || home === undefined) throw new Error(`PostgreSQL did not start: ${refused ?? line}`);
    await migrate(url);
    return new SoakPostgres(url, owner, home, directory);
  }

  async restart(how: keyof typeof RESTARTS): Promise<void> {
    const [pid = ''] = readFileSync(join(this.home, 'data', 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), RESTARTS[how]);
    await waitFor(() => !isAlive(Number(pid)), { limitMs: BACK_LIMIT_MS, what: 'the end of PostgreSQL' });
    const answers = (): Promise<boolean> =>
      query(this, 'select').then(
        () => true,
        () => false,
      );
    await waitFor(answers, { limitMs: BACK_LIMIT_MS, what: 'PostgreSQL' });
  }

  async stop(): Promise<void> {
    const ended = once(this.owner, 'exit');
    this.owner.stdin?.end();
    await ended;
    for (const path of [this.directory, this.home, `${this.directory}-moved`])
      rmSync(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
