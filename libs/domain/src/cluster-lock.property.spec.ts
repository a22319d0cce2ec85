import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LOCKS, LockWorld } from '../test-support/lock-world.js';
import {
  acquireLocks,
  breakHolds,
  cancelRequest,
  COMPATIBLE,
  excludes,
  releaseLock,
  renewLock,
  type AcquireOutcome,
  type ClusterHold,
  type GrantedLock,
  type LockMode,
  type LockRequest,
  type LockTable,
} from './index.js';

const OWNERS = ['ann', 'bob', 'cid', 'dot'];

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
const aStep: fc.Arbitrary<Step> = fc.oneof(
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
);
const steps = fc.array(aStep, { maxLength: 60 });

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

type Operation = (table: LockTable) => unknown;

/** What the step asks of a table, by what can be known before it; nothing: it asks nothing. */
function operationOf(world: LockWorld, step: Step): Operation | undefined {
  if (step.do === 'pass') return (table) => table.promote();
  if (step.do === 'cancel') {
    const request = world.line[step.at];
    return request && ((table) => cancelRequest(table, request.id));
  }
  if (step.do === 'acquire') {
    const [first = ''] = step.wants;
    const hold = world.held(first).find((one) => one.owner === step.owner);
    const token = step.named && step.wants.length === 1 ? hold?.token : undefined;
    const flags = { prealloc: false, cacheRead: step.cached, cacheWrite: step.cached, useSemaphore: false };
    const wants = step.wants.map((lockId) => ({ lockId, mode: step.mode }));
    const waitMs = step.waits ? 1_000_000 : 0;
    return (table) => acquireLocks(table, { owner: step.owner, wants, token, waitMs, session: 'here', flags });
  }
  const hold = world.held(step.lock).find((one) => one.owner === step.owner);
  const token = (hold?.token ?? 1) - (step.stale ? 1 : 0);
  const of = { lockId: step.lock, owner: step.owner, token };
  if (step.do === 'release') return (table) => releaseLock(table, of, false);
  if (step.do === 'renew') return (table) => renewLock(table, of, undefined);
  return (table) => breakHolds(table, step.lock, step.owner);
}

function apply(world: LockWorld, step: Step): unknown {
  const operation = operationOf(world, step);
  if (step.do === 'pass') world.nowMs += step.ms;
  return operation && world.run(operation);
}

/** Operations that share a transaction: what one is refused with is its own affair. */
function together(operations: readonly Operation[]): Operation {
  return (table) => {
    for (const operation of operations) {
      try {
        operation(table);
      } catch (error) {
        expect((error as Error).name).toMatch(/^Lock/);
      }
    }
  };
}

/** All that the next operation goes by. */
function stateOf({ locks, line, number }: LockWorld): unknown {
  return { number, line, locks: locks.map(({ id, lastExclusive, owners }) => ({ id, lastExclusive, owners })) };
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
function expectNobodyPassed(world: LockWorld, lockId: string, hold: ClusterHold, was: ClusterHold | undefined): void {
  if (!excludes(hold.mode) || (was !== undefined && excludes(was.mode))) return;
  const passed = world.line.filter(
    (other) =>
      other.owner !== hold.owner &&
      turn(other) < (hold.requestId ?? hold.token) &&
      // Who came in the same transaction, but after the grant, was not passed.
      other.id < hold.token &&
      other.wants.some((its) => its.lockId === lockId && !COMPATIBLE[its.mode][hold.mode]),
  );
  expect({ hold, passed }).toEqual({ hold, passed: [] });
}

/**
 * Nobody who waits could be granted what it wants, by looking at all holders and at all who came before; nor does anybody
 * wait, and keep others out, for what it has, or to convert what it has lost.
 */
function expectNobodyForgotten(world: LockWorld): void {
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
    const isPointless = request.wants.some(({ lockId, converts }) => {
      const own = world.held(lockId).find(({ owner }) => owner === request.owner);
      return converts === null ? own !== undefined && excludes(own.mode) : own?.token !== converts;
    });
    expect({ request, isBlocked, isPointless }).toEqual({ request, isBlocked: true, isPointless: false });
  }
}

describe('cluster locks, whatever is asked of them', () => {
  it('exclude, serve in order, draw rising tokens, and tell exactly who missed a change', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = new LockWorld();
        const model = new Model();
        for (const step of all) {
          const before = new Map(world.locks.map(({ id, owners }) => [id, new Map(owners)]));
          const result = apply(world, step);
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
          for (const hold of answered(step, result)) {
            const isRenewed = before.get(hold.name)?.get(hold.owner)?.token === hold.token;
            if (isRenewed && hold.mode === 'monitor') model.reads(hold.name, hold, world.number);
          }
          for (const lockId of LOCKS) {
            const held = world.held(lockId);
            for (const one of held) {
              for (const other of held) if (one !== other) expect(COMPATIBLE[one.mode][other.mode]).toBe(true);
            }
          }
          if (result instanceof Error) expect(result.name).toMatch(/^Lock/);
          expectNobodyForgotten(world);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('come to the same in one transaction as in one each', () => {
    fc.assert(
      fc.property(fc.array(fc.array(aStep, { minLength: 1, maxLength: 4 }), { maxLength: 20 }), (groups) => {
        const [grouped, single] = [new LockWorld(), new LockWorld()];
        for (const steps of groups) {
          const operations = steps.flatMap((step) => operationOf(single, step) ?? []);
          const passed = steps.reduce((sum, step) => sum + (step.do === 'pass' ? step.ms : 0), 0);
          for (const world of [grouped, single]) world.nowMs += passed;
          grouped.run(together(operations));
          for (const operation of operations) single.run(together([operation]));
          expect(stateOf(grouped)).toEqual(stateOf(single));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
