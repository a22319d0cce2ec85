/** What the keeper is told. */
export type KeeperOrder =
  | { readonly kind: 'start'; readonly databaseUrl: string; readonly workers: string | undefined }
  | { readonly kind: 'stop' };

export interface Postgres {
  readonly adminUrl: string;
  readonly pid: number;
}

export interface Served {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process until it answered: ms. */
  readonly readyMs: number;
}

/** What the keeper says. */
export type KeeperReport =
  | { readonly kind: 'postgres'; readonly postgres: Postgres }
  | { readonly kind: 'served'; readonly served: Served }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string };
