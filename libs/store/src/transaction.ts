import type { Writable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { BerthError, FenceStale, Invalid, REASONS, Unavailable } from '#berth/domain';
import type { PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { fateOf, type CommitFate } from './commit.js';
import { listStaleFences } from './fence/fence.store.js';
import { presentFence } from './fence/present-fence.js';
import { LostRace } from './lost-race.js';
import { isRetryable, isUnavailable, isUnstorableText } from './pg-errors.js';
import { renewPlans } from './plans.js';
import type { Tx } from './sql.js';
import { TransactionMeasures } from './transaction-measures.js';
import { watched } from './watcher.js';

/** Deadlocks and serialization failures are over after one or two runs; more means something is wrong. */
const MAX_ATTEMPTS = 10;

/** Full jitter: writers that met once shall not meet again. */
const MAX_PAUSE_MS = 20;

/** The id is drawn at once, so that a commit whose answer is lost can be asked after. */
const BEGIN = 'begin; select pg_current_xact_id()::text as xid';

/**
 * The same for statements that find all their rows by key, few or many. A plan made while tables were small or unknown
 * would read them whole for as long as it is kept: making a world of 10,000 hosts then cost twice as much.
 */
const BEGIN_BY_KEY = `${BEGIN}, ${[
  ['plan_cache_mode', 'force_generic_plan'],
  ...['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'].map((way) => [`enable_${way}`, 'off']),
  ['jit', 'off'],
]
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ')}`;

/** The only way to a transaction. */
@Injectable()
export class Transactions {
  /** What they came to, by name. */
  readonly measures = new TransactionMeasures();
  private readonly logger = new Logger(Transactions.name);

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one read-committed transaction and answers what it answers, after commit. Work that throws
   * leaves nothing behind. `40001`, `40P01` and LostRace run the whole of it again, at most MAX_ATTEMPTS times,
   * so it may touch nothing but `tx`. Throws Unavailable when the database can't be reached, FenceStale if the caller works
   * under a fence (`underFence`) whose hold has ended.
   */
  run<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, BEGIN, fenced(work));
  }

  /**
   * As `run`, for work whose statements find all their rows by key: its plans don't depend on how large tables are. It
   * knows of no fence: who groups the work of several looks after theirs.
   */
  runByKey<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, BEGIN_BY_KEY, work);
  }

  /** Runs reads that must see one state of the database: repeatable read, read only. Otherwise as `run`. */
  read<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, 'begin isolation level repeatable read read only', work);
  }

  /** Runs reads of a single statement: no transaction is opened for it. Otherwise as `run`. */
  single<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.attempt(name, undefined, work);
  }

  private attempt<T>(name: string, begin: string | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    return watched({ kind: 'transaction', name }, () => this.repeated(name, begin, work));
  }

  private async repeated<T>(name: string, begin: string | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
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

  private async untilThrough<T>(name: string, begin: string | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
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

  private async once<T>(begin: string | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      renewPlans(client, begin?.startsWith(BEGIN) ?? false);
      if (begin === undefined) return await work({ client });
      const { result, xid } = await begun(client, begin, work);
      await this.commit(client, xid);
      return result;
    } finally {
      await runner.release();
    }
  }

  /** Commits. If the answer never comes, finds out whether it happened: nobody is told the wrong thing. */
  private async commit(client: PoolClient, xid: string | undefined): Promise<void> {
    try {
      await client.query('commit');
    } catch (error) {
      if (xid === undefined || !isUnavailable(error)) throw error;
      this.logger.warn(`the connection was lost during the commit of transaction ${xid}; asking what became of it`);
      if ((await this.fateOf(xid)) === 'aborted') throw error;
    }
  }

  private async fateOf(xid: string): Promise<CommitFate> {
    const { lostCommits } = this.measures;
    try {
      const fate = await fateOf(this.dataSource, xid);
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
  client: PoolClient,
  begin: string,
  work: (tx: Tx) => Promise<T>,
): Promise<{ result: T; xid: string | undefined }> {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
  const opening = client.query(begin) as Promise<unknown> as Promise<Opened | Opened[]>;
  try {
    const [opened, result] = await Promise.all([opening, work({ client })]);
    return { result, xid: Array.isArray(opened) ? opened.at(-1)?.rows[0]?.xid : undefined };
  } catch (error) {
    // A connection that can't even roll back is closed by the pool; what it held is undone by the server.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** A transaction that may write also learns its id, in the same trip. */
interface Opened {
  readonly rows: readonly { readonly xid?: string }[];
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
