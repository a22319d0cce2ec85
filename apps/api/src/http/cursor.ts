import { Invalid, InvalidQuery, REASONS } from '#berth/domain';
import { lastValueOf, type QueryPairs } from './filters/query-pairs.js';

/** Most entries of a page, and how many there are unless told. */
export const MAX_PAGE = 1000;
export const DEFAULT_PAGE = 100;

/** Where a page of a list ended, for the client to hand back; what is in it is nobody's business. */
export function toCursor(list: string, after: string | number | undefined): string | null {
  return after === undefined ? null : Buffer.from(`${list}:${after}`).toString('base64url');
}

/** What a cursor of that list says: a whole number, '0' without one. Throws Invalid for anything else. */
export function fromCursor(list: string, cursor: string | undefined): string {
  if (cursor === undefined) return '0';
  const [name, after, ...rest] = Buffer.from(cursor, 'base64url').toString().split(':');
  if (name === list && after !== undefined && /^\d{1,18}$/.test(after) && rest.length === 0) return after;
  throw noCursor(cursor);
}

/** The client hands back something else than it was given. */
export function noCursor(cursor: string): Invalid {
  return new Invalid(`cursor: '${cursor.slice(0, 100)}' is none of this list; expected what 'next' said`, {
    reason: REASONS.cursorMalformed,
  });
}

/** The query parameters of a page, where the query says which; as JSON schema. */
export const PAGE_PARAMETERS = {
  limit: { type: 'string', pattern: '^[0-9]{1,4}$' },
  cursor: { type: 'string' },
} as const;

/** How many entries of a page a query asks for. Throws InvalidQuery. */
export function pageLimit(pairs: QueryPairs): number {
  const limit = Number(lastValueOf(pairs, 'limit') ?? DEFAULT_PAGE);
  if (limit < 1 || limit > MAX_PAGE) throw new InvalidQuery(`limit: ${limit}; expected 1 to ${MAX_PAGE}`);
  return limit;
}
