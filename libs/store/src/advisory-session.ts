import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { REASONS, Unavailable } from '#berth/domain';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { advisoryKey } from './advisory-lock.js';
import { ANSWER_LIMIT_MS, CONNECT_LIMIT_MS, STAY_IN_TOUCH } from './data-source.js';
import { sessionUrl } from './database-address.js';
import { isLockTimeout, isUnavailable } from './pg-errors.js';

/** Each is a connection; more at once would keep other clients of the database out. */
const MAX_SESSIONS = 20;

/**
 * A holder that says nothing for so long is taken for dead by the server, stopped or cut off, and its session ended: ms.
 * A process that ends, by whatever signal, gives its locks back at once.
 */
const SILENCE_LIMIT_MS = 30_000;

/** Often enough that a holder knows that it is cut off well before the server gives its lock to the next one: ms. */
const BEAT_MS = 5_000;
const BEAT_LIMIT_MS = 10_000;

/** The server takes no longer waits, some 24 days: ms. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** A server older than the setting keeps a silent holder until TCP gives it up. */
const SETTINGS = `select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'
union all select set_config('statement_timeout', '0', false)
union all select set_config('lock_timeout', $2, false)`;

/**
 * Locks of the database server that hold among all its clients and outlive transactions. Each is a connection of its own: it is
 * free as soon as the connection is gone, by whatever way. The server wakes who waits; nobody polls.
 */
@Injectable()
export class AdvisorySessions {
  private open = 0;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Holds the lock of that name; undefined if it is not free within `waitMs`. Throws Unavailable, and the signal's reason if it
   * aborts first. Each needs a session: where a pooler shares them out by transaction it goes past it.
   */
  async take(name: string, waitMs: number, signal?: AbortSignal): Promise<AdvisoryHold | undefined> {
    signal?.throwIfAborted();
    if (this.open >= MAX_SESSIONS) {
      const message = `This process holds or awaits ${MAX_SESSIONS} locks of the database, and takes no more at once.`;
      throw new Unavailable(message, { reason: REASONS.overloaded });
    }
    this.open += 1;
    const client = this.newClient();
    const hold = new AdvisoryHold(client, advisoryKey(name), () => (this.open -= 1));
    try {
      if (await this.takeOn(hold, client, Math.min(Math.ceil(waitMs), MAX_WAIT_MS), signal)) return hold.begin();
      await hold.close();
      return undefined;
    } catch (error) {
      await hold.close();
      signal?.throwIfAborted();
      if (!isUnavailable(error)) throw error;
      throw new Unavailable('The database is not available.', { cause: error, reason: REASONS.databaseUnavailable });
    }
  }

  private async takeOn(
    { key }: AdvisoryHold,
    client: pg.Client,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    await client.connect();
    const cancel = (): void => void this.cancel(client);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      await client.query(SETTINGS, [`${SILENCE_LIMIT_MS}`, `${waitMs}`]);
      signal?.throwIfAborted();
      const taken = await takeLock(client, key, waitMs);
      signal?.throwIfAborted();
      return taken;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** By another connection: this one waits. Where it fails the wait ends with its limit. */
  private async cancel(client: pg.Client): Promise<void> {
    const { processID } = client as unknown as { readonly processID: number };
    await this.dataSource.query('select pg_cancel_backend($1::int)', [processID]).catch(() => undefined);
  }

  private newClient(): pg.Client {
    return new pg.Client({
      connectionString: sessionUrl(this.dataSource),
      application_name: 'berth lock',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      ...STAY_IN_TOUCH,
    });
  }
}

async function takeLock(client: pg.Client, key: string, waitMs: number): Promise<boolean> {
  if (waitMs === 0) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [key]);
    return rows[0]?.taken === true;
  }
  try {
    const text = 'select pg_advisory_lock($1::bigint)';
    // A silent network shall not keep who waits for longer than the lock could.
    await client.query({ text, values: [key], query_timeout: waitMs + ANSWER_LIMIT_MS } as pg.QueryConfig);
    return true;
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  }
}

/** A lock of the database that is held, until it is released or its connection breaks. */
export class AdvisoryHold {
  private readonly gone = new AbortController();
  private beat: NodeJS.Timeout | undefined;
  private released = false;
  private closed = false;

  /** `onClosed`: told once, when the connection is given up. */
  constructor(
    private readonly client: pg.Client,
    readonly key: string,
    private readonly onClosed: () => void,
  ) {
    client.on('error', (error) => this.lose(error));
    client.once('end', () => this.lose(new Error('the connection to the database ended')));
  }

  /** Aborted once the lock is lost, with what broke the connection as its reason. */
  get lost(): AbortSignal {
    return this.gone.signal;
  }

  begin(): this {
    this.beat = setInterval(() => void this.ask(), BEAT_MS).unref();
    return this;
  }

  /** Gives the lock back; false if it was lost, or given back before. */
  async release(): Promise<boolean> {
    if (this.released) return false;
    this.released = true;
    clearInterval(this.beat);
    if (this.gone.signal.aborted) return false;
    try {
      const text = 'select pg_advisory_unlock($1::bigint) as released';
      const { rows } = await this.client.query<{ released: boolean }>(text, [this.key]);
      return rows[0]?.released === true;
    } catch {
      // The connection broke while it was given back: whether before or after nobody can say.
      return false;
    } finally {
      await this.close();
    }
  }

  /** Gives up the connection, and with it the lock. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.released = true;
    clearInterval(this.beat);
    this.onClosed();
    await this.client.end().catch(() => undefined);
  }

  private async ask(): Promise<void> {
    try {
      await this.client.query({ text: 'select 1', query_timeout: BEAT_LIMIT_MS } as pg.QueryConfig);
    } catch (error) {
      this.lose(error as Error);
    }
  }

  private lose(cause: Error): void {
    clearInterval(this.beat);
    if (this.released || this.gone.signal.aborted) return;
    this.gone.abort(cause);
    void this.close();
  }
}
