import pg from 'pg';

/** Runs statements on a connection of their own; answers the rows of the last one. */
export async function query<Row extends pg.QueryResultRow>(
  { url }: { readonly url: string },
  ...statements: readonly string[]
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  // It may be stopped under us: the statement says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
    let rows: Row[] = [];
    for (const statement of statements) ({ rows } = await client.query<Row>(statement));
    return rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
