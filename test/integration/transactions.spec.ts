import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openDataSource, Transactions } from '#berth/store';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
let transactions: Transactions;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.url, 1);
  transactions = new Transactions(dataSource);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

it('answers nothing for done that PostgreSQL rolled back, whatever the work made of its failure', async () => {
  const deaf = transactions.run('deaf', async ({ client }) => {
    await client.query(`insert into traits (name) values ('CUSTOM_LOST')`);
    await client.query('select 1 / 0').catch(() => undefined);
    return 'done';
  });
  await expect(deaf).rejects.toThrow('rolled back');
  const found = await transactions.read('after', ({ client }) =>
    client.query(`select 1 from traits where name = 'CUSTOM_LOST'`),
  );
  expect(found.rows).toEqual([]);
});
