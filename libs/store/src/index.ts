/**
 * Every table, every SQL statement, the transaction, and what an SQLSTATE means. Nothing above this room
 * knows that the database has columns.
 */
export { openDataSource } from './data-source.js';
export { migrate, verifySchema } from './migrate.js';
export { LostRace, Transactions } from './transaction.js';
export type { Tx } from './sql.js';
