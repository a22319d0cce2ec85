/** A provider that comes up in this transaction. Its place is that of its parent. */
export interface LedgerNewcomer {
  readonly uuid: string;
  readonly name: string;
  readonly parent: { readonly id: number; readonly rootId: number } | null;
}

/** What a creation of providers is decided on. */
export interface Newcomers {
  /** By name: the providers that came up. */
  readonly created: Map<string, LedgerNewcomer>;
  /** Of the uuids and names that creations want, those that are taken. */
  readonly takenUuids: ReadonlySet<string>;
  readonly takenNames: ReadonlySet<string>;
  /** Roots of the wanted parents, by the parent's uuid. */
  readonly roots: ReadonlyMap<string, { readonly id: number; readonly uuid: string }>;
  /** When this transaction began, ms since the epoch: so old is what it creates. */
  readonly nowMs: number;
}

/** Where no operation creates a provider. */
export const NO_NEWCOMERS: Newcomers = {
  created: new Map(),
  takenUuids: new Set(),
  takenNames: new Set(),
  roots: new Map(),
  nowMs: 0,
};
