import type { Generation } from './generation.js';

/** Of which things changes are told. */
export const CHANGE_KINDS = ['provider', 'consumer'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One change of a provider or a consumer, as the log keeps it. */
export interface Change {
  /** Rises for each provider and consumer in the order of its changes; across them it says nothing. */
  readonly id: number;
  readonly kind: ChangeKind;
  readonly uuid: string;
  /** The one it had after the change; of something deleted, the last. */
  readonly generation: Generation;
  readonly deleted: boolean;
  /** Of a provider: whether more may have changed than inventories and what is held of them. */
  readonly shape: boolean;
  /** When the transaction that made it began: ms since the epoch. */
  readonly atMs: number;
}

/** Which changes somebody wants; undefined: all. */
export interface ChangeFilter {
  readonly kinds?: readonly ChangeKind[] | undefined;
  readonly uuids?: readonly string[] | undefined;
}

/** Whether a change passes the filter. The same stands in SQL; a test holds both together. */
export function passes({ kind, uuid }: Change, { kinds, uuids }: ChangeFilter): boolean {
  return (kinds === undefined || kinds.includes(kind)) && (uuids === undefined || uuids.includes(uuid));
}
