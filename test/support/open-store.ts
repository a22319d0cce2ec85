import { openDataSource, Transactions } from '#berth/store';
import type { DataSource } from 'typeorm';
import { createTestDatabase } from './database.js';

/** Transactions on a database of the test's own, by a pool in this process. */
export interface OpenStore {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly transactions: Transactions;
  close(): Promise<void>;
}

/** `poolSize`: as many connections as the service has, unless given. */
export async function openStore(poolSize?: number): Promise<OpenStore> {
  const database = await createTestDatabase();
  const dataSource = await openDataSource(database.url, poolSize);
  const close = async (): Promise<void> => {
    await dataSource.destroy();
    await database.drop();
  };
  return { url: database.url, dataSource, transactions: new Transactions(dataSource), close };
}
