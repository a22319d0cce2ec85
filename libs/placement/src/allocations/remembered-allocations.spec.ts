import { describe, expect, it } from '@jest/globals';
import type { ProviderAllocations } from '#berth/store';
import { RememberedAllocations } from './remembered-allocations.js';

const held = (length: number): ProviderAllocations => ({ length }) as ProviderAllocations;

describe('what is remembered of providers', () => {
  it('is found under its record alone', () => {
    const remembered = new RememberedAllocations();
    const [record, other] = [{}, {}];
    const answer = held(5);
    remembered.remember('a', record, answer);
    expect(remembered.find('a', record)).toBe(answer);
    expect(remembered.find('a', other)).toBeUndefined();
    expect(remembered.find('b', record)).toBeUndefined();
    remembered.remember('a', other, held(6));
    expect(remembered.find('a', record)).toBeUndefined();
  });

  it('goes when there is too much of it, what was not asked for longest first', () => {
    const remembered = new RememberedAllocations(3_000);
    const record = {};
    for (const uuid of ['a', 'b', 'c']) remembered.remember(uuid, record, held(700));
    remembered.find('a', record);
    remembered.remember('d', record, held(700));
    const found = ['a', 'b', 'c', 'd'].filter((uuid) => remembered.find(uuid, record) !== undefined);
    expect(found).toEqual(['a', 'c', 'd']);
  });

  it('counts what took the place of something else once', () => {
    const remembered = new RememberedAllocations(3_000);
    for (let times = 0; times < 10; times += 1) remembered.remember('a', {}, held(1_000));
    const record = {};
    remembered.remember('b', record, held(1_000));
    remembered.remember('a', record, held(1_000));
    expect(remembered.find('b', record)).toBeDefined();
  });

  it('is not what alone is too much', () => {
    const remembered = new RememberedAllocations(3_000);
    const record = {};
    remembered.remember('a', record, held(3_000));
    expect(remembered.find('a', record)).toBeUndefined();
  });
});
