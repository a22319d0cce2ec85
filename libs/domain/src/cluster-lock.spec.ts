import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  acquireLocks,
  breakHolds,
  cancelRequest,
  COMPATIBLE,
  COVERS,
  excludes,
  LOCK_MODES,
  LockTable,
  releaseLock,
  withdrawGrant,
  renewLock,
  type AcquireOutcome,
  type ClusterHold,
  type ClusterLock,
  type GrantedLock,
  type LockMode,
  type LockRequest,
} from './index.js';

const LOCKS = ['1', '2', '3'];
const OWNERS = ['ann', 'bob', 'cid', 'dot'];
const LEASE_MS = 100;

/** What the database would keep between two transactions. */
class World {
  nowMs = 1_000;
  number = 0;
  locks: ClusterLock[] = LOCKS.map((id) => ({
    ...{ id, lockspace: 's', name: id, leaseMs: LEASE_MS, graceMs: 20, draining: false, lastExclusive: 0 },
    ...{ owners: new Map<string, ClusterHold>(), isLineCut: false },
  }));
  line: LockRequest[] = [];

  /** Runs one operation as the service does, and keeps what it changed. */
  run<Result>(work: (table: LockTable) => Result): { result: Result | Error; granted: LockRequest[] } {
    const table = new LockTable(this.nowMs, this.locks, this.line, () => (this.number += 1));
    let result: Result | Error;
    try {
      result = work(table);
    } catch (error) {
      result = error as Error;
    }
    const { holds, queued, removed, granted } = table.changes();
    this.locks = this.locks.map((lock) => {
      const own = holds.filter(({ lockId }) => lockId === lock.id);
      const last = own.find(({ lastExclusive }) => lastExclusive !== null)?.lastExclusive ?? lock.lastExclusive;
      const owners = new Map(lock.owners);
      for (const { hold } of own) owners.set(hold.owner, hold);
      return { ...lock, lastExclusive: last, owners };
    });
    this.line = [...this.line.filter(({ id }) => !removed.includes(id)), ...queued];
    return { result, granted: granted.map(({ request }) => request) };
  }

  held(lockId: string): ClusterHold[] {
    const lock = this.locks.find(({ id }) => id === lockId);
    return [...(lock?.owners.values() ?? [])].filter(
      ({ mode, endsAtMs }) => mode !== 'unlock' && endsAtMs > this.nowMs,
    );
  }
}

type Step =
  | {
      readonly do: 'acquire';
      readonly owner: string;
      readonly wants: readonly string[];
      readonly mode: LockMode;
      readonly waits: boolean;
      readonly cached: boolean;
      readonly named: boolean;
    }
  | {
      readonly do: 'release' | 'renew' | 'break';
      readonly owner: string;
      readonly lock: string;
      readonly stale: boolean;
    }
  | { readonly do: 'cancel'; readonly at: number }
  | { readonly do: 'pass'; readonly ms: number };

const owner = fc.constantFrom(...OWNERS);
const lock = fc.constantFrom(...LOCKS);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('acquire' as const),
        owner,
        wants: fc.uniqueArray(lock, { minLength: 1, maxLength: 2 }),
        mode: fc.constantFrom<LockMode>('monitor', 'shared', 'exclusive', 'exclusive'),
        waits: fc.boolean(),
        cached: fc.boolean(),
        named: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('release' as const, 'release' as const, 'renew' as const, 'break' as const),
        owner,
        lock,
        stale: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 70, 130) }) },
  ),
  { maxLength: 60 },
);

/** What is known beside the table, in the simplest words. */
class Model {
  /** All exclusive grants of each lock, in order. */
  readonly exclusive = new Map<string, { owner: string; token: number }[]>();
  /** What number each owner was last told about a lock at. */
  readonly told = new Map<string, number>();
  readonly tokens = new Map<string, number>();

  /** The owner reads of the lock; `at`: the newest number there is. */
  reads(lockId: string, hold: ClusterHold, at: number): void {
    const key = `${lockId} ${hold.owner}`;
    const others = (this.exclusive.get(lockId) ?? []).filter((one) => one.owner !== hold.owner);
    expect(hold.changed).toBe(others.some(({ token }) => token > (this.told.get(key) ?? 0)));
    this.told.set(key, at);
  }

  granted(lockId: string, hold: ClusterHold): void {
    this.reads(lockId, hold, hold.token);
    expect(hold.token).toBeGreaterThan(this.tokens.get(lockId) ?? 0);
    this.tokens.set(lockId, hold.token);
    if (hold.mode === 'exclusive') {
      this.exclusive.set(lockId, [...(this.exclusive.get(lockId) ?? []), { owner: hold.owner, token: hold.token }]);
    }
  }
}

function apply(world: World, step: Step): ReturnType<World['run']> | undefined {
  if (step.do === 'pass') {
    world.nowMs += step.ms;
    return world.run((table) => table.promote());
  }
  if (step.do === 'cancel') {
    const request = world.line[step.at];
    return request === undefined ? undefined : world.run((table) => cancelRequest(table, request.id));
  }
  if (step.do === 'acquire') {
    const [first = ''] = step.wants;
    const hold = world.held(first).find((one) => one.owner === step.owner);
    const token = step.named && step.wants.length === 1 ? hold?.token : undefined;
    const flags = { prealloc: false, cacheRead: step.cached, cacheWrite: step.cached, useSemaphore: false };
    const wants = step.wants.map((lockId) => ({ lockId, mode: step.mode }));
    const waitMs = step.waits ? 1_000_000 : 0;
    return world.run((table) =>
      acquireLocks(table, { owner: step.owner, wants, token, waitMs, session: 'here', flags }),
    );
  }
  const hold = world.held(step.lock).find((one) => one.owner === step.owner);
  const token = (hold?.token ?? 1) - (step.stale ? 1 : 0);
  const of = { lockId: step.lock, owner: step.owner, token };
  if (step.do === 'release') return world.run((table) => releaseLock(table, of, false));
  if (step.do === 'renew') return world.run((table) => renewLock(table, of, undefined));
  return world.run((table) => breakHolds(table, step.lock, step.owner));
}

/** What the owner was answered that it has. */
function answered(step: Step, result: unknown): readonly GrantedLock[] {
  if (result === undefined || result instanceof Error) return [];
  if (step.do === 'renew') return [result as GrantedLock];
  const outcome = result as AcquireOutcome;
  return step.do === 'acquire' && outcome.status === 'granted' ? outcome.locks : [];
}

const turn = ({ id, wants }: LockRequest): number => (wants.some(({ converts }) => converts !== null) ? id - 1e9 : id);

/** Who was granted a lock that it did not hold has passed nobody that it keeps out. */
function expectNobodyPassed(world: World, lockId: string, hold: ClusterHold, was: ClusterHold | undefined): void {
  if (!excludes(hold.mode) || (was !== undefined && excludes(was.mode))) return;
  const passed = world.line.filter(
    (other) =>
      other.owner !== hold.owner &&
      turn(other) < (hold.requestId ?? hold.token) &&
      other.wants.some((its) => its.lockId === lockId && !COMPATIBLE[its.mode][hold.mode]),
  );
  expect({ hold, passed }).toEqual({ hold, passed: [] });
}

/** Nobody who waits could be granted what it wants: by looking at all holders and at all who came before. */
function expectNobodyForgotten(world: World): void {
  for (const request of world.line) {
    const isBlocked = request.wants.some(
      ({ lockId, mode }) =>
        world.held(lockId).some((one) => one.owner !== request.owner && !COMPATIBLE[one.mode][mode]) ||
        world.line.some(
          (other) =>
            other.owner !== request.owner &&
            turn(other) < turn(request) &&
            other.wants.some((its) => its.lockId === lockId && !COMPATIBLE[its.mode][mode]),
        ),
    );
    expect({ request, isBlocked }).toEqual({ request, isBlocked: true });
  }
}

describe('modes of cluster locks', () => {
  it('go together both ways or not at all, and cover what is less', () => {
    for (const [rank, a] of LOCK_MODES.entries()) {
      for (const [other, b] of LOCK_MODES.entries()) {
        expect(COMPATIBLE[a][b]).toBe(COMPATIBLE[b][a]);
        expect(COVERS[a][b]).toBe(rank >= other);
      }
    }
    expect(LOCK_MODES.filter(excludes)).toEqual(['shared', 'exclusive']);
  });
});

describe('cluster locks, whatever is asked of them', () => {
  it('exclude, serve in order, draw rising tokens, and tell exactly who missed a change', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = new World();
        const model = new Model();
        for (const step of all) {
          const before = new Map(world.locks.map(({ id, owners }) => [id, new Map(owners)]));
          const done = apply(world, step);
          // Grants in the order in which they were made: that of their tokens.
          const given = world.locks.flatMap(({ id, owners }) =>
            [...owners.values()].flatMap((hold) => {
              const was = before.get(id)?.get(hold.owner);
              return hold.token > (was?.token ?? 0) ? [{ id, hold, was }] : [];
            }),
          );
          for (const { id, hold } of given.sort((a, b) => a.hold.token - b.hold.token)) {
            model.granted(id, hold);
          }
          for (const { id, hold, was } of given) expectNobodyPassed(world, id, hold, was);
          for (const hold of answered(step, done?.result)) {
            const isRenewed = before.get(hold.name)?.get(hold.owner)?.token === hold.token;
            if (isRenewed && hold.mode === 'monitor') model.reads(hold.name, hold, world.number);
          }
          for (const lockId of LOCKS) {
            const held = world.held(lockId);
            for (const one of held) {
              for (const other of held) if (one !== other) expect(COMPATIBLE[one.mode][other.mode]).toBe(true);
            }
          }
          if (done?.result instanceof Error) expect(done.result.name).toMatch(/^Lock/);
          expectNobodyForgotten(world);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a line in which somebody stands twice', () => {
  it('serves the lesser request, though the greater one before it still waits', () => {
    const world = new World();
    const ask = (owner: string, mode: LockMode, waitMs: number, token?: number): ReturnType<World['run']> =>
      world.run((table) =>
        acquireLocks(table, { owner, wants: [{ lockId: '1', mode }], token, waitMs, session: null }),
      );
    ask('ann', 'exclusive', 0);
    for (const mode of ['exclusive', 'shared'] as const) ask('cid', mode, 1_000);
    ask('ann', 'shared', 0, world.held('1')[0]?.token);
    expect(world.held('1')).toMatchObject([
      { owner: 'ann', mode: 'shared' },
      { owner: 'cid', mode: 'shared' },
    ]);
    expectNobodyForgotten(world);
  });
});

describe('a grant that its owner was not told', () => {
  const wish = (owner: string) => ({
    ...{ owner, wants: [{ lockId: '1', mode: 'exclusive' as const }], waitMs: 0, session: null },
  });
  const take = (world: World, owner: string): ClusterHold => {
    world.run((table) => acquireLocks(table, wish(owner)));
    const [hold] = world.held('1');
    if (hold?.owner !== owner) throw new Error(`${owner} was not granted the lock`);
    return hold;
  };
  const drop = (world: World, { owner, token }: ClusterHold): unknown =>
    world.run((table) => releaseLock(table, { lockId: '1', owner, token }, false));
  const withdraw = (world: World, { owner, token }: ClusterHold): unknown =>
    world.run((table) => withdrawGrant(table, { lockId: '1', owner, token }));

  it('leaves the owner as if it had not been', () => {
    const world = new World();
    drop(world, take(world, 'bob'));
    const untold = take(world, 'ann');
    expect(untold.changed).toBe(true);
    withdraw(world, untold);
    expect(world.held('1')).toEqual([]);
    const told = take(world, 'ann');
    expect(told.changed).toBe(true);
    drop(world, told);
    // Nothing of others lies between: a grant that was not told changes nothing either.
    const again = take(world, 'ann');
    withdraw(world, again);
    expect([again.changed, take(world, 'ann').changed]).toEqual([false, false]);
  });

  it('is taken back by its token alone', () => {
    const world = new World();
    const hold = take(world, 'ann');
    withdraw(world, { ...hold, token: hold.token - 1 });
    expect(world.held('1')).toEqual([hold]);
  });
});
