import type { Snapshot } from './snapshot.js';

/** One page of a list, in order of internal id: that of creation. */
export interface ProviderPage {
  /** Indexes into the snapshot. */
  readonly providers: readonly number[];
  /** What the next page begins after; undefined: this was the last. */
  readonly next: number | undefined;
}

/**
 * The first `limit` of the listed providers whose internal id is above `after`. Ids never move, so whoever goes from page to
 * page through changing snapshots meets each provider that stays exactly once.
 */
export function pageOf(snapshot: Snapshot, listed: readonly number[], after: number, limit: number): ProviderPage {
  const { providers, indexById } = snapshot.layout;
  const ids = new Int32Array(listed.length);
  let count = 0;
  for (const index of listed) {
    const id = providers[index]?.id ?? 0;
    if (id > after) ids[count++] = id;
  }
  const page = ids.subarray(0, count).sort().subarray(0, limit);
  return {
    providers: Array.from(page, (id) => indexById.get(id)),
    next: count > limit ? page[page.length - 1] : undefined,
  };
}
