import { describe, expect, it } from '@jest/globals';
import { LockWorld } from '../test-support/lock-world.js';
import {
  acquireLocks,
  COMPATIBLE,
  COVERS,
  excludes,
  LOCK_MODES,
  releaseLock,
  withdrawGrant,
  type ClusterHold,
  type LockMode,
} from './index.js';

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

describe('a line in which somebody stands twice', () => {
  it('serves the lesser request, though the greater one before it still waits', () => {
    const world = new LockWorld();
    const ask = (owner: string, mode: LockMode, waitMs: number, token?: number): ReturnType<LockWorld['run']> =>
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
  });

  it('stands there no more for what it was granted meanwhile', () => {
    const world = new LockWorld();
    const ask = (owner: string, wants: readonly string[], mode: LockMode, waitMs = 0): ReturnType<LockWorld['run']> =>
      world.run((table) =>
        acquireLocks(table, { owner, wants: wants.map((lockId) => ({ lockId, mode })), waitMs, session: null }),
      );
    ask('ann', ['2'], 'shared');
    ask('dot', ['1', '2'], 'exclusive', 1_000);
    ask('cid', ['2'], 'shared', 1_000);
    expect(world.held('2')).toMatchObject([{ owner: 'ann' }]);
    ask('dot', ['1'], 'exclusive');
    expect(world.held('2')).toMatchObject([{ owner: 'ann' }, { owner: 'cid' }]);
    expect(world.line).toEqual([]);
  });
});

describe('a cached hold that others wait for when it is granted', () => {
  it('is asked back at once', () => {
    const world = new LockWorld();
    const flags = { prealloc: false, cacheRead: true, cacheWrite: true, useSemaphore: false };
    const ask = (owner: string, mode: LockMode, waitMs: number, token?: number): ReturnType<LockWorld['run']> =>
      world.run((table) =>
        acquireLocks(table, { owner, wants: [{ lockId: '1', mode }], token, waitMs, session: null, flags }),
      );
    ask('cid', 'shared', 0);
    ask('ann', 'exclusive', 1_000);
    world.nowMs += 1;
    ask('cid', 'exclusive', 0, world.held('1')[0]?.token);
    expect(world.held('1')).toMatchObject([{ owner: 'cid', mode: 'exclusive', revokedAtMs: world.nowMs }]);
  });
});

describe('a grant that its owner was not told', () => {
  const wish = (owner: string) => ({
    ...{ owner, wants: [{ lockId: '1', mode: 'exclusive' as const }], waitMs: 0, session: null },
  });
  const take = (world: LockWorld, owner: string): ClusterHold => {
    world.run((table) => acquireLocks(table, wish(owner)));
    const [hold] = world.held('1');
    if (hold?.owner !== owner) throw new Error(`${owner} was not granted the lock`);
    return hold;
  };
  const drop = (world: LockWorld, { owner, token }: ClusterHold): unknown =>
    world.run((table) => releaseLock(table, { lockId: '1', owner, token }, false));
  const withdraw = (world: LockWorld, { owner, token }: ClusterHold): unknown =>
    world.run((table) => withdrawGrant(table, { lockId: '1', owner, token }));

  it('leaves the owner as if it had not been', () => {
    const world = new LockWorld();
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
    const world = new LockWorld();
    const hold = take(world, 'ann');
    withdraw(world, { ...hold, token: hold.token - 1 });
    expect(world.held('1')).toEqual([hold]);
  });
});
