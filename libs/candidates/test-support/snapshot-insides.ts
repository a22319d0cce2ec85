import { expect } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { aggregatesAt, inventoriesAt, providerAt, traitsAt } from '../src/snapshot-views.js';
import type { Snapshot } from '../src/snapshot.js';

/** Jest's own comparison takes ten times as long: it is asked for the words when there is a difference. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

/** All that can be read about a provider. */
export function shown(snapshot: Snapshot, index: number) {
  return {
    provider: providerAt(snapshot, index),
    inventories: inventoriesAt(snapshot, index),
    traits: traitsAt(snapshot, index),
    aggregates: aggregatesAt(snapshot, index),
  };
}

export function indexes(snapshot: Snapshot): number[] {
  return snapshot.layout.providers.map((_, index) => index);
}

export function views(snapshot: Snapshot) {
  return indexes(snapshot).map((index) => shown(snapshot, index));
}

/** Everything a search or a list looks at, without what may differ: where records lie, whether a set has bits, bounds of nothing. */
export function insides(snapshot: Snapshot) {
  const { layout, inventory, sharing, classNames, classIndexByName, sharedClasses, nested } = snapshot;
  const { parent, root, subtreeEnd, roots, rootOrdinal } = layout;
  return {
    layout: { parent, root, subtreeEnd, roots, rootOrdinal },
    records: indexes(snapshot).map((index) =>
      Array.from({ length: (inventory.end[index] ?? 0) - (inventory.start[index] ?? 0) }, (_, offset) => {
        const at = (inventory.start[index] ?? 0) + offset;
        return [inventory.resourceClass[at], inventory.room[at]];
      }),
    ),
    columns: inventory.columns,
    blockRoom: inventory.blockRoom.map((bounds) => (bounds.every((bound) => bound < 0) ? 'none' : bounds)),
    traits: membersOf(snapshot.traits),
    aggregates: membersOf(snapshot.aggregates),
    sharers: sharing.sharing.members,
    around: roots.length === 0 ? [] : Array.from(roots, (_, ordinal) => [...(sharing.aroundRoot[ordinal] ?? [])]),
    neighbours: new Map(sharing.neighbours),
    names: { classNames, classIndexByName, sharedClasses, nested },
    byName: indexes(snapshot).map((index) => snapshot.indexByName.get(providerAt(snapshot, index).name)),
  };
}

function membersOf(sets: Snapshot['traits']) {
  return new Map([...sets].map(([name, { members }]) => [name, members]));
}

export function checkBits(snapshot: Snapshot): void {
  for (const set of [...snapshot.traits.values(), ...snapshot.aggregates.values(), snapshot.sharing.sharing]) {
    const { members, bits } = set;
    if (bits === undefined) continue;
    const listed: number[] = [];
    for (let index = 0; index < bits.length * 32; index++) {
      if ((((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1) listed.push(index);
    }
    expectSame(listed, [...members]);
  }
}
