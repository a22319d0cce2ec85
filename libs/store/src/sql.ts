import type { ClientBase } from 'pg';

/** The handle of one running transaction. Statements run on it, in order, and nowhere else. */
export interface Tx {
  readonly client: ClientBase;
  /** The connection is shared with others by a pooler, transaction by transaction: what is prepared on it is not found again. */
  readonly isShared?: boolean;
}

/** One SQL statement: its name is that of the prepared statement, `Row` what it answers. */
export interface Statement<Row = never> {
  readonly name: string;
  readonly text: string;
  /** Never set; carries the row type. */
  readonly row?: Row;
}

/** Names a statement, so that each connection parses and plans it once. */
export function statement<Row = never>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/**
 * Waits for statements that were sent together. Throws what the first of them in their order threw: those behind it say
 * only that the transaction is aborted, and might say it sooner.
 */
export async function together<Results extends readonly unknown[]>(
  sent: readonly [...{ readonly [At in keyof Results]: Promise<Results[At]> }],
): Promise<Results> {
  const failed = (await Promise.allSettled(sent)).find(
    (one): one is PromiseRejectedResult => one.status === 'rejected',
  );
  if (failed !== undefined) throw failed.reason;
  return (await Promise.all(sent)) as unknown as Results;
}

/**
 * Runs a statement on the transaction: the rows it answers and the number it touched. bigint columns must be
 * cast to float8 in the statement where a number is wanted: the driver gives bigints as strings.
 */
export async function run<Row>(
  tx: Tx,
  { name, text }: Statement<Row>,
  values: readonly unknown[] = [],
): Promise<{ rows: Row[]; count: number }> {
  const prepared = tx.isShared === true ? undefined : name;
  const result = await tx.client.query({ name: prepared, text, values: values as unknown[] });
  return { rows: result.rows as Row[], count: result.rowCount ?? 0 };
}
