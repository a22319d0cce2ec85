import { Readable } from 'node:stream';
import { BerthError } from '#berth/domain';
import type { ChangesPage, FollowChanges } from '#berth/placement';
import { changeEvents, cursorEvent } from './changes.view.js';

/** Changes at a time, some 250 KB: what a slow reader keeps in memory, beside what the socket holds. */
const PAGE = 1_000;

/** Proxies close connections on which nothing is said for half a minute or more: ms. */
const HEARTBEAT_MS = 15_000;

type Read = (query: FollowChanges) => Promise<ChangesPage>;

/**
 * The changes as a stream of events that ends when the follower goes or the process does. It is read only as fast as the
 * follower reads it. What is wrong with the cursor is thrown before it begins.
 */
export async function changeStream(query: FollowChanges, read: Read): Promise<Readable> {
  const first = await read({ ...query, limit: PAGE, waitMs: 0 });
  return Readable.from(follow(query, read, first), { highWaterMark: 1 });
}

async function* follow(query: FollowChanges, read: Read, first: ChangesPage): AsyncGenerator<string> {
  let page = first;
  for (;;) {
    yield page.changes.length > 0 ? changeEvents(page.changes) : cursorEvent(page.cursor);
    if (page.isLast || query.signal.aborted) return;
    try {
      page = await read({ ...query, after: page.cursor, limit: PAGE, waitMs: HEARTBEAT_MS });
    } catch (error) {
      // The follower comes back with its cursor, and is told then what it is.
      if (error instanceof BerthError) return;
      throw error;
    }
  }
}
