import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDraw } from '../test-support/a-draw.js';
import { ChangingSupply } from '../test-support/changing-supply.js';
import { checkBits, expectSame, insides, views } from '../test-support/snapshot-insides.js';
import { applyDelta } from './delta.js';
import { buildSnapshot, SnapshotBuilder } from './snapshot-builder.js';

const WORLDS = 300;
const CHANGES = 20;

describe('a snapshot that is built in portions', () => {
  it('is the same whatever their size and the order of providers, and follows deltas like one built at once', () => {
    const seen = { worlds: 0, nested: 0, portions: 0 };
    fc.assert(
      fc.property(aDraw, (draw) => {
        const world = new ChangingSupply(draw);
        for (let changes = draw(0, CHANGES); changes > 0; changes--) world.change();
        world.takeDelta();
        const builder = new SnapshotBuilder(world.names());
        const whole = world.whole();
        for (let at = 0; at < whole.length;) {
          const size = draw(0, 5) === 0 ? whole.length : draw(1, 7);
          builder.add(whole.slice(at, at + size));
          at += size;
          seen.portions++;
        }
        let snapshot = builder.finish();
        const check = () => {
          const fresh = buildSnapshot(world.supply());
          expectSame(insides(snapshot), insides(fresh));
          expectSame(views(snapshot), views(fresh));
          checkBits(snapshot);
        };
        check();
        seen.worlds++;
        if (snapshot.nested) seen.nested++;
        world.change();
        snapshot = applyDelta(snapshot, world.takeDelta());
        check();
      }),
      { numRuns: WORLDS, seed: 20_261_121, endOnFailure: true },
    );
    // Trees are what an order can be wrong for.
    expect(seen.nested / seen.worlds).toBeGreaterThan(0.5);
    expect(seen.portions / seen.worlds).toBeGreaterThan(2);
  }, 120_000);

  it('cannot be built of a provider without traits and aggregates, or with what is not known', () => {
    const world = new ChangingSupply((min) => min);
    const [first] = world.whole();
    if (first === undefined) throw new Error('a world without providers');
    const build = (change: object) => {
      const builder = new SnapshotBuilder(world.names());
      builder.add([{ ...first, ...change }]);
      return builder.finish();
    };
    const record = { ...BARE, providerId: first.provider.id, resourceClassId: 99_999 };
    expect(() => build({ shape: undefined })).toThrow('lacks its traits and aggregates');
    expect(() => build({ inventories: [record] })).toThrow('unknown provider or class');
    expect(() => build({ shape: { traitIds: [99_999], aggregates: [] } })).toThrow('unknown trait');
    expect(() => build({ provider: { ...first.provider, parentId: 99_999 } })).toThrow('not connected to a root');
  });
});

const BARE = { total: 1, reserved: 0, minUnit: 1, maxUnit: 1, stepSize: 1, allocationRatio: 1, used: 0 };
