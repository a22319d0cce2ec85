import { Invalid, InvalidQuery, REASONS } from '#berth/domain';
import { noCursor, PAGE_PARAMETERS, pageLimit } from '../http/cursor.js';
import { queryCheck, querySchema } from '../http/filters/query-check.js';
import { lastValueOf, type QueryPairs } from '../http/filters/query-pairs.js';
import { MAX_NAME, STORABLE } from '../http/schema/name.js';

/** Numbers of requests, which JSON shows exactly. */
const REQUEST_ID = /^[1-9][0-9]{0,15}$/;

const NAME = { type: 'string', maxLength: MAX_NAME, pattern: STORABLE.source } as const;

const checkLockspaces = queryCheck([{ since: 0, schema: querySchema(PAGE_PARAMETERS) }]);
const checkLocks = queryCheck([{ since: 0, schema: querySchema({ ...PAGE_PARAMETERS, prefix: NAME }) }]);
const checkEvents = queryCheck([{ since: 0, schema: querySchema({ owner: { ...NAME, minLength: 1 } }) }]);

/** Any version will do: the contract has one. */
const ANY = 0;

export interface Page {
  /** The name that the page begins behind. */
  readonly after: string;
  readonly limit: number;
}

/** Judges what a path names. Throws Invalid. */
export function checkNames(params: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(params)) {
    if (key === 'handle' || key === 'request') continue;
    const length = [...value].length;
    if (length >= 1 && length <= MAX_NAME && STORABLE.test(value)) continue;
    throw new Invalid(`${key}: a name has 1 to ${MAX_NAME} characters and no NUL`, {
      reason: REASONS.nameMalformed,
      facts: { field: key },
    });
  }
}

/** Throws Invalid. */
export function toLockspacesPage(pairs: QueryPairs): Page {
  checkLockspaces(pairs, ANY);
  return toPage(pairs);
}

/** Throws Invalid. */
export function toLocksPage(pairs: QueryPairs): Page & { readonly prefix: string } {
  checkLocks(pairs, ANY);
  return { ...toPage(pairs), prefix: lastValueOf(pairs, 'prefix') ?? '' };
}

/** Whose events are wanted. Throws Invalid. */
export function toEventsOwner(pairs: QueryPairs): string {
  checkEvents(pairs, ANY);
  const owner = lastValueOf(pairs, 'owner');
  if (owner === undefined) throw new InvalidQuery('owner: missing; events are told to an owner');
  return owner;
}

/** 0 for what cannot be the number of a request: there is none. */
export function toRequestId(text: string): number {
  return REQUEST_ID.test(text) ? Number(text) : 0;
}

/** Where a page ended, for the client to hand back; null: there is no more. */
export function nextPage(names: readonly { readonly name: string }[], limit: number): string | null {
  const last = names.at(-1);
  return last === undefined || names.length < limit ? null : Buffer.from(last.name).toString('base64url');
}

function toPage(pairs: QueryPairs): Page {
  const limit = pageLimit(pairs);
  const cursor = lastValueOf(pairs, 'cursor') ?? '';
  const after = Buffer.from(cursor, 'base64url').toString();
  if (!STORABLE.test(after) || Buffer.from(after).toString('base64url') !== cursor) {
    throw noCursor(cursor);
  }
  return { after, limit };
}
