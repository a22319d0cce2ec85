import { type Change, type ChangeFilter, CursorExpired, passes } from '#berth/domain';
import { ChangeLogStore, Transactions, type ReadingPoint } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ChangeHead, type Head } from './change-head.js';
import { toCursor, toText, type Cursor } from './cursor.js';

/** What a follower asks for. */
export interface FollowChanges {
  /** Where it stands; undefined: at what is now. */
  readonly after: string | undefined;
  readonly filter: ChangeFilter;
  readonly limit: number;
  /** How long to wait if there is nothing yet: ms. */
  readonly waitMs: number;
  /** Given when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** A change, and the cursor of a follower who has seen it. */
export interface FollowedChange {
  readonly change: Change;
  readonly cursor: string;
}

export interface ChangesPage {
  readonly changes: readonly FollowedChange[];
  /** Where to go on: behind all of them. */
  readonly cursor: string;
  /** The process is ending: go on at another one. */
  readonly isLast: boolean;
}

/** A part of the log that was looked through, and where that leaves the follower. */
interface Part {
  readonly changes: readonly Change[];
  readonly cursor: Cursor;
  /** Whose cursors lead through it. */
  readonly window: { readonly from: ReadingPoint; readonly to: ReadingPoint };
}

/** Parts that one request reads from the database: with a narrow filter it may find nothing in an hour of changes. */
const MAX_PARTS = 20;

/**
 * Tells followers what has changed: all of it, for each provider and consumer in order, from wherever they stand.
 * Source: docs/adr/0013-change-feed.md.
 */
@Injectable()
export class ChangesService {
  constructor(
    private readonly head: ChangeHead,
    private readonly transactions: Transactions,
    private readonly log: ChangeLogStore,
  ) {}

  /**
   * The next changes. Throws InvalidQuery for a cursor that isn't one, CursorExpired for one that is too old, Unavailable.
   */
  async read({ after, filter, limit, waitMs, signal }: FollowChanges): Promise<ChangesPage> {
    const deadlineMs = performance.now() + waitMs;
    const wanted = after === undefined ? undefined : toCursor(after);
    let head = await this.head.current();
    let cursor: Cursor = wanted ?? { history: head.history, from: head.at };
    const found: FollowedChange[] = [];
    for (let parts = 0; found.length < limit && parts < MAX_PARTS;) {
      if (cursor.history !== head.history) throw new CursorExpired();
      if (isAt(cursor, head)) {
        const leftMs = deadlineMs - performance.now();
        if (found.length > 0 || leftMs <= 0) break;
        const next = await this.head.moved(head, leftMs, signal);
        if (next.at === head.at) break;
        head = next;
        continue;
      }
      let part = this.recent(cursor, filter, limit - found.length);
      if (part === undefined) {
        part = await this.past(cursor, head, filter, limit - found.length);
        parts += 1;
      }
      found.push(...withCursors(part));
      cursor = part.cursor;
    }
    return { changes: found, cursor: toText(cursor), isLast: this.head.isEnding };
  }

  /** The part that begins at the cursor, if it is held in memory. */
  private recent(cursor: Cursor, filter: ChangeFilter, limit: number): Part | undefined {
    const held = this.head.windowAfter(cursor.from);
    if (held === undefined || (cursor.within !== undefined && cursor.within.to !== held.to)) return undefined;
    const behind = cursor.within?.after ?? 0;
    const changes = held.changes.filter((change) => change.id > behind && passes(change, filter));
    return toPart(cursor, held.to, changes.slice(0, limit), changes.length > limit);
  }

  /** The same from the database, up to the next mark: the whole way to the head may be long. */
  private async past(cursor: Cursor, head: Head, filter: ChangeFilter, limit: number): Promise<Part> {
    const { from, within } = cursor;
    const to =
      within?.to ??
      (await this.transactions.single('changes.nextMark', (tx) => this.log.nextMark(tx, from, head.at))) ??
      head.at;
    const window = { from, to, after: within?.after };
    const lines = await this.transactions.single('changes.read', (tx) => this.log.between(tx, window, filter, limit));
    if (lines.status === 'forgotten') throw new CursorExpired();
    return toPart(cursor, to, lines.changes, lines.changes.length === limit);
  }
}

function toPart({ history, from }: Cursor, to: ReadingPoint, changes: readonly Change[], isCut: boolean): Part {
  const within = { to, after: changes.at(-1)?.id ?? 0 };
  return { changes, window: { from, to }, cursor: isCut ? { history, from, within } : { history, from: to } };
}

function isAt({ from, within }: Cursor, head: Head): boolean {
  return within === undefined && from === head.at;
}

/** Behind the last of a part lies what the part leads to; behind the others a place inside of it. */
function withCursors({ changes, cursor, window }: Part): FollowedChange[] {
  const { history } = cursor;
  const inside = toText({ history, from: window.from, within: { to: window.to, after: 0 } }).slice(0, -1);
  return changes.map((change, index) => ({
    change,
    cursor: index === changes.length - 1 ? toText(cursor) : `${inside}${change.id}`,
  }));
}
