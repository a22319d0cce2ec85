import { InvalidQuery, REASONS } from '#berth/domain';
import type { ReadingPoint } from '#berth/store';

/**
 * Where a follower stands: everything committed before the reading `from` is behind it, and of what came between `from` and
 * `within.to` whatever has an id up to `within.after`. A point of time alone would not do: what commits later may have begun
 * earlier. `history` names the database's history that the readings are of.
 */
export interface Cursor {
  readonly history: string;
  readonly from: ReadingPoint;
  readonly within?: { readonly to: ReadingPoint; readonly after: number } | undefined;
}

/** The text of a cursor: needs no escape in a URL or a header. */
export function toText({ history, from, within }: Cursor): string {
  const start = `${history}.${pack(from)}`;
  return within === undefined ? start : `${start}.${pack(within.to)}.${within.after}`;
}

/** The cursor behind a text. Throws InvalidQuery if this service did not write it. */
export function toCursor(text: string): Cursor {
  const [history = '', from = '', to, after, ...rest] = text.split('.');
  const points = [from, ...(to === undefined ? [] : [to])].map(unpack);
  const [start, end] = points;
  const isWhole = (to === undefined) === (after === undefined) && rest.length === 0;
  if (!/^[0-9a-f]{8}$/.test(history) || !isWhole || start === undefined || points.includes(undefined))
    throw strange(text);
  if (end === undefined || after === undefined) return { history, from: start };
  if (!ID.test(after)) throw strange(text);
  return { history, from: start, within: { to: end, after: Number(after) } };
}

/** Up to 15 digits are exact as a number. */
const ID = /^\d{1,15}$/;

/** `xmin:xmax:a,b` of the database as `xmin-xmax-a_b`. */
function pack(point: ReadingPoint): string {
  return point.replace(/:$/, '').replaceAll(':', '-').replaceAll(',', '_');
}

/** undefined where the database would refuse it: it takes only numbers that ascend between the two ends. */
function unpack(text: string): ReadingPoint | undefined {
  const parts = text.split('-');
  if (parts.length < 2 || parts.length > 3) return undefined;
  const [low = '', high = '', between] = parts;
  const open = between === undefined ? [] : between.split('_');
  if (![low, high, ...open].every((number) => /^[1-9]\d{0,17}$/.test(number))) return undefined;
  const rising = [low, ...open].map(BigInt);
  const isRising = rising.every((number, index) => index < 2 || number > (rising[index - 1] ?? 0n));
  const isInside =
    (rising[1] ?? BigInt(low)) >= BigInt(low) && (rising.at(-1) ?? 0n) < BigInt(high) + (open.length === 0 ? 1n : 0n);
  return isRising && isInside ? `${low}:${high}:${open.join(',')}` : undefined;
}

function strange(text: string): InvalidQuery {
  return new InvalidQuery(`Invalid query string parameters: '${text.slice(0, 100)}' is no cursor of GET /changes`, {
    reason: REASONS.cursorMalformed,
  });
}
