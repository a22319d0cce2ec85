import { InvalidQuery, MAX_SLOT_LIMIT, MAX_SLOT_LOCKS, type SlotOf } from '#berth/domain';
import type { SlotLockFilter } from '#berth/locks';
import { noCursor, PAGE_PARAMETERS, pageLimit } from '../http/cursor.js';
import { queryCheck, querySchema } from '../http/filters/query-check.js';
import { lastValueOf, valuesOf, type QueryPairs } from '../http/filters/query-pairs.js';
import { MAX_NAME, STORABLE } from '../http/schema/name.js';

const NAME = { type: 'string', minLength: 1, maxLength: MAX_NAME, pattern: STORABLE.source } as const;

const checkList = queryCheck([
  {
    since: 0,
    schema: querySchema({
      owner: NAME,
      key_prefix: { ...NAME, minLength: 0 },
      ...PAGE_PARAMETERS,
    }),
  },
]);

const checkRelease = queryCheck([
  { since: 0, schema: querySchema({ owner: NAME, key: NAME, force: { type: 'string', enum: ['true', 'false'] } }) },
]);

/** Any version will do: the contract has one. */
const ANY = 0;

/** Which page of which locks `GET /slot_locks` asks for. Throws Invalid. Source: docs/api/slot-locks.md. */
export function toList(pairs: QueryPairs): {
  readonly filter: SlotLockFilter;
  readonly after: SlotOf | undefined;
  readonly limit: number;
} {
  checkList(pairs, ANY);
  const limit = pageLimit(pairs);
  return {
    filter: { owner: lastValueOf(pairs, 'owner'), keyPrefix: lastValueOf(pairs, 'key_prefix') },
    after: fromSlotCursor(lastValueOf(pairs, 'cursor')),
    limit,
  };
}

/** What `DELETE /slot_locks` shall release: of an owner, all of it without keys; by force, of whoever holds the keys. */
export type Release =
  | { readonly force: false; readonly owner: string; readonly keys: readonly string[] | undefined }
  | { readonly force: true; readonly owner: string | undefined; readonly keys: readonly string[] };

/** Throws Invalid. Source: docs/api/slot-locks.md. */
export function toRelease(pairs: QueryPairs): Release {
  // `key` may be given many times, and each has to be one.
  for (const pair of pairs) checkRelease([pair], ANY);
  const owner = lastValueOf(pairs, 'owner');
  const keys = [...new Set(valuesOf(pairs, 'key'))];
  if (keys.length > MAX_SLOT_LOCKS) throw new InvalidQuery(`key: ${keys.length} of them; at most ${MAX_SLOT_LOCKS}`);
  if (lastValueOf(pairs, 'force') === 'true') {
    if (keys.length === 0) throw new InvalidQuery('key: missing; force=true wants the keys that shall be released');
    return { force: true, owner, keys };
  }
  if (owner === undefined) throw new InvalidQuery('owner: missing; only force=true releases what others hold');
  return { force: false, owner, keys: keys.length === 0 ? undefined : keys };
}

/** Where a page ended, for the client to hand back. */
export function toSlotCursor({ key, slot }: SlotOf): string {
  return Buffer.from(JSON.stringify([key, slot])).toString('base64url');
}

function fromSlotCursor(cursor: string | undefined): SlotOf | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [key, slot] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof key === 'string' && STORABLE.test(key) && isSlot(slot)) return { key, slot };
  } catch {
    // Told below, as any other cursor that is none.
  }
  throw noCursor(cursor);
}

function isSlot(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_SLOT_LIMIT;
}
