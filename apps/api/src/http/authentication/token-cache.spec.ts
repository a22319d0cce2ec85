import { describe, expect, it, jest } from '@jest/globals';
import type { Identity } from '../identity.js';
import type { ValidatedToken } from './keystone-token.js';
import { TokenCache, type Validate } from './token-cache.js';

const somebody: Identity = { user: 'u', project: 'p', roles: new Set(['admin']), scope: 'project' };

/** A cache of 300 s, and 600 s more, at the time 0; answers are made with `answer`. */
function open(answer: Validate) {
  const clock = { ms: 0 };
  const validate = jest.fn(answer);
  const cache = new TokenCache(validate, { cacheMs: 300_000, staleMs: 600_000, now: () => clock.ms });
  return { cache, clock, validate };
}

const endingAt = (expiresAtMs: number): Promise<ValidatedToken> => Promise.resolve({ identity: somebody, expiresAtMs });

const away = (): Promise<never> => Promise.reject(new Error('away'));

describe('TokenCache', () => {
  it('answers at once what it knows, until that is too old', async () => {
    const { cache, clock, validate } = open(() => endingAt(10_000_000));
    expect(await cache.find('t', false)).toBe(somebody);
    clock.ms = 299_999;
    expect(cache.find('t', false)).toBe(somebody);
    expect(validate).toHaveBeenCalledTimes(1);
    clock.ms = 300_000;
    expect(cache.find('t', false)).toBeInstanceOf(Promise);
    expect(await cache.find('t', false)).toBe(somebody);
    expect(validate).toHaveBeenCalledTimes(2);
  });

  it('counts from the question on, because a token may be revoked while the answer is on its way', async () => {
    const { cache, clock } = open(async () => {
      clock.ms = 100_000;
      return await endingAt(10_000_000);
    });
    await cache.find('t', false);
    clock.ms = 300_000;
    expect(cache.find('t', false)).toBeInstanceOf(Promise);
  });

  it('knows tokens apart', async () => {
    const { cache, validate } = open(() => endingAt(10_000_000));
    await cache.find('t', false);
    await cache.find('T', false);
    expect(validate.mock.calls).toEqual([
      ['t', false],
      ['T', false],
    ]);
  });

  it('never believes a token past its end, also while nobody can be asked', async () => {
    let answer: Validate = () => endingAt(200_000);
    const { cache, clock } = open((...args) => answer(...args));
    await cache.find('t', false);
    answer = away;
    clock.ms = 199_999;
    expect(cache.find('t', false)).toBe(somebody);
    clock.ms = 200_000;
    await expect(cache.find('t', false)).rejects.toThrow('away');
  });

  it('believes what it knows for a while more while nobody can be asked, and tries each time', async () => {
    let answer: Validate = () => endingAt(10_000_000);
    const { cache, clock, validate } = open((...args) => answer(...args));
    await cache.find('t', false);
    answer = away;
    for (clock.ms of [300_000, 899_999]) expect(await cache.find('t', false)).toBe(somebody);
    expect(validate).toHaveBeenCalledTimes(3);
    clock.ms = 900_000;
    await expect(cache.find('t', false)).rejects.toThrow('away');
    await expect(cache.find('other', false)).rejects.toThrow('away');
  });

  it('forgets at once what is no longer true', async () => {
    let answer: Validate = () => endingAt(10_000_000);
    const { cache, clock } = open((...args) => answer(...args));
    await cache.find('t', false);
    answer = () => Promise.resolve(undefined);
    clock.ms = 300_000;
    expect(await cache.find('t', false)).toBeUndefined();
    answer = away;
    clock.ms = 320_000;
    await expect(cache.find('t', false)).rejects.toThrow('away');
  });

  it('remembers for ten seconds that a token is none', async () => {
    const { cache, clock, validate } = open(() => Promise.resolve(undefined));
    expect(await cache.find('t', false)).toBeUndefined();
    clock.ms = 9_999;
    expect(cache.find('t', false)).toBeUndefined();
    clock.ms = 10_000;
    expect(await cache.find('t', false)).toBeUndefined();
    expect(validate).toHaveBeenCalledTimes(2);
  });

  it('asks one question for all who come with a token at once, whatever the answer', async () => {
    for (const answer of [() => endingAt(10_000_000), () => Promise.resolve(undefined), away]) {
      const { cache, validate } = open(answer);
      const found = await Promise.allSettled(Array.from({ length: 100 }, () => cache.find('t', false)));
      expect(new Set(found.map(({ status }) => status)).size).toBe(1);
      expect(validate).toHaveBeenCalledTimes(1);
      await Promise.allSettled([cache.find('t', true)]);
    }
  });

  it('keeps ended tokens for those to whom they are allowed, and never beyond the cache time', async () => {
    let answer: Validate = (_token, allowExpired) => (allowExpired ? endingAt(-1) : Promise.resolve(undefined));
    const { cache, clock, validate } = open((...args) => answer(...args));
    expect(await cache.find('t', true)).toBe(somebody);
    expect(await cache.find('t', false)).toBeUndefined();
    expect(cache.find('t', true)).toBe(somebody);
    expect(validate).toHaveBeenCalledTimes(2);
    answer = away;
    clock.ms = 300_000;
    await expect(cache.find('t', true)).rejects.toThrow('away');
  });

  it('turns an ended token away although the answer came with it', async () => {
    const { cache } = open(() => endingAt(0));
    expect(await cache.find('t', false)).toBeUndefined();
  });
});
