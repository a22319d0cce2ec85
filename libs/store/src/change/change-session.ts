import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { REASONS, Unavailable } from '#berth/domain';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { ANSWER_LIMIT_MS, CONNECT_LIMIT_MS, STAY_IN_TOUCH } from '../data-source.js';
import { sessionUrl } from '../database-address.js';
import { isUnavailable } from '../pg-errors.js';
import { renewPlans } from '../plans.js';
import type { Tx } from '../sql.js';
import { tune } from './change.sql.js';

/**
 * A connection of its own for the question "what has changed": the plan of that one statement is fixed, and settings
 * that fix it must not leak into connections that others use.
 */
@Injectable()
export class ChangeSession implements OnApplicationShutdown {
  private client: pg.Client | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Runs statements, one after another, each by itself. Throws Unavailable when the database can't be reached. */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const known = this.client;
    if (known !== undefined) {
      try {
        renewPlans(known, false);
        return await work({ client: known });
      } catch (error) {
        this.drop(known);
        if (!isUnavailable(error)) throw error;
        // The connection was lost while nobody looked, by a restart of the database for one: once more on a new one.
      }
    }
    const client = await this.connect();
    try {
      return await work({ client });
    } catch (error) {
      this.drop(client);
      throw isUnavailable(error) ? notThere(error) : error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: sessionUrl(this.dataSource),
      application_name: 'berth freshness',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      ...STAY_IN_TOUCH,
    });
    // Told to whoever uses it next.
    client.on('error', () => this.drop(client));
    try {
      await client.connect();
      await client.query(tune);
    } catch (cause) {
      await client.end().catch(() => undefined);
      throw notThere(cause);
    }
    this.client = client;
    return client;
  }

  private drop(client: pg.Client): void {
    if (this.client === client) this.client = undefined;
    void client.end().catch(() => undefined);
  }
}

function notThere(cause: unknown): Unavailable {
  return new Unavailable('The database is not available.', { cause, reason: REASONS.databaseUnavailable });
}
