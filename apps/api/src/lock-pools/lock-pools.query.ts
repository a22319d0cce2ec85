import { InvalidQuery } from '#berth/domain';
import { noCursor, PAGE_PARAMETERS, pageLimit } from '../http/cursor.js';
import { queryCheck, querySchema } from '../http/filters/query-check.js';
import { lastValueOf, type QueryPairs } from '../http/filters/query-pairs.js';
import { MAX_NAME, STORABLE } from '../http/schema/name.js';

const OWNER = { type: 'string', minLength: 1, maxLength: MAX_NAME, pattern: STORABLE.source } as const;

const checkList = queryCheck([{ since: 0, schema: querySchema(PAGE_PARAMETERS) }]);

const checkRelease = queryCheck([{ since: 0, schema: querySchema({ owner: OWNER }) }]);

/** Any version will do: the contract has one. */
const ANY = 0;

/** Which page `GET /lock_pools` asks for. Throws Invalid. Source: docs/api/lock-pools.md. */
export function toPage(pairs: QueryPairs): { readonly after: string; readonly limit: number } {
  checkList(pairs, ANY);
  const limit = pageLimit(pairs);
  return { after: fromPoolCursor(lastValueOf(pairs, 'cursor')), limit };
}

/** Whose permit shall be released. Throws Invalid. */
export function toOwner(pairs: QueryPairs): string {
  checkRelease(pairs, ANY);
  const owner = lastValueOf(pairs, 'owner');
  if (owner === undefined) throw new InvalidQuery('owner: missing; a permit is released by whoever holds it');
  return owner;
}

/** The permit's token, as it stands in the path: what cannot be one is nobody's. */
export function toToken(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
}

/** Where a page ended, for the client to hand back. */
export function toPoolCursor(name: string): string {
  return Buffer.from(JSON.stringify([name])).toString('base64url');
}

function fromPoolCursor(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  try {
    const [name] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof name === 'string' && STORABLE.test(name)) return name;
  } catch {
    // Told below, as any other cursor that is none.
  }
  throw noCursor(cursor);
}
