import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decidePool, obstacleOf, type PoolOperation, type PoolRequest, type PoolState } from './lock-pool.js';

/** One step of a story: what is done, and how much time has passed before it. */
interface Step {
  readonly afterMs: number;
  readonly kind: 'ask' | 'leave' | 'renew' | 'resize' | 'look';
  readonly key: string;
  /** Which of those present is meant; counted round. */
  readonly which: number;
  readonly number: number;
  readonly rightOwner: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.constantFrom(0, 0, 0, 1, 5, 20),
  kind: fc.constantFrom('ask', 'ask', 'ask', 'leave', 'leave', 'renew', 'resize', 'look'),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  which: fc.nat(20),
  number: fc.integer({ min: 1, max: 4 }),
  rightOwner: fc.boolean(),
});

/** The rule in its slowest and plainest form: a list of people, and one of permits. */
class NaivePool {
  line: { id: number; key: string; owner: string; lease: number | null; until: number | null }[] = [];
  permits = new Map<number, { key: string; owner: string; until: number | null }>();

  constructor(public capacity: number) {}

  at(now: number): void {
    this.line = this.line.filter(({ until }) => until === null || until > now);
    for (const [id, { until }] of this.permits) if (until !== null && until <= now) this.permits.delete(id);
  }

  give(now: number): number[] {
    const given: number[] = [];
    for (;;) {
      const keys = [...this.permits.values()].map(({ key }) => key);
      const next = this.line.find(({ key }) => !keys.includes(key));
      if (next === undefined || keys.length >= this.capacity) return given;
      this.line = this.line.filter((one) => one !== next);
      const { key, owner, lease } = next;
      this.permits.set(next.id, { key, owner, until: lease === null ? null : now + lease });
      given.push(next.id);
    }
  }
}

interface World {
  state: PoolState;
  nowMs: number;
  readonly naive: NaivePool;
}

let lastId = 0;

/** Does the step to both, and says who got permits. */
function take(world: World, { afterMs, kind, key, which, number, rightOwner }: Step): void {
  world.nowMs += afterMs;
  const { naive, nowMs } = world;
  const present = world.state.requests;
  const meant: PoolRequest | undefined = present[which % Math.max(1, present.length)];
  const id = meant?.id ?? 0;
  const owner = rightOwner ? (meant?.owner ?? '') : 'nobody';
  const leaseMs = number === 4 ? null : number * 10;
  const operations: Record<Step['kind'], () => PoolOperation> = {
    ask: () => ({
      kind: 'ask',
      request: { id: (lastId += 1), key, owner: `${lastId % 3}`, leaseMs, expiresMs: nowMs + 15 },
    }),
    leave: () => ({ kind: 'leave', id, owner }),
    renew: () => ({ kind: 'renew', id, owner, leaseMs }),
    resize: () => ({ kind: 'resize', capacity: number }),
    look: () => ({ kind: 'look' }),
  };
  const operation = operations[kind]();
  const before = JSON.stringify(world.state);
  const decision = decidePool(world.state, operation, nowMs);
  expect(JSON.stringify(world.state)).toBe(before);
  world.state = decision.state;

  naive.at(nowMs);
  if (operation.kind === 'ask') {
    const { request } = operation;
    naive.line.push({ ...request, lease: request.leaseMs, until: request.expiresMs });
  }
  if (kind === 'resize') naive.capacity = number;
  if (kind === 'renew') {
    const permit = naive.permits.get(id);
    const may = permit !== undefined && permit.owner === owner;
    expect(decision.found).toBe(may);
    if (may) permit.until = leaseMs === null ? null : nowMs + leaseMs;
  }
  if (kind === 'leave') {
    const permit = naive.permits.get(id);
    const waiting = naive.line.find((one) => one.id === id);
    expect(decision.found).toBe((permit ?? waiting)?.owner === owner);
    if (decision.found) {
      naive.permits.delete(id);
      naive.line = naive.line.filter((one) => one.id !== id);
    }
  }
  expect(decision.granted.map((one) => one.id)).toEqual(naive.give(nowMs));
}

describe('a lock pool, against the plainest form of its rule', () => {
  it('gives the same permits in the same order, and forgets the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const world: World = { state: { capacity, requests: [] }, nowMs: 1_000, naive: new NaivePool(capacity) };
        for (const one of steps) {
          take(world, one);
          const held = world.state.requests.filter(({ grantedMs }) => grantedMs !== null);
          expect(held.map(({ id, key, owner, expiresMs }) => [id, { key, owner, until: expiresMs }]).sort()).toEqual(
            [...world.naive.permits].sort(),
          );
          expect(world.state.requests.filter(({ grantedMs }) => grantedMs === null).map(({ id }) => id)).toEqual(
            world.naive.line.map(({ id }) => id),
          );
          expect(new Set(held.map(({ key }) => key)).size).toBe(held.length);
        }
        world.nowMs += 1_000;
        const left = decidePool(world.state, { kind: 'look' }, world.nowMs).state.requests;
        expect(left.every(({ leaseMs }) => leaseMs === null)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('who waits for a held key', () => {
  const ask = (state: PoolState, id: number, key: string): ReturnType<typeof decidePool> =>
    decidePool(state, { kind: 'ask', request: { id, key, owner: `owner ${id}`, leaseMs: null, expiresMs: null } }, id);

  it('takes no room: twenty for A, and B comes in at once', () => {
    let state: PoolState = { capacity: 5, requests: [] };
    for (let id = 1; id <= 21; id += 1) state = ask(state, id, 'A').state;
    const decision = ask(state, 22, 'B');
    expect(decision.granted).toMatchObject([{ id: 22, key: 'B', grantedMs: 22 }]);
    expect(obstacleOf(decision.state, 'A')).toEqual({
      ...{ capacity: 5, active: 2, waiting: 20 },
      holder: { owner: 'owner 1', since: '1970-01-01T00:00:00.001Z', expires_at: null },
    });
    expect(obstacleOf(decision.state, 'C')).toMatchObject({ active: 2, holder: null });
  });

  it('keeps his permit when the capacity sinks below what is held, and nobody comes after him until then', () => {
    let state: PoolState = { capacity: 3, requests: [] };
    for (const [id, key] of [...'abcd'].entries()) state = ask(state, id + 1, key).state;
    const smaller = decidePool(state, { kind: 'resize', capacity: 1 }, 9);
    expect([smaller.gone, smaller.granted]).toEqual([[], []]);
    const first = decidePool(smaller.state, { kind: 'leave', id: 1 }, 10);
    const second = decidePool(first.state, { kind: 'leave', id: 2, owner: 'owner 2' }, 10);
    expect([first.granted, second.granted]).toEqual([[], []]);
    expect(decidePool(second.state, { kind: 'leave', id: 3 }, 10).granted).toMatchObject([{ id: 4, key: 'd' }]);
  });
});

describe('a permit that is given to somebody who waited', () => {
  it('is theirs for a short time until they have it, and not for its whole lease', () => {
    const request = { key: 'a', owner: 'o', leaseMs: 60_000, expiresMs: 20_000 };
    const first = decidePool({ capacity: 1, requests: [] }, { kind: 'ask', request: { ...request, id: 1 } }, 0);
    expect(first.granted).toMatchObject([{ id: 1, expiresMs: 60_000 }]);
    const second = decidePool(first.state, { kind: 'ask', request: { ...request, id: 2 } }, 0);
    expect(decidePool(second.state, { kind: 'leave', id: 1 }, 10).granted).toMatchObject([
      { id: 2, expiresMs: 15_010 },
    ]);
  });
});
