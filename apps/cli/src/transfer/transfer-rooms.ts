import { TransferTarget } from '#berth/placement';
import { Transactions, TransferStore } from '#berth/store';
import { withMigrated } from '../database.js';

type Connection = Parameters<Parameters<typeof withMigrated>[1]>[0];

/** What exports and imports work with, on one connection. */
export interface TransferRooms {
  readonly transactions: Transactions;
  readonly store: TransferStore;
  readonly target: TransferTarget;
}

/** Runs `work` on the migrated database at `url`. Its errors that are no bugs become a `Refusal`. */
export async function withRooms<T>(url: string, work: (rooms: TransferRooms) => Promise<T>): Promise<T> {
  return await withMigrated(url, (connection) => work(roomsOn(connection)));
}

/** Throws a `Refusal` where an import of the database was begun and not finished. */
export async function demandFinishedImport(url: string): Promise<void> {
  await withRooms(url, ({ target }) => target.demandFinished());
}

function roomsOn(connection: Connection): TransferRooms {
  const transactions = new Transactions(connection);
  const store = new TransferStore();
  return { transactions, store, target: new TransferTarget(transactions, store) };
}
