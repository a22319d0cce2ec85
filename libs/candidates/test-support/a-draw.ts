import fc from 'fast-check';
import type { Draw } from './random-world.js';

/** A seed, and numbers from it: a world takes hundreds of them, and what failed is found again by its seed. */
export const aDraw = fc.noBias(fc.integer({ min: 0, max: 0x7fffffff })).map((seed): Draw => {
  let state = seed;
  return (min, max) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return min + Math.floor((state / 0x100000000) * (max - min + 1));
  };
});
