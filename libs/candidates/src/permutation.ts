const ROUNDS = 4;

/**
 * A random order of 0 … size − 1 that is computed one number at a time, so that taking ten of 100,000 costs ten steps: a Feistel network over
 * the next even number of bits, walked on whenever it leaves the range. Every number occurs exactly once.
 * `random` answers in [0, 1).
 */
export function permutation(size: number, random: () => number): (at: number) => number {
  let half = 1;
  while (4 ** half < size) half++;
  const mask = 2 ** half - 1;
  const keys = Array.from({ length: ROUNDS }, () => Math.floor(random() * 0x100000000) | 0);
  const step = (value: number): number => {
    let left = value >>> half;
    let right = value & mask;
    for (const key of keys) {
      let mixed = Math.imul(right ^ key, 0x9e3779b1);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
      [left, right] = [right, left ^ ((mixed ^ (mixed >>> 13)) & mask)];
    }
    return ((left << half) | right) >>> 0;
  };
  return (at) => {
    let value = step(at);
    // Four times the range at most, so four steps on average; a cycle always leads back into the range.
    while (value >= size) value = step(value);
    return value;
  };
}

/** Shuffles in place, every order equally likely. */
export function shuffle(list: { length: number; [index: number]: number }, random: () => number): void;
export function shuffle<T>(list: T[], random: () => number): void;
export function shuffle<T>(list: { length: number; [index: number]: T }, random: () => number): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [list[last], list[other]];
    if (a === undefined || b === undefined) continue;
    list[last] = b;
    list[other] = a;
  }
}
