import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PoolClient } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { servingOptions } from '../../libs/store/src/data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { DatabaseProxy } from './database-proxy.js';

/** How long somebody waits for a connection: ms. */
const WAIT_MS = 1_000;
/** What is asked of a new connection is answered too late for whoever waits for it. */
const QUESTION = 'pg_is_in_recovery';
const LATE_MS = 1_500;

describe('a pool whose connections break while others wait for them', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.open(database.url);
    const small = { ...servingOptions({ url: proxy.url }), poolSize: 1, connectTimeoutMS: WAIT_MS };
    dataSource = await new DataSource(small as DataSourceOptions).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });

  it('keeps a connection that comes too late for who waited for it', async () => {
    const holder = dataSource.createQueryRunner();
    const held = (await holder.connect()) as PoolClient;
    const waiting = dataSource.query('select 1');
    proxy.slowDown(LATE_MS, QUESTION);
    await sleep(WAIT_MS / 2);
    const ended = held.end();
    await holder.release();
    await expect(waiting).rejects.toThrow('timeout exceeded when trying to connect');
    await ended;
    await sleep(LATE_MS);
    proxy.letThrough();
    await expect(dataSource.query('select 2 as two')).resolves.toEqual([{ two: 2 }]);
  });
});
