import type { DataSource } from 'typeorm';

/**
 * Empties the log of changes if it is ahead of the database: then it was written by another one, and came here in a
 * dump. Its stamps would look new to every reader until this database's transactions have passed them, and its floor would
 * have everything read anew for each question. Nobody can follow it here: cursors name their history, and get 410. Answers
 * whether it did. Run it before anything serves. Source: docs/adr/0013.
 */
export async function forgetOtherHistory(dataSource: DataSource): Promise<boolean> {
  const [found] = (await dataSource.query(IS_AHEAD)) as { ahead: boolean }[];
  if (found?.ahead !== true) return false;
  await dataSource.transaction(async (tx) => {
    for (const statement of EMPTY) await tx.query(statement);
  });
  return true;
}

/** What a statement sees was committed before its own snapshot, so no stamp of this history reaches the snapshot's end. */
const IS_AHEAD = `
select greatest((select max(stamp) from supply_changes), (select max(stamp) from consumer_changes),
                (select max(stamp) from supply_changes_floor), (select max(horizon) - 1 from change_marks))
         >= txid_snapshot_xmax(txid_current_snapshot()) as ahead`;

const EMPTY = [
  `delete from supply_changes`,
  `delete from consumer_changes`,
  `delete from change_marks`,
  `update supply_changes_floor set stamp = 0`,
];
