/** Answers numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** A generator whose numbers follow from the seed alone (mulberry32): two runs draw the same world. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One element of a list that has some. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}

/** A drawn uuid that ends with the tag, 12 hexadecimal digits: what another run has left behind is not met again. */
export function uuidFrom(random: Random, tag: string): string {
  const digits = (count: number): string => {
    let text = '';
    for (let index = 0; index < count; index += 1) text += Math.floor(random() * 16).toString(16);
    return text;
  };
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${tag}`;
}

const INT32 = 8;

/**
 * The uuid of the n-th consumer of one lot of a run (n below 2³², lot below 65,536, tag 12 hexadecimal digits). All are
 * different, and they do not rise with n: real consumers come in no order either, and an index feels that.
 */
export function consumerUuid(tag: string, lot: number, n: number): string {
  return `${scatter(n).toString(16).padStart(INT32, '0')}-${lot.toString(16).padStart(4, '0')}-4000-8000-${tag}`;
}

/** Each step can be undone, so no two numbers of 32 bits end at the same one. */
function scatter(n: number): number {
  let mixed = n >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
