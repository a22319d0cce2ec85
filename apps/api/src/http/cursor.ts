import { Invalid, REASONS } from '#berth/domain';

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
  throw new Invalid(`cursor: '${cursor.slice(0, 100)}' is none of this list; expected what 'next' said`, {
    reason: REASONS.cursorMalformed,
  });
}
