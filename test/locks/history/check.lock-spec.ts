import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { check } from './check.js';
import type { Ending, FencedWrite, Held, History, Looked, Recorded, Rule } from './history.js';
import { MUTATIONS } from './mutations.js';
import { Simulator } from './simulator.js';

const NOTHING: History = { held: [], looked: [], endings: [], writes: [], record: [] };

/** Asked for at `at`, granted and answered 2 ms later, for 100 ms. The database's clock is 1,000 ms ahead. */
function grant(owner: string, token: number, at: number, more: Partial<Held> = {}): Held {
  const [sinceMs, untilMs] = [1_001 + at, 1_101 + at];
  return {
    ...{ lock: 'a', owner, mode: 'exclusive', token, sinceMs, untilMs, leaseMs: 100, fresh: { changed: false } },
    ...{ invokedAt: at, answeredAt: at + 2 },
    ...more,
  };
}

const recordOf = ({ lock, owner, mode, token, sinceMs }: Held, more: Partial<Recorded> = {}): Recorded => ({
  ...{ lock, owner, mode, token, sinceMs, requestId: null, converted: false },
  ...more,
});

/** A history of grants that stand in the record, and what else is given. */
const story = (held: readonly Held[], more: Partial<History> = {}): History => ({
  ...NOTHING,
  held,
  record: held.flatMap((one) => (one.fresh === undefined ? [] : [recordOf(one)])),
  ...more,
});

const ending = (owner: string, token: number, at: number, more: Partial<Ending> = {}): Ending => ({
  ...{ lock: 'a', owner, token, invokedAt: at, answeredAt: at + 2, released: true },
  ...more,
});

const write = (token: number, at: number, accepted = true): FencedWrite => ({
  ...{ lock: 'a', token, accepted, invokedAt: at, answeredAt: at + 2 },
});

const look = (owner: string, token: number, at: number, told?: boolean): Looked => ({
  ...{ lock: 'a', owner, token, invokedAt: at, changed: told, answeredAt: told === undefined ? undefined : at + 2 },
});

const broken = (history: History): Rule[] => [...new Set(check(history).map(({ rule }) => rule))];

const CHANGED = { fresh: { changed: true } };
const SHARED = { mode: 'shared' } as const;
const MONITOR = { mode: 'monitor' } as const;

const [one, other] = [grant('A', 1, 0), grant('B', 2, 50, CHANGED)];
const after = grant('B', 2, 101, CHANGED);

/** Of each rule some histories that keep it and some that break it. */
const CASES: readonly { readonly name: string; readonly history: History; readonly breaks?: Rule }[] = [
  { name: 'nothing', history: NOTHING },
  { name: 'one after the end of the other', history: story([one, after]) },
  { name: 'one while the other lasts', history: story([one, other]), breaks: 'exclusion' },
  { name: 'one after the release of the other', history: story([one, other], { endings: [ending('A', 1, 40)] }) },
  {
    name: 'one after a release of the other that was never answered',
    history: story([one, other], { endings: [ending('A', 1, 51, { answeredAt: undefined, released: undefined })] }),
  },
  {
    name: 'one before the release of the other',
    history: story([one, other], { endings: [ending('A', 1, 60, { released: undefined })] }),
    breaks: 'exclusion',
  },
  {
    name: 'one after a release of an older hold',
    history: story([grant('A', 1, 0), grant('A', 3, 20), grant('B', 4, 50, CHANGED)], {
      endings: [ending('A', 1, 10)],
    }),
    breaks: 'exclusion',
  },
  {
    name: 'one after a break of whoever had it',
    history: story([one, other], { endings: [{ lock: 'a', invokedAt: 40, answeredAt: 45 }] }),
  },
  {
    name: 'a release that was answered before the hold was renewed',
    history: story([one, grant('A', 1, 30, { fresh: undefined, sinceMs: 1_001 }), other], {
      endings: [ending('A', 1, 20, { released: undefined })],
    }),
    breaks: 'exclusion',
  },
  {
    name: 'a renewal that keeps the other out for longer',
    history: story([one, grant('A', 1, 60, { fresh: undefined, sinceMs: 1_001 }), after]),
    breaks: 'exclusion',
  },
  {
    name: 'a client that may rely on more than the database says',
    history: story([grant('A', 1, 0, { leaseMs: 300 }), after]),
    breaks: 'exclusion',
  },
  { name: 'two who share', history: story([grant('A', 1, 0, SHARED), grant('B', 2, 10, SHARED)]) },
  { name: 'one who watches', history: story([one, grant('B', 2, 10, { ...MONITOR, ...CHANGED })]) },
  {
    name: 'a grant nobody was told of, while the other lasts',
    history: { ...story([one]), record: [recordOf(one), recordOf(other)] },
    breaks: 'exclusion',
  },
  {
    name: 'a smaller token after a greater one',
    history: story([grant('A', 5, 0, SHARED), grant('B', 2, 101, SHARED)]),
    breaks: 'tokens',
  },
  {
    name: 'a smaller token of who asked earlier',
    history: story([grant('A', 5, 120, CHANGED), grant('B', 2, 0, { answeredAt: 130 })]),
  },
  {
    name: 'one token for two',
    history: story([grant('A', 1, 0), grant('B', 1, 101)]),
    breaks: 'tokens',
  },
  {
    name: 'who came first is served first',
    history: story([one, after], { record: [recordOf(one), recordOf(after, { requestId: 1.5 })] }),
  },
  {
    name: 'who does not wait passes one in line',
    history: story([grant('A', 3, 0), grant('B', 4, 101, CHANGED)], {
      record: [recordOf(grant('A', 3, 0)), recordOf(grant('B', 4, 101), { requestId: 1 })],
    }),
    breaks: 'order',
  },
  {
    name: 'who waits passes one in line',
    history: story([grant('A', 3, 0), grant('B', 4, 101, CHANGED)], {
      record: [recordOf(grant('A', 3, 0), { requestId: 2 }), recordOf(grant('B', 4, 101), { requestId: 1 })],
    }),
    breaks: 'order',
  },
  {
    name: 'who shares passes one in line who wants it alone',
    history: story([grant('A', 3, 0, SHARED), grant('B', 4, 101)], {
      record: [recordOf(grant('A', 3, 0, SHARED), { requestId: 2 }), recordOf(grant('B', 4, 101), { requestId: 1 })],
    }),
    breaks: 'order',
  },
  {
    name: 'who was served and broken in one transaction, from a place that nobody wrote down',
    history: story([grant('A', 3, 0, SHARED), grant('B', 4, 0)], {
      record: [{ ...recordOf(grant('A', 3, 0)), mode: undefined }, recordOf(grant('B', 4, 0), { requestId: 1 })],
      endings: [{ lock: 'a', invokedAt: 0, answeredAt: 1 }],
    }),
  },
  {
    name: 'who converts passes those in line',
    history: story([grant('A', 3, 0), grant('B', 4, 101, CHANGED)], {
      record: [recordOf(grant('A', 3, 0), { converted: true }), recordOf(grant('B', 4, 101), { requestId: 1 })],
    }),
  },
  {
    name: 'who shares passes those who share',
    history: story([grant('A', 3, 0, SHARED), grant('B', 4, 101, SHARED)], {
      record: [
        recordOf(grant('A', 3, 0, SHARED), { requestId: 2 }),
        recordOf(grant('B', 4, 101, SHARED), { requestId: 1 }),
      ],
    }),
  },
  { name: 'a change that was not told', history: story([one, grant('B', 2, 101)]), breaks: 'changed' },
  {
    name: 'a change that never was',
    history: story([one, grant('A', 2, 101, CHANGED)]),
    breaks: 'changed',
  },
  {
    name: 'a change by a hold that its owner was never told of',
    history: {
      ...story([one, grant('A', 3, 400, CHANGED)]),
      record: [one, grant('B', 2, 200), grant('A', 3, 400)].map((its) => recordOf(its)),
    },
  },
  {
    name: 'a change that was told to nobody, and again',
    history: {
      ...story([grant('B', 1, 0), grant('A', 3, 400, CHANGED)]),
      record: [grant('B', 1, 0), grant('A', 2, 200), grant('A', 3, 400)].map((its) => recordOf(its)),
    },
  },
  {
    name: 'a change that was told, and again',
    history: story([grant('B', 1, 0), grant('A', 2, 200, CHANGED), grant('A', 3, 400, CHANGED)]),
    breaks: 'changed',
  },
  {
    name: 'a change by a hold that ended as it began',
    history: {
      ...story([one, grant('A', 3, 400, CHANGED)]),
      record: [recordOf(one), recordOf(grant('B', 2, 200), { mode: undefined }), recordOf(grant('A', 3, 400))],
    },
  },
  {
    name: 'a change that a monitor was told of, and again none',
    history: story([grant('M', 1, 0, MONITOR), grant('A', 2, 10), grant('M', 3, 300, MONITOR)], {
      looked: [look('M', 1, 20, true)],
    }),
  },
  {
    name: 'a change that a monitor was told of, and again at its next grant',
    history: story([grant('M', 1, 0, MONITOR), grant('A', 2, 10), grant('M', 3, 300, { ...MONITOR, ...CHANGED })], {
      looked: [look('M', 1, 20, true)],
    }),
    breaks: 'changed',
  },
  {
    name: 'a monitor that was not told of a change before it asked',
    history: story([grant('M', 1, 0, MONITOR), grant('A', 2, 10)], { looked: [look('M', 1, 20, false)] }),
    breaks: 'changed',
  },
  {
    name: 'a monitor that asks while the lock is granted is told either',
    history: story([grant('M', 1, 0, MONITOR), grant('A', 2, 10)], { looked: [look('M', 1, 11, false)] }),
  },
  {
    name: 'a monitor whose answer was lost is told either',
    history: story([grant('M', 1, 0, MONITOR), grant('A', 2, 10), grant('M', 3, 300, MONITOR)], {
      looked: [look('M', 1, 20)],
    }),
  },
  {
    name: 'a release that is true twice',
    history: story([one], { endings: [ending('A', 1, 10), ending('A', 1, 20)] }),
    breaks: 'release',
  },
  {
    name: 'a release after the lock was another owner’s',
    history: story([one, after], { endings: [ending('A', 1, 110)] }),
    breaks: 'release',
  },
  {
    name: 'writes in the order of their tokens',
    history: story([one, after], { writes: [write(1, 50), write(2, 110)] }),
  },
  {
    name: 'a refused write of who lost the lock',
    history: story([one, after], { writes: [write(2, 110), write(1, 120, false)] }),
  },
  { name: 'a write of who lost the lock', history: story([one, after], { writes: [write(1, 110)] }), breaks: 'fence' },
  {
    name: 'a write after one with a greater token',
    history: story([], { writes: [write(2, 0), write(1, 10)] }),
    breaks: 'fence',
  },
  { name: 'a grant that is in no record', history: story([one], { record: [] }), breaks: 'record' },
];

describe('the history checker', () => {
  it.each(CASES)('judges $name', ({ history, breaks }) => {
    expect(broken(history)).toEqual(breaks === undefined ? [] : [breaks]);
  });

  it('finds nothing in what locks that are sound would have done', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(check(simulate(seed))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(MUTATIONS))('finds each sound history that was made to break %s', (rule, mutate) => {
    let applied = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const mutated = mutate(simulate(seed));
      if (mutated === undefined) continue;
      applied += 1;
      expect([seed, ...broken(mutated)]).toContain(rule);
    }
    expect(applied).toBeGreaterThan(50);
  });
});

function simulate(seed: number): History {
  return new Simulator(mulberry(seed)).run(120, 5);
}

/** Small and repeatable. */
function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
