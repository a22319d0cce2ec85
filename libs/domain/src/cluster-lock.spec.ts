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
  type HandleFlags,
  type LockMode,
} from './index.js';

interface Wish {
  readonly mode: LockMode;
  readonly lockIds?: readonly string[];
  readonly waitMs?: number;
  readonly token?: number | undefined;
  readonly flags?: HandleFlags;
}

function ask(world: LockWorld, owner: string, { mode, lockIds = ['1'], waitMs = 0, token, flags }: Wish): unknown {
  const wants = lockIds.map((lockId) => ({ lockId, mode }));
  return world.run((table) => acquireLocks(table, { owner, wants, token, waitMs, session: null, flags }));
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

describe('a line in which somebody stands twice', () => {
  it('serves the lesser request, though the greater one before it still waits', () => {
    const world = new LockWorld();
    ask(world, 'ann', { mode: 'exclusive' });
    for (const mode of ['exclusive', 'shared'] as const) ask(world, 'cid', { mode, waitMs: 1_000 });
    ask(world, 'ann', { mode: 'shared', token: world.held('1')[0]?.token });
    expect(world.held('1')).toMatchObject([
      { owner: 'ann', mode: 'shared' },
      { owner: 'cid', mode: 'shared' },
    ]);
  });

  it('stands there no more for what it was granted meanwhile', () => {
    const world = new LockWorld();
    ask(world, 'ann', { lockIds: ['2'], mode: 'shared' });
    ask(world, 'dot', { lockIds: ['1', '2'], mode: 'exclusive', waitMs: 1_000 });
    ask(world, 'cid', { lockIds: ['2'], mode: 'shared', waitMs: 1_000 });
    expect(world.held('2')).toMatchObject([{ owner: 'ann' }]);
    ask(world, 'dot', { mode: 'exclusive' });
    expect(world.held('2')).toMatchObject([{ owner: 'ann' }, { owner: 'cid' }]);
    expect(world.line).toEqual([]);
  });
});

describe('a cached hold that others wait for when it is granted', () => {
  it('is asked back at once', () => {
    const world = new LockWorld();
    const flags = { prealloc: false, cacheRead: true, cacheWrite: true, useSemaphore: false };
    ask(world, 'cid', { mode: 'shared', flags });
    ask(world, 'ann', { mode: 'exclusive', waitMs: 1_000, flags });
    world.nowMs += 1;
    ask(world, 'cid', { mode: 'exclusive', token: world.held('1')[0]?.token, flags });
    expect(world.held('1')).toMatchObject([{ owner: 'cid', mode: 'exclusive', revokedAtMs: world.nowMs }]);
  });
});

describe('a grant that its owner was not told', () => {
  const take = (world: LockWorld, owner: string): ClusterHold => {
    ask(world, owner, { mode: 'exclusive' });
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
