import { toGeneration, type Change, type ChangeFilter } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './change-log.sql.js';
import { ChangeSession } from './change-session.js';
import { snapshotNow } from './change.sql.js';
import { isBehind, type ReadingPoint } from './reading-point.js';

/** Lines that one transaction forgets: some tens of milliseconds, so that neither lock nor snapshot is held for long. */
const PORTION = 5_000;

/** A part of the log: what lies behind the reading `from` and not behind `to` (undefined: now), beyond the id `after`. */
export interface LogWindow {
  readonly from: ReadingPoint;
  readonly to?: ReadingPoint | undefined;
  readonly after?: number | undefined;
}

/** 'forgotten': part of the window may be gone, or it is of another history than the database's. */
export type Lines =
  | { readonly status: 'read'; readonly now: ReadingPoint; readonly changes: readonly Change[] }
  | { readonly status: 'forgotten' };

/** A connection of its own for those who follow the log: neither claims nor searches wait for it. */
@Injectable()
export class LogSession extends ChangeSession {}

/** The log of changes as followers read it, and its upkeep. The lines are written with the changes themselves. */
@Injectable()
export class ChangeLogStore {
  /** At most `limit` changes of the window that pass the filter, in order. One statement: run it by itself. */
  async between(tx: Tx, { from, to, after = 0 }: LogWindow, filter: ChangeFilter, limit: number): Promise<Lines> {
    const wanted = (kind: Change['kind']): boolean => filter.kinds === undefined || filter.kinds.includes(kind);
    const { rows } = await run(tx, sql.between, [
      ...[from, to ?? null, after, wanted('provider'), wanted('consumer'), filter.uuids ?? null, limit],
    ]);
    const now = rows[0]?.now ?? '';
    if (rows[0] === undefined || rows[0].forgotten || isBehind(now, from)) return { status: 'forgotten' };
    if (to !== undefined && isBehind(now, to)) return { status: 'forgotten' };
    return { status: 'read', now, changes: rows.flatMap(toChange) };
  }

  /** Where the database's history stands. */
  async now(tx: Tx): Promise<ReadingPoint> {
    const { rows } = await run(tx, snapshotNow);
    return rows[0]?.at ?? '';
  }

  /** Where a reading of everything up to `head` may stop first when it begins behind `from`; undefined: nowhere. */
  async nextMark(tx: Tx, from: ReadingPoint, head: ReadingPoint): Promise<ReadingPoint | undefined> {
    const { rows } = await run(tx, sql.nextMark, [from, head]);
    return rows[0]?.snapshot;
  }

  /** Which history of which database this is, as a short name. */
  async history(tx: Tx): Promise<string> {
    const { rows } = await run(tx, sql.history);
    return rows[0]?.history ?? '';
  }

  /** Lets those who are behind stop here, unless there was a mark less than `everySeconds` ago. */
  async mark(tx: Tx, everySeconds: number): Promise<void> {
    await run(tx, sql.mark, [everySeconds]);
  }

  /** Forgets a portion of what is older than `ageSeconds`. Answers whether there is more; readers behind it start anew. */
  async forget(tx: Tx, ageSeconds: number, portion = PORTION): Promise<boolean> {
    let more = false;
    for (const log of sql.LOG_NAMES) {
      const { rows } = await run(tx, sql.forget[log], [ageSeconds, portion]);
      more ||= (rows[0]?.gone ?? 0) >= portion;
    }
    await run(tx, sql.forgetMarks, [ageSeconds]);
    return more;
  }
}

function toChange(row: sql.LineRow): Change[] {
  if (row.id === null) return [];
  const { id, kind, uuid, generation, deleted, shape, at_ms: atMs } = row;
  return [{ id, kind, uuid, generation: toGeneration(generation), deleted, shape, atMs }];
}
