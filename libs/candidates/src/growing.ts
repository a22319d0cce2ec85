/** How many numbers of a buffer are in use: what lies behind them is nobody's yet. Buffers of other arrays are not in it. */
const inUse = new WeakMap<ArrayBufferLike, number>();

/** The part of the length that is left free behind a list which grows, so that n additions copy it log n times. */
const AIR = 1 / 8;
const LEAST_AIR = 16;

/**
 * The list with zeros behind it up to `length`. It may share its memory with the list given, which then ends where it did: whoever
 * lengthens one list twice gets two that share nothing but what was there before.
 */
export function lengthened(list: Int32Array, length: number): Int32Array {
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = list;
  if (inUse.get(buffer) === list.length && byteOffset === 0 && buffer.byteLength >= length * BYTES_PER_ELEMENT) {
    inUse.set(buffer, length);
    return new Int32Array(buffer, 0, length);
  }
  const longer = new Int32Array(length + Math.ceil(length * AIR) + LEAST_AIR);
  longer.set(list);
  inUse.set(longer.buffer, length);
  return longer.subarray(0, length);
}
