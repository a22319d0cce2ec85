import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { CONNECT_LIMIT_MS, STAY_IN_TOUCH } from '../data-source.js';
import { sessionUrl } from '../database-address.js';
import { run, type Tx } from '../sql.js';
import { notify } from './notice.sql.js';

/** A database that is away is asked for again after so long, twice as long each time: ms. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;

/** Who waits now and then shall not pay for a connection each time: it is kept for so long after the last: ms. */
const LINGER_MS = 10_000;

/** PostgreSQL cuts names that are longer, and takes payloads of less than 8,000 bytes. */
const MAX_CHANNEL = 63;

/** A word to those who listen on a channel. It is a hint: what is true is in the tables. */
export interface Notice {
  readonly channel: string;
  readonly payload: string;
}

export interface NoticeListener {
  /** Something was committed. */
  heard(payload: string): void;
  /** Words may have been missed: listening begins, or does so again after the connection was lost. Look for yourself. */
  lookAgain(): void;
}

/**
 * Notices of other transactions, of this process and others, on one connection that is there only while somebody listens.
 * They come at most once, and not at all while the connection is away: whoever waits for one looks from time to time, too.
 */
@Injectable()
export class Notices implements OnApplicationShutdown {
  private readonly logger = new Logger(Notices.name);
  private readonly listeners = new Map<string, Set<NoticeListener>>();
  private client: pg.Client | undefined;
  /** Channels that the connection listens on. */
  private readonly standing = new Set<string>();
  private sending: Promise<void> = Promise.resolve();
  private connecting = false;
  private stopped = false;
  private retryMs = FIRST_RETRY_MS;
  private retry: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Tells, with the commit of `tx`, whoever listens then. Only where somebody waits: commits that tell queue up for it. */
  async tell(tx: Tx, notices: readonly Notice[]): Promise<void> {
    if (notices.length === 0) return;
    await run(tx, notify, [notices.map(({ channel }) => channel), notices.map(({ payload }) => payload)]);
  }

  /**
   * Listens on a channel (at most 63 bytes) until the answered function is called. `lookAgain` is called as soon as
   * listening has begun: what is committed after that is heard. Never throws: while the database is away it tries again.
   */
  listen(channel: string, listener: NoticeListener): () => void {
    if (Buffer.byteLength(channel) > MAX_CHANNEL) throw new Error(`${channel}: longer than a channel's name may be`);
    clearTimeout(this.linger);
    const known = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, known.add(listener));
    if (this.standing.has(channel)) queueMicrotask(() => this.begin(channel, [listener]));
    else void this.stand();
    return () => this.leave(channel, listener);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    clearTimeout(this.linger);
    await this.close();
  }

  private leave(channel: string, listener: NoticeListener): void {
    const left = this.listeners.get(channel);
    left?.delete(listener);
    if (left?.size !== 0) return;
    this.listeners.delete(channel);
    if (this.standing.delete(channel)) {
      void this.send(this.client, `unlisten ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    }
    if (this.listeners.size === 0) {
      clearTimeout(this.linger);
      this.linger = setTimeout(() => void this.closeUnused(), LINGER_MS).unref();
    }
  }

  private async closeUnused(): Promise<void> {
    if (this.listeners.size === 0) await this.close();
  }

  /** Makes the connection stand, and listen on every channel that is wanted. */
  private async stand(): Promise<void> {
    if (this.connecting || this.stopped) return;
    this.connecting = true;
    try {
      this.client ??= await this.connect();
      for (;;) {
        const missing = [...this.listeners.keys()].filter((channel) => !this.standing.has(channel));
        if (missing.length === 0) break;
        const { client } = this;
        await this.send(client, missing.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join('; '));
        for (const channel of missing) {
          // Who left in the meantime has taken the channel along.
          const waiting = this.listeners.get(channel);
          if (waiting === undefined) await this.send(client, `unlisten ${pg.escapeIdentifier(channel)}`);
          else {
            this.standing.add(channel);
            this.begin(channel, waiting);
          }
        }
      }
      this.retryMs = FIRST_RETRY_MS;
    } catch (error) {
      this.logger.debug(`nothing can be heard for now: ${(error as Error).message}`);
      await this.close();
      this.tryLater();
    } finally {
      this.connecting = false;
    }
  }

  /** One after another: the order decides what is listened on in the end. */
  private async send(client: pg.Client | undefined, text: string): Promise<void> {
    const before = this.sending;
    const sent = before
      .catch(() => undefined)
      .then(async () => {
        if (client === undefined || client !== this.client) throw new Error('the connection was lost');
        await client.query(text);
      });
    this.sending = sent;
    await sent;
  }

  private begin(channel: string, listeners: Iterable<NoticeListener>): void {
    const present = this.listeners.get(channel);
    for (const listener of [...listeners]) if (present?.has(listener) === true) listener.lookAgain();
  }

  private tryLater(): void {
    if (this.stopped || this.listeners.size === 0) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.stand(), this.retryMs).unref();
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: sessionUrl(this.dataSource),
      application_name: 'berth notices',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      ...STAY_IN_TOUCH,
    });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of [...(this.listeners.get(channel) ?? [])]) listener.heard(payload ?? '');
    });
    const lost = (): void => {
      if (this.client !== client) return;
      this.client = undefined;
      this.standing.clear();
      this.tryLater();
    };
    client.on('error', lost);
    client.on('end', lost);
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }

  private async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.standing.clear();
    await client?.end().catch(() => undefined);
  }
}
