import type { Writable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { BerthError, FenceStale, Invalid, REASONS, Unavailable } from '#berth/domain';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { fateOf, type CommitFate, type Opened } from './commit.js';
import { sharedSettings } from './data-source.js';
import { sharedStatementMs } from './database-address.js';
import { listStaleFences } from './fence/fence.store.js';
import { presentFence } from './fence/present-fence.js';
import { LostRace } from './lost-race.js';
import { isElsewhere, isRetryable, isUnavailable, isUnstorableText } from './pg-errors.js';
import { renewPlans } from './plans.js';
import { TIMELINE } from './server-run.js';
import type { Tx } from './sql.js';
import { TransactionMeasures } from './transaction-measures.js';
import { watched } from './watcher.js';

/** Deadlocks and serialization failures are over after one or two runs; more means something is wrong. */
const MAX_ATTEMPTS = 10;

/** Full jitter: writers that met once shall not meet again. */
const MAX_PAUSE_MS = 20;

/**
 * The id is drawn at once, so that a commit whose answer is lost can be asked after; with when and on which timeline, because an id
 * that was lost with a server is given out again.
 */
const IDENTITY = `select pg_current_xact_id()::text as xid, now()::text as begun, ${TIMELINE} as timeline`;

/**
 * For statements that find all their rows by key, few or many. A plan made while tables were small or unknown
 * would read them whole for as long as it is kept: making a world of 10,000 hosts then cost twice as much.
 */
const BY_KEY = [
  ['plan_cache_mode', 'force_generic_plan'],
  ...['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'].map((way) => [`enable_${way}`, 'off']),
  ['jit', 'off'],
]
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ');

/** How a transaction begins: one text, one trip. */
interface Beginning {
  readonly text: string;
  readonly writes: boolean;
}

/** `sharedMs`: behind a pooler nothing outlives a transaction, so each says its own settings. */
function beginnings(sharedMs: number | undefined): Readonly<Record<'write' | 'byKey' | 'read', Beginning>> {
  const settings = sharedMs === undefined ? '' : `; ${sharedSettings(sharedMs)}`;
  return {
    write: { text: `begin${settings}; ${IDENTITY}`, writes: true },
    byKey: { text: `begin${settings}; ${IDENTITY}, ${BY_KEY}`, writes: true },
    read: { text: `begin isolation level repeatable read read only${settings}`, writes: false },
  };
}

/** The only way to a transaction. */
@Injectable()
export class Transactions {
  /** What they came to, by name. */
  readonly measures = new TransactionMeasures();
  private readonly logger = new Logger(Transactions.name);
  private readonly isShared: boolean;
  private readonly begin: ReturnType<typeof beginnings>;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    const sharedMs = sharedStatementMs(dataSource);
    this.isShared = sharedMs !== undefined;
    this.begin = beginnings(sharedMs);
  }

  /**
   * Runs `work` in one read-committed transaction and answers what it answers, after commit. Work that throws
   * leaves nothing behind. `40001`, `40P01` and LostRace run the whole of it again, at most MAX_ATTEMPTS times,
   * so it may touch nothing but `tx`. Throws Unavailable when the database can't be reached, FenceStale if the caller works
   * under a fence (`underFence`) whose hold has ended.
   */
  run<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, this.begin.write, fenced(work));
  }

  /**
   * As `run`, for work whose statements find all their rows by key: its plans don't depend on how large tables are. It
   * knows of no fence: who groups the work of several looks after theirs.
   */
  runByKey<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, this.begin.byKey, work);
  }

  /** Runs reads that must see one state of the database: repeatable read, read only. Otherwise as `run`. */
  read<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, this.begin.read, work);
  }

  /** Runs reads of a single statement, and no more than one: no transaction is opened for it. Otherwise as `run`. */
  single<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, undefined, work);
  }

  private attempt<T>(name: string, begin: Beginning | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    return watched({ kind: 'transaction', name }, () => this.repeated(name, begin, work));
  }

  private async repeated<T>(name: string, begin: Beginning | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    const counts = this.measures.of(name);
    const startedMs = performance.now();
    try {
      return await this.untilThrough(name, begin, work);
    } catch (error) {
      counts.failed += 1;
      throw error;
    } finally {
      counts.done += 1;
      counts.spentMs += performance.now() - startedMs;
    }
  }

  private async untilThrough<T>(name: string, begin: Beginning | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(begin, work);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(error instanceof LostRace || isRetryable(error))) throw translate(error);
        this.measures.of(name).retried += 1;
        this.logger.debug(`${name}: attempt ${attempt} met another writer`);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_PAUSE_MS));
      }
    }
  }

  private async once<T>(begin: Beginning | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    let client: PoolClient | undefined;
    try {
      client = (await runner.connect()) as PoolClient;
      const tx = { client, isShared: this.isShared };
      if (!this.isShared) renewPlans(client, begin?.writes === true);
      if (begin === undefined) return await work(tx);
      const { result, opened } = await begun(tx, begin.text, work);
      await this.commit(client, opened);
      return result;
    } catch (error) {
      // Whoever gets the connection next would be refused as well: the pool closes one that has ended.
      if (client !== undefined && isElsewhere(error)) void client.end().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Commits. If the answer never comes, finds out whether it happened: nobody is told the wrong thing. */
  private async commit(client: PoolClient, opened: Opened | undefined): Promise<void> {
    try {
      const { command } = await client.query('commit');
      // So it is answered where a statement failed and nobody said so: nothing of the work is there.
      if (command !== 'COMMIT') throw new Error(`a transaction that was to be committed was rolled back: ${command}`);
    } catch (error) {
      if (opened === undefined || !isUnavailable(error)) throw error;
      this.logger.warn(
        `the connection was lost during the commit of transaction ${opened.xid}; asking what became of it`,
      );
      if ((await this.fateOf(opened)) === 'aborted') throw error;
    }
  }

  private async fateOf(opened: Opened): Promise<CommitFate> {
    const { lostCommits } = this.measures;
    try {
      const fate = await fateOf(this.dataSource, opened);
      lostCommits[fate] += 1;
      return fate;
    } catch (error) {
      lostCommits.unknown += 1;
      throw error;
    }
  }
}

/** The work, and after it, when it holds all its row locks, a look whether the hold it is done under lasts. */
function fenced<T>(work: (tx: Tx) => Promise<T>): (tx: Tx) => Promise<T> {
  const fence = presentFence();
  if (fence === undefined) return work;
  return async (tx) => {
    const result = await work(tx);
    if ((await listStaleFences(tx, [fence])).length > 0) throw new FenceStale(fence);
    return result;
  };
}

/** Begins and works: the beginning and the first statements of the work go out together. Undoes all of it on failure. */
async function begun<T>(
  tx: Tx & { readonly client: PoolClient },
  begin: string,
  work: (tx: Tx) => Promise<T>,
): Promise<{ result: T; opened: Opened | undefined }> {
  const { client } = tx;
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
  const opening = client.query(begin) as Promise<unknown> as Promise<Answer | Answer[]>;
  try {
    const [answers, result] = await Promise.all([opening, work(tx)]);
    return { result, opened: Array.isArray(answers) ? answers.at(-1)?.rows[0] : undefined };
  } catch (error) {
    // A connection that can't even roll back is closed by the pool; what it held is undone by the server.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** A transaction that may write also learns what it is, in the same trip. */
interface Answer {
  readonly rows: readonly Opened[];
}

function translate(error: unknown): unknown {
  if (error instanceof BerthError) return error;
  if (isUnavailable(error))
    return new Unavailable('The database is not available.', {
      cause: error,
      reason: REASONS.databaseUnavailable,
    });
  if (isUnstorableText(error)) {
    return new Invalid('A value holds a character that cannot be stored, such as NUL.', {
      cause: error,
      reason: REASONS.textUnstorable,
    });
  }
  return error;
}
