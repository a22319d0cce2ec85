import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.js';
import { prepareBinaries, type Binaries } from './binaries.js';
import { databaseUrl, ensureCluster, writeSettings } from './cluster.js';
import { Owned, takeOwnership, type Ownership } from './ownership.js';
import { makePlaces, RELOCATED, type Places } from './places.js';
import { forgetDeadPostmaster, halt, launch, livingPostmaster } from './postmaster.js';

export interface EmbeddedPostgresOptions {
  /** Where the data live; made if missing. */
  readonly directory: string;
  /** Takes one line of progress for the console. */
  readonly say?: (line: string) => void;
  /** As root: the system account to run PostgreSQL; the owner of existing data goes before it. */
  readonly account?: string;
  /** As root: where what the account could not reach goes. */
  readonly relocated?: string;
  /** Settings of postgresql.conf that go over Berth's own. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starting anew must not take forever: what keeps the last server from ending, or ours from starting, is told then. */
const START_LIMIT_MS = 60_000;
const RETRY_MS = 200;

const WATCH_MS = 1_000;

/** A server that dies again and again has a reason that another start does not cure. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;

const DATABASE = 'berth';

/**
 * A PostgreSQL server of Berth's own. It outlives a crash of this process, and the next start takes it over; only the
 * process that owns it (see `Ownership`) starts, watches and stops it.
 */
export class EmbeddedPostgres {
  private restarts: number[] = [];
  private stopping = false;
  private watching: Promise<void> = Promise.resolve();

  private constructor(
    /** The URL of Berth's database. */
    readonly url: string,
    /** Whether the server was running already: the process that started it died without stopping it. */
    readonly adopted: boolean,
    private readonly server: Server,
    private ownership: Ownership,
  ) {}

  /**
   * Starts the server of `directory`, or takes over the one that a dead process left running, and creates Berth's
   * database in it. Throws a `Refusal` if a living Berth owns it, or if it cannot be run here.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const server = new Server(options);
    const adopted = server.pid !== undefined;
    const ownership = await server.startAndOwn();
    const existing = (await ownership.query('select from pg_database where datname = $1', [DATABASE])) as unknown[];
    if (existing.length === 0) await ownership.query(`create database ${DATABASE}`);
    return new EmbeddedPostgres(server.urlOf(DATABASE), adopted, server, ownership);
  }

  /** The URL of another database of this server. */
  urlOf(database: string): string {
    return this.server.urlOf(database);
  }

  /** The process id of the server, or undefined if it does not run at the moment. */
  get pid(): number | undefined {
    return this.server.pid;
  }

  /** Where the data really are; not below `directory` if PostgreSQL's account could not have reached them there. */
  get home(): string {
    return this.server.places.home;
  }

  /** From now on starts the server again whenever it dies. `giveUp` is called, once, if that cannot be done. */
  watch(giveUp: (reason: Error) => void): void {
    this.watching = this.keepAlive().catch((error: unknown) => {
      if (!this.stopping) giveUp(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Stops the server cleanly and gives the ownership back. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.watching;
    // In this order: whoever waits for the ownership shall not get a server that is about to end.
    await this.server.halt();
    await this.ownership.release();
  }

  /** Gives the ownership back but leaves the server running. */
  async leave(): Promise<void> {
    this.stopping = true;
    await this.watching;
    await this.ownership.release();
  }

  private async keepAlive(): Promise<void> {
    while (!this.stopping) {
      const lost = await this.ownership.check().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (lost !== undefined && !this.stopping) await this.startAgain();
      await this.pause();
    }
  }

  private async startAgain(): Promise<void> {
    const now = Date.now();
    this.restarts = [...this.restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.restarts.length > MAX_RESTARTS) {
      throw new Refusal(`PostgreSQL died ${MAX_RESTARTS} times within a minute; see ${this.server.places.log}`);
    }
    this.server.say('PostgreSQL went away; starting it again');
    await this.ownership.release();
    this.ownership = await this.server.startAndOwn();
    this.server.say('PostgreSQL is back');
  }

  private async pause(): Promise<void> {
    for (let waitedMs = 0; waitedMs < WATCH_MS && !this.stopping; waitedMs += RETRY_MS) await sleep(RETRY_MS);
  }
}

class Server {
  readonly places: Places;
  readonly say: (line: string) => void;
  private readonly binaries: Binaries;
  private readonly settings: Readonly<Record<string, string>>;

  constructor({
    directory,
    say = () => undefined,
    account,
    relocated = RELOCATED,
    settings = {},
  }: EmbeddedPostgresOptions) {
    this.places = makePlaces(directory, account, relocated);
    const copyTo = this.places.account ? join(relocated, 'binaries') : join(this.places.home, 'binaries');
    this.binaries = prepareBinaries(this.places.account, copyTo);
    this.say = say;
    this.settings = settings;
  }

  get pid(): number | undefined {
    return livingPostmaster(this.places.data);
  }

  urlOf(database: string): string {
    return databaseUrl(this.places, database);
  }

  /**
   * Goes round until the server runs and is ours. In between, the server of a dead process may still be shutting down,
   * replaying its log, or dying piece by piece, and another start may be a moment ahead.
   */
  async startAndOwn(): Promise<Ownership> {
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      const failure = await this.startIfNeeded();
      if (failure === undefined) {
        const owned = await takeOwnership(this.urlOf('postgres')).catch((error: unknown) => this.explain(error));
        if (!(owned instanceof Error)) return owned;
        if (Date.now() > deadline) throw new Refusal(`PostgreSQL does not answer: ${owned.message}`, { cause: owned });
      } else if (Date.now() > deadline) {
        throw new Refusal(`PostgreSQL does not start: ${failure}`);
      }
      await sleep(RETRY_MS);
    }
  }

  halt(): Promise<void> {
    return halt(this.binaries, this.places.data, this.places.account);
  }

  private async startIfNeeded(): Promise<string | undefined> {
    await ensureCluster(this.binaries, this.places);
    if (this.pid !== undefined) return undefined;
    forgetDeadPostmaster(this.places.data);
    await writeSettings(this.places, this.settings);
    return await launch(this.binaries, this.places);
  }

  private explain(error: unknown): Error {
    if (error instanceof Owned) {
      throw new Refusal(`another Berth (process ${error.pid}) is already running on ${this.places.directory}`);
    }
    return error instanceof Error ? error : new Error(String(error));
  }
}
