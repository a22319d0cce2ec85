import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkKeys,
  planSlots,
  SlotTaken,
  withoutExpired,
  type HeldSlot,
  type SlotPool,
  type WantedSlot,
} from './slot-lock.js';
import { openPools, settlePools } from './slot-settlement.js';

const pool = (key: string, rest: Partial<SlotPool> = {}): SlotPool => ({
  key,
  high: 0,
  held: 0,
  free: [],
  expired: [],
  ...rest,
});
const pools = (...list: SlotPool[]): Map<string, SlotPool> => new Map(list.map((one) => [one.key, one]));
const held = (key: string, slot: number, limit = 1): HeldSlot => ({
  id: `${key}${slot}`,
  key,
  slot,
  limit,
  sinceMs: 7,
});
const fresh = (key: string, slot: number, limit = 1): HeldSlot => ({ id: null, key, slot, limit, sinceMs: null });

describe('planSlots (docs/locks/slot-locks.md)', () => {
  it('gives the smallest free slot, and a new one only where none is free', () => {
    const read = pools(pool('a', { high: 9, held: 6, free: [2, 5] }), pool('b', { high: 4, held: 4 }));
    const wanted = [
      { key: 'a', limit: 9 },
      { key: 'b', limit: 5 },
      { key: 'c', limit: 1 },
    ];
    const plan = planSlots(read, [{ before: [], wanted }]);
    expect(plan).toEqual({
      status: 'planned',
      slots: [[fresh('a', 2, 9), fresh('b', 4, 5), fresh('c', 0)]],
      pools: pools(
        pool('a', { high: 9, held: 7, free: [5] }),
        pool('b', { high: 5, held: 5 }),
        pool('c', { high: 1, held: 1 }),
      ),
    });
  });

  it('tells every key that is taken, and gives none', () => {
    const read = pools(pool('a', { high: 1, held: 1 }), pool('b'), pool('c', { high: 3, held: 3 }));
    const wanted = [
      { key: 'a', limit: 1 },
      { key: 'b', limit: 1 },
      { key: 'c', limit: 3 },
    ];
    expect(planSlots(read, [{ before: [], wanted }])).toEqual({
      status: 'taken',
      taken: [
        { key: 'a', limit: 1, held: 1 },
        { key: 'c', limit: 3, held: 3 },
      ],
    });
  });

  it('counts all who hold the key, under whatever limit they took it', () => {
    const read = pools(pool('a', { high: 5, held: 2, free: [0, 1, 2] }));
    const ask = (limit: number) => planSlots(read, [{ before: [], wanted: [{ key: 'a', limit }] }]).status;
    expect([ask(1), ask(2), ask(3)]).toEqual(['taken', 'taken', 'planned']);
  });

  it('keeps what is named again, and changes what lies beyond a smaller limit', () => {
    const read = pools(pool('a', { high: 3, held: 2, free: [0] }));
    const before = [held('a', 1, 3)];
    const again = planSlots(read, [{ before, wanted: [{ key: 'a', limit: 3 }] }]);
    expect(again).toMatchObject({ slots: [before], pools: new Map() });
    const smaller = planSlots(read, [{ before, wanted: [{ key: 'a', limit: 2 }] }]);
    expect(smaller).toMatchObject({ slots: [[{ ...held('a', 1), limit: 2 }]], pools: new Map() });
    const beyond = planSlots(pools(pool('a', { high: 3, held: 1, free: [0] })), [
      { before: [held('a', 2, 3)], wanted: [{ key: 'a', limit: 1 }] },
    ]);
    expect(beyond).toMatchObject({ slots: [[fresh('a', 0)]] });
  });

  it('lets one holder take what another one of the plan gives up', () => {
    const read = pools(pool('a', { high: 1, held: 1 }));
    const plan = planSlots(read, [
      { before: [], wanted: [{ key: 'a', limit: 1 }] },
      { before: [held('a', 0)], wanted: [] },
    ]);
    expect(plan).toMatchObject({ status: 'planned', slots: [[fresh('a', 0)], []] });
  });

  it('does not touch pools that nobody names or holds', () => {
    expect(planSlots(pools(), [{ before: [], wanted: [] }])).toEqual({
      status: 'planned',
      slots: [[]],
      pools: new Map(),
    });
  });
});

describe('what is over its lease', () => {
  it('is free, in its place', () => {
    const expired = [
      { id: '2', slot: 2 },
      { id: '0', slot: 0 },
    ];
    const open = withoutExpired(pool('a', { high: 4, held: 3, free: [1], expired }));
    expect(open).toEqual(pool('a', { high: 4, held: 1, free: [0, 1, 2] }));
  });
});

describe('what is refused', () => {
  it('names the holder of a lock, and the number of those of a pool', () => {
    const error = new SlotTaken([
      { key: 'a', limit: 1, held: 1, holders: [{ consumer: 'c', slot: 0, sinceMs: 0 }] },
      { key: 'p', limit: 2, held: 2, holders: [{ owner: 'o', slot: 0, sinceMs: 0, expiresAtMs: 1000 }] },
    ]);
    expect(error.message).toBe(
      "Slot locks are taken: 'a' by consumer c since 1970-01-01T00:00:00.000Z, 'p' (2 held, limit 2).",
    );
    expect(error.facts).toEqual({
      slot_locks: [
        {
          key: 'a',
          limit: 1,
          held: 1,
          holders: [{ consumer: 'c', slot: 0, since: '1970-01-01T00:00:00.000Z' }],
        },
        {
          key: 'p',
          limit: 2,
          held: 2,
          holders: [{ owner: 'o', slot: 0, since: '1970-01-01T00:00:00.000Z', expires_at: '1970-01-01T00:00:01.000Z' }],
        },
      ],
    });
  });

  it('is worded shortly however many keys there are, and told in full', () => {
    const error = new SlotTaken(
      Array.from({ length: 9 }, (_, at) => ({ key: `k${at}`, limit: 1, held: 1, holders: [] })),
    );
    expect(error.message).toContain("'k4' (1 held, limit 1) and 4 more.");
    expect(error.facts.slot_locks).toHaveLength(9);
  });

  it('is a key that is named twice', () => {
    const twice = [
      { key: 'a', limit: 1 },
      { key: 'a', limit: 2 },
    ];
    expect(() => checkKeys(twice)).toThrow("slot_locks: 'a' is named twice");
  });
});

/** The rows, with as little thought as possible. */
class Rows {
  readonly locks = new Map<string, HeldSlot & { readonly holder: number }>();
  readonly free = new Set<string>();
  readonly pools = new Map<string, { high: number; held: number }>();
  private ids = 0;

  of(holder: number): HeldSlot[] {
    return [...this.locks.values()].filter((one) => one.holder === holder);
  }

  read(wanted: readonly WantedSlot[], holders: readonly number[], expired: ReadonlySet<string>): Map<string, SlotPool> {
    const keys = new Set([...wanted, ...holders.flatMap((holder) => this.of(holder))].map(({ key }) => key));
    return new Map(
      [...keys].map((key) => {
        const { high, held: count } = this.pools.get(key) ?? { high: 0, held: 0 };
        const free = this.freeOf(key).slice(0, wanted.filter((one) => one.key === key).length);
        const late = [...this.locks].filter(([id, lock]) => lock.key === key && expired.has(id));
        return [key, pool(key, { high, held: count, free, expired: late.map(([id, { slot }]) => ({ id, slot })) })];
      }),
    );
  }

  freeOf(key: string): number[] {
    const own = [...this.free].filter((one) => one.startsWith(`${key}/`)).map((one) => Number(one.split('/')[1]));
    return own.sort((a, b) => a - b);
  }

  write(read: ReadonlyMap<string, SlotPool>, worked: ReadonlyMap<string, SlotPool>): void {
    const settled = settlePools(read, worked);
    for (const id of settled.expired) this.locks.delete(id);
    for (const { key, slot } of settled.freed) this.free.add(`${key}/${slot}`);
    for (const { key, slot } of settled.used) this.free.delete(`${key}/${slot}`);
    for (const cut of settled.cut) {
      for (const slot of this.freeOf(cut.key)) if (slot >= cut.slot) this.free.delete(`${cut.key}/${slot}`);
    }
    for (const { key, ...rest } of settled.pools) this.pools.set(key, rest);
    for (const key of settled.removed) this.pools.delete(key);
  }

  replace(holder: number, slots: readonly HeldSlot[]): void {
    for (const [id, lock] of this.locks) if (lock.holder === holder) this.locks.delete(id);
    for (const one of slots) {
      const id = one.id ?? `${(this.ids += 1)}`;
      this.locks.set(id, { ...one, id, holder });
    }
  }

  /** docs/locks/slot-locks.md, invariants. */
  check(): void {
    const keys = new Set([...this.pools.keys(), ...[...this.locks.values()].map(({ key }) => key)]);
    for (const key of keys) {
      const slots = [...this.locks.values()].filter((one) => one.key === key).map(({ slot }) => slot);
      const { high, held: count } = this.pools.get(key) ?? { high: 0, held: 0 };
      expect(slots).toHaveLength(count);
      const all = [...slots, ...this.freeOf(key)].sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: high }, (_, slot) => slot));
    }
    for (const one of this.free) expect(this.pools.has(one.split('/')[0] ?? '')).toBe(true);
  }
}

const wantedSets = fc.uniqueArray(
  fc.record({ key: fc.constantFrom('a', 'b', 'c'), limit: fc.integer({ min: 1, max: 4 }) }),
  { selector: ({ key }) => key, maxLength: 3 },
);
const steps = fc.array(
  fc.record({
    changes: fc.uniqueArray(fc.tuple(fc.nat(5), wantedSets), {
      selector: ([holder]) => holder,
      minLength: 1,
      maxLength: 3,
    }),
    expire: fc.option(fc.nat(5), { freq: 4 }),
  }),
  { maxLength: 40 },
);

describe('any sequence of holders who change what they hold', () => {
  it('gives out as a naive count would, each slot once, and remembers what is free', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const rows = new Rows();
        for (const { changes, expire } of sequence) {
          const holders = changes.map(([holder]) => holder);
          const late = expire === null || holders.includes(expire) ? [] : rows.of(expire).map(({ id }) => id ?? '');
          const read = rows.read(
            changes.flatMap(([, wanted]) => wanted),
            holders,
            new Set(late),
          );
          const late2 = new Set([...read.values()].flatMap(({ expired }) => expired.map(({ id }) => id)));
          const expected = naive(
            [...rows.locks].filter(([id]) => !late2.has(id)).map(([, lock]) => lock),
            changes,
          );
          const open = openPools(read);
          const plan = planSlots(
            open,
            changes.map(([holder, wanted]) => ({ before: rows.of(holder), wanted })),
          );
          expect(plan.status).toBe(expected);
          const after = plan.status === 'planned' ? new Map([...open, ...plan.pools]) : open;
          rows.write(read, after);
          if (plan.status === 'planned') changes.forEach(([holder], at) => rows.replace(holder, plan.slots[at] ?? []));
          rows.check();
          for (const { slot, limit } of rows.locks.values()) expect(slot).toBeLessThan(limit);
        }
      }),
    );
  });
});

/** Everybody gives up what they do not keep, then each in turn asks whether fewer than the limit hold the key. */
function naive(
  locks: readonly (HeldSlot & { readonly holder: number })[],
  changes: readonly [number, readonly WantedSlot[]][],
): 'planned' | 'taken' {
  const keeps = (lock: (typeof locks)[number]): boolean => {
    const change = changes.find(([holder]) => holder === lock.holder);
    return change === undefined || change[1].some(({ key, limit }) => key === lock.key && lock.slot < limit);
  };
  const staying = locks.filter(keeps);
  const count = new Map<string, number>();
  for (const { key } of staying) count.set(key, (count.get(key) ?? 0) + 1);
  let status: 'planned' | 'taken' = 'planned';
  for (const [holder, wanted] of changes) {
    for (const { key, limit } of wanted) {
      if (staying.some((lock) => lock.holder === holder && lock.key === key)) continue;
      const now = count.get(key) ?? 0;
      if (now >= limit) status = 'taken';
      else count.set(key, now + 1);
    }
  }
  return status;
}
