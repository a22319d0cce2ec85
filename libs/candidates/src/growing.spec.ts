import { describe, expect, it } from '@jest/globals';
import { lengthened } from './growing.js';
import { IdIndex } from './id-index.js';

describe('a list that is lengthened', () => {
  it('has zeros behind it and mostly stays where it is', () => {
    let list: Int32Array = Int32Array.of(1, 2, 3);
    const buffers = new Set<ArrayBufferLike>();
    for (let length = 4; length <= 10_000; length++) {
      list = lengthened(list, length);
      expect(list[length - 1]).toBe(0);
      list[length - 1] = length;
      buffers.add(list.buffer);
    }
    expect([...list]).toEqual(Array.from({ length: 10_000 }, (_, at) => at + 1));
    expect(buffers.size).toBeLessThan(60);
  });

  it('is two lists when lengthened twice', () => {
    const first = lengthened(Int32Array.of(1, 2), 3);
    const [one, other] = [lengthened(first, 4), lengthened(first, 4)];
    one[3] = 7;
    other[3] = 8;
    expect([[...first], [...one], [...other]]).toEqual([
      [1, 2, 0],
      [1, 2, 0, 7],
      [1, 2, 0, 8],
    ]);
  });

  it('never grows into what lies behind a part of another list', () => {
    const whole = Int32Array.of(1, 2, 3, 4);
    lengthened(whole.subarray(0, 2), 3)[2] = 9;
    expect([...whole]).toEqual([1, 2, 3, 4]);
  });
});

describe('an index of ids', () => {
  it('finds what was entered as it grows, by whatever it finds it', () => {
    const ids = [...Array.from({ length: 5_000 }, (_, at) => at * 3), 2_000_000_000];
    const index = new IdIndex([{ id: 1 }]);
    ids.forEach((id, at) => index.set(id, at));
    const copy = index.copy();
    index.set(6, 77);
    expect(ids.map((id) => copy.get(id))).toEqual(ids.map((_, at) => at));
    expect([copy.get(1), copy.get(4_000_000), index.get(6)]).toEqual([-1, -1, 77]);
  });
});
