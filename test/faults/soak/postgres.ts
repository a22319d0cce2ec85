import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { migrate } from '../../support/migrate.js';
import { PROJECT } from '../../support/project.js';
import { query } from '../../support/query.js';
import { waitFor } from '../../support/wait-for.js';

/**
 * A crash of the machine is not tried, only those of processes: the files of a dead server are all there. So many
 * connections are few enough to use up, and enough for all servers.
 */
const SETTINGS = {
  max_connections: '150',
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '2MB',
  max_wal_size: '24MB',
  autovacuum_naptime: '5s',
};

const BACK_LIMIT_MS = 120_000;

export type Disk = 'log' | 'tables';
export type Ending = 'fast' | 'immediate' | 'kill';

/** A migrated database that the run has for itself. */
export interface SoakDatabase {
  readonly url: string;
}

/** A PostgreSQL of the run's own that can be stopped, killed and started, and the disks that it lies on filled. */
export class FaultyPostgres implements SoakDatabase {
  private constructor(
    /** The URL of the migrated database. */
    readonly url: string,
    /** Whether its disks are its own and small: only then may they be filled. */
    readonly hasSmallDisks: boolean,
    /** The file that it logs to. */
    readonly log: string,
    private readonly guard: Guard,
  ) {}

  /** `megabytes`: how large each of its two disks is. `changes` go over its settings. */
  static async start(megabytes: number, changes: Readonly<Record<string, string>> = {}): Promise<FaultyPostgres> {
    const directory = mkdtempSync(join(tmpdir(), 'berth-faults-'));
    const guard = new Guard({ directory, settings: { ...SETTINGS, ...changes }, megabytes });
    const { url: adminUrl = '', tables, log = '' } = await guard.answer();
    const where = tables === null ? '' : ' tablespace small';
    if (tables !== null) await query({ url: adminUrl }, `create tablespace small location '${tables}'`);
    await query({ url: adminUrl }, `create database berth${where}`);
    const url = new URL(adminUrl);
    url.pathname = '/berth';
    await migrate(url.href);
    return new FaultyPostgres(url.href, tables !== null, log, guard);
  }

  async stop(how: Ending): Promise<void> {
    await this.guard.ask({ command: 'stop', how });
  }

  /** Starts it unless it runs, and waits until it answers. */
  async startAgain(): Promise<void> {
    const deadline = performance.now() + BACK_LIMIT_MS;
    // One that has no room yet for what it must write begins, and ends again.
    while (!(await this.answers())) {
      if (performance.now() > deadline) throw new Error('waited in vain for PostgreSQL');
      if (!(await this.runs())) await this.guard.ask({ command: 'start' });
    }
  }

  async runs(): Promise<boolean> {
    return (await this.guard.ask({ command: 'runs' })).pid !== null;
  }

  /** Whether it takes a statement: it may run and be recovering. */
  async answers(): Promise<boolean> {
    return await query(this, 'select').then(
      () => true,
      () => false,
    );
  }

  async fill(disk: Disk): Promise<void> {
    await this.guard.ask({ command: 'fill', disk });
  }

  async free(disk: Disk): Promise<void> {
    await this.guard.ask({ command: 'free', disk });
  }

  /** Ends it and removes all of it. */
  async end(): Promise<void> {
    await this.guard.end();
  }
}

interface Answer {
  readonly failed?: string;
  readonly url?: string;
  readonly log?: string;
  readonly tables?: string | null;
  readonly pid?: number | null;
}

/** The process that owns the server: it outlives neither this one nor the end of its input. */
class Guard {
  private readonly child: ChildProcess;
  private readonly lines: Answer[] = [];
  /** Commands are answered one after another. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(options: object) {
    const script = join(PROJECT, 'test/faults/soak/postgres-guard.mjs');
    this.child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new Error('no output');
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as Answer));
  }

  async answer(): Promise<Answer> {
    const what = 'an answer of the process that owns PostgreSQL';
    const answer = await waitFor(() => this.lines.shift(), { limitMs: BACK_LIMIT_MS, what });
    if (answer.failed !== undefined) throw new Error(`PostgreSQL: ${answer.failed}`);
    return answer;
  }

  ask(command: object): Promise<Answer> {
    const asked = this.last.then(() => {
      this.child.stdin?.write(`${JSON.stringify(command)}\n`);
      return this.answer();
    });
    this.last = asked.catch(() => undefined);
    return asked;
  }

  async end(): Promise<void> {
    await this.last;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }
}
