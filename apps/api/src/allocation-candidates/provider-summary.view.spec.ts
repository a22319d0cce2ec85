import { describe, expect, it } from '@jest/globals';
import { buildSnapshot, type Snapshot } from '#berth/placement';
import { toGeneration, type SupplyProvider } from '#berth/domain';
import { NameTexts } from './name-texts.js';
import { summaryText, type SummaryShape } from './provider-summary.view.js';

const WHOLE: SummaryShape = { onlyClasses: undefined, traits: true, tree: true };
const FIRST: SupplyProvider = {
  id: 1,
  uuid: 'first',
  name: 'name of first',
  generation: toGeneration(1),
  parentId: null,
  rootId: 1,
  changedAtMs: 0,
};

/** Two hosts, so much of the first in use. */
function snapshotWith(used: number, providers: readonly SupplyProvider[]): Snapshot {
  const rule = { total: 8, reserved: 0, minUnit: 1, maxUnit: 8, stepSize: 1, allocationRatio: 1 };
  return buildSnapshot({
    providers,
    inventories: providers.map(({ id }) => ({
      providerId: id,
      resourceClassId: 0,
      used: id === 1 ? used : 0,
      ...rule,
    })),
    providerTraits: [{ providerId: 1, traitId: 1 }],
    providerAggregates: [],
    traits: [{ id: 1, name: 'CUSTOM_A' }],
    resourceClasses: [{ id: 0, name: 'VCPU' }],
  });
}

function text(snapshot: Snapshot, index: number, shape = WHOLE): unknown {
  return JSON.parse(`{${summaryText(snapshot, index, shape, new NameTexts(snapshot))}}`);
}

describe('the summary of a provider', () => {
  const second = { ...FIRST, id: 2, uuid: 'second', name: 'name of second', rootId: 2 };
  const shown = (used: number) => ({
    first: {
      resources: { VCPU: { capacity: 8, used } },
      traits: ['CUSTOM_A'],
      parent_provider_uuid: null,
      root_provider_uuid: 'first',
    },
  });

  it('is the same text the second time, and another once anything has changed', () => {
    const snapshot = snapshotWith(1, [FIRST, second]);
    expect(text(snapshot, 0)).toEqual(shown(1));
    expect(text(snapshot, 0)).toEqual(shown(1));
    expect(text(snapshotWith(5, [FIRST, second]), 0)).toEqual(shown(5));
    expect(text(snapshot, 1)).toHaveProperty('second.traits', []);
  });

  it('is not taken from another shape', () => {
    const snapshot = snapshotWith(2, [FIRST]);
    expect(text(snapshot, 0)).toEqual(shown(2));
    expect(text(snapshot, 0, { ...WHOLE, tree: false, onlyClasses: new Set(['DISK_GB']) })).toEqual({
      first: { resources: {}, traits: ['CUSTOM_A'] },
    });
    expect(text(snapshot, 0, { ...WHOLE, traits: false, tree: false })).toEqual({
      first: { resources: { VCPU: { capacity: 8, used: 2 } } },
    });
    expect(text(snapshot, 0)).toEqual(shown(2));
  });
});
