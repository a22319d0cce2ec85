import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDraw } from '../test-support/a-draw.js';
import { ChangingSupply } from '../test-support/changing-supply.js';
import { drawListFilter, drawRequest } from '../test-support/random-world.js';
import { checkBits, expectSame, indexes, insides, shown, views } from '../test-support/snapshot-insides.js';
import { applyDelta } from './delta.js';
import { listProviders } from './list.js';
import { searchCandidates } from './search.js';
import { classNameOf, indexOfUuid, inventoriesAt, providerAt, recordIdentity } from './snapshot-views.js';
import { buildSnapshot } from './snapshot-builder.js';
import type { Snapshot } from './snapshot.js';

const SEQUENCES = 500;
const DELTAS = 5;

/** The message instead of a result where the request is refused. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Holds a snapshot, and what its numbers stood for. */
function hold(snapshot: Snapshot) {
  const uuids = indexes(snapshot).map((index) => providerAt(snapshot, index).uuid);
  const classIds = [...snapshot.classIds];
  return () => {
    expectSame(
      uuids.map((_, index) => providerAt(snapshot, index).uuid),
      uuids,
    );
    expectSame(
      classIds.map((_, at) => snapshot.classIds[at]),
      classIds,
    );
    for (const index of indexes(snapshot)) {
      shown(snapshot, index);
      const classes = inventoriesAt(snapshot, index).map(({ resourceClass }) => resourceClass);
      if (classes.includes('')) throw new Error('a class without a name');
      // Snapshots share their records: none may see half of what another has become.
      if (new Set(classes).size < classes.length) throw new Error('a class twice');
    }
    classIds.forEach((_, at) => classNameOf(snapshot, at));
    checkBits(snapshot);
  };
}

describe('a snapshot that follows deltas and one that is built anew', () => {
  it('are the same after every delta, inside and in what they answer', () => {
    const seen = { deltas: 0, inPlace: 0, renumbered: 0, found: 0, listed: 0, sharing: 0 };
    fc.assert(
      fc.property(aDraw, (draw) => {
        const world = new ChangingSupply(draw);
        let snapshot = buildSnapshot(world.supply());
        const held = [hold(snapshot)];
        const known = new Map<object, unknown>();
        for (let round = 0; round < DELTAS; round++) {
          for (let changes = draw(0, 3); changes >= 0; changes--) world.change();
          const delta = world.takeDelta();
          const before = snapshot;
          snapshot = applyDelta(snapshot, delta);
          if (draw(0, 3) === 0) snapshot = applyDelta(snapshot, delta);
          seen.deltas++;
          if (snapshot === before) seen.inPlace++;
          else seen.renumbered++;
          const fresh = buildSnapshot(world.supply());
          expectSame(insides(snapshot), insides(fresh));
          expectSame(views(snapshot), views(fresh));
          checkBits(snapshot);
          for (const uuid of [...world.uuids(), 'nobody']) {
            expectSame(indexOfUuid(snapshot, uuid), indexOfUuid(fresh, uuid));
          }
          const named = world.uuids().map((name) => ({ name }));
          for (let asked = 0; asked < 2; asked++) {
            const request = drawRequest(draw, named);
            const expected = outcome(() => searchCandidates(fresh, request, Math.random));
            expectSame(
              outcome(() => searchCandidates(snapshot, request, Math.random)),
              expected,
            );
            if (typeof expected !== 'string' && expected.candidates.length > 0) seen.found++;
          }
          const filter = drawListFilter(draw, named);
          const listed = outcome(() => listProviders(fresh, filter));
          expectSame(
            outcome(() => listProviders(snapshot, filter)),
            listed,
          );
          if (listed.length > 0) seen.listed++;
          if (snapshot.sharing.sharing.members.length > 0) seen.sharing++;
          for (const index of indexes(snapshot)) {
            const identity = recordIdentity(snapshot, index);
            const now = shown(snapshot, index);
            expectSame(known.get(identity) ?? now, now);
            known.set(identity, now);
          }
          held.push(hold(snapshot));
          for (const check of held) check();
        }
      }),
      { numRuns: SEQUENCES, seed: 20_261_121, endOnFailure: true },
    );
    // Neither way may be the exception, and the questions must have answers.
    expect(seen.inPlace / seen.deltas).toBeGreaterThan(0.25);
    expect(seen.renumbered / seen.deltas).toBeGreaterThan(0.25);
    expect(seen.found / seen.deltas).toBeGreaterThan(0.3);
    expect(seen.listed / seen.deltas).toBeGreaterThan(0.2);
    expect(seen.sharing / seen.deltas).toBeGreaterThan(0.3);
    if (process.env['BERTH_TEST_FIGURES'] !== undefined) process.stderr.write(`${JSON.stringify(seen)}\n`);
  }, 120_000);
});
