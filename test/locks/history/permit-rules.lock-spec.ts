import { describe, expect, it } from '@jest/globals';
import type { Ending, Held, History, Recorded, Rule } from './history.js';
import { checkPermits } from './permit-rules.js';

const CAPACITY = 2;

/** Asked for at `at`, given and answered 2 ms later, for 100 ms. */
const permit = (lock: string, token: number, at: number): Held => ({
  ...{
    lock,
    owner: `owner ${token}`,
    mode: 'exclusive',
    token,
    sinceMs: 1_001 + at,
    untilMs: 1_101 + at,
    leaseMs: 100,
  },
  ...{ invokedAt: at, answeredAt: at + 2, fresh: {} },
});

const recordOf = ({ lock, owner, mode, token, sinceMs }: Held, requestId = token): Recorded => ({
  ...{ lock, owner, mode, token, sinceMs, requestId, converted: false },
});

const story = (held: readonly Held[], more: Partial<History> = {}): History => ({
  ...{ held, looked: [], endings: [], writes: [], record: held.map((one) => recordOf(one)) },
  ...more,
});

const released = (lock: string, token: number, at: number): Ending => ({
  ...{ lock, owner: `owner ${token}`, token, invokedAt: at, answeredAt: at + 2, released: true },
});

const two = [permit('a', 1, 0), permit('b', 2, 10)];
const three = [...two, permit('c', 3, 50)];

const CASES: readonly { readonly name: string; readonly history: History; readonly breaks?: Rule }[] = [
  { name: 'as many as there is room for', history: story(two) },
  { name: 'one more than there is room for', history: story(three), breaks: 'permits' },
  { name: 'one more when another was given back', history: story(three, { endings: [released('b', 2, 40)] }) },
  {
    name: 'one more before another was given back',
    history: story(three, { endings: [released('b', 2, 60)] }),
    breaks: 'permits',
  },
  { name: 'one more when the time of another is over', history: story([...two, permit('c', 3, 105)]) },
  { name: 'a key twice', history: story([permit('a', 1, 0), permit('a', 2, 50)]), breaks: 'exclusion' },
  {
    name: 'a key in the order of its line',
    history: story([permit('a', 1, 0), permit('a', 2, 110)]),
  },
  {
    name: 'a key against the order of its line',
    history: story([permit('a', 1, 0), permit('a', 2, 110)], {
      record: [recordOf(permit('a', 1, 0), 9), recordOf(permit('a', 2, 110), 8)],
    }),
    breaks: 'order',
  },
  {
    name: 'a permit that was given back twice',
    history: story([permit('a', 1, 0)], { endings: [released('a', 1, 10), released('a', 1, 20)] }),
    breaks: 'release',
  },
  { name: 'a permit that is in no record', history: story([permit('a', 1, 0)], { record: [] }), breaks: 'record' },
];

describe('the checker of permits', () => {
  it.each(CASES)('judges $name', ({ history, breaks }) => {
    const found = new Set(checkPermits(history, CAPACITY).map(({ rule }) => rule));
    expect([...found]).toEqual(breaks === undefined ? [] : [breaks]);
  });
});
