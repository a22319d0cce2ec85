import type { DataSource } from 'typeorm';

/** Where the database is, and by which ways. */
export interface DatabaseAddress {
  /** As node-postgres takes it. */
  readonly url: string;
  /** Straight to the server, for what needs a session of its own; undefined: `url` leads there. */
  readonly directUrl?: string | undefined;
  /** Behind `url` stands a pooler that gives each transaction another session of the server. Needs `directUrl`. */
  readonly isPooled?: boolean | undefined;
}

/** What `servingOptions` notes in the options of a DataSource. The driver below knows nothing of it. */
export interface WayOptions {
  readonly berthDirectUrl?: string | undefined;
  /** Set when a pooler stands between: what a statement may take, said in each transaction: ms. */
  readonly berthSharedStatementMs?: number | undefined;
}

/** The URL of a connection that keeps its session: to listen, to hold locks, to fix settings. */
export function sessionUrl(dataSource: DataSource): string {
  const { url } = dataSource.options as { url?: string };
  return wayOptions(dataSource).berthDirectUrl ?? url ?? '';
}

/** How long a statement may take on connections that transactions share; undefined: they keep their sessions. */
export function sharedStatementMs(dataSource: DataSource): number | undefined {
  return wayOptions(dataSource).berthSharedStatementMs;
}

function wayOptions(dataSource: DataSource): WayOptions {
  return (dataSource.options as { extra?: WayOptions }).extra ?? {};
}
