import { capacityOf, type CapacityRule, type Generation } from '#berth/domain';
import { namesOf } from './labels.js';
import type { Snapshot } from './snapshot.js';

export interface ProviderView {
  readonly uuid: string;
  readonly name: string;
  readonly generation: Generation;
  readonly parentUuid: string | null;
  readonly rootUuid: string;
  /** ms since the epoch */
  readonly changedAtMs: number;
}

export interface InventoryView extends CapacityRule {
  readonly resourceClass: string;
  /** Truncated toward zero. Source: spec inventories.md §1. */
  readonly capacity: number;
  readonly used: number;
}

/** The provider behind an index of this snapshot; throws `RangeError` for any other number. */
export function providerAt(snapshot: Snapshot, index: number): ProviderView {
  const { layout } = snapshot;
  const provider = layout.providers[index];
  if (provider === undefined) throw new RangeError(`no provider at index ${index}`);
  const parent = layout.parent[index] ?? -1;
  return {
    uuid: provider.uuid,
    name: provider.name,
    generation: provider.generation,
    parentUuid: layout.providers[parent]?.uuid ?? null,
    rootUuid: layout.providers[layout.root[index] ?? index]?.uuid ?? provider.uuid,
    changedAtMs: provider.changedAtMs,
  };
}

/** Inventory records of a provider in order of class id. */
export function inventoriesAt(snapshot: Snapshot, index: number): readonly InventoryView[] {
  const table = snapshot.inventory;
  const views: InventoryView[] = [];
  const end = table.end[index] ?? 0;
  for (let at = table.start[index] ?? 0; at < end; at++) {
    const rule = {
      total: table.total[at] ?? 0,
      reserved: table.reserved[at] ?? 0,
      minUnit: table.minUnit[at] ?? 1,
      maxUnit: table.maxUnit[at] ?? 0,
      stepSize: table.stepSize[at] ?? 1,
      allocationRatio: table.allocationRatio[at] ?? 1,
    };
    views.push({
      resourceClass: classNameOf(snapshot, table.resourceClass[at] ?? -1),
      ...rule,
      capacity: capacityOf(rule),
      used: table.used[at] ?? 0,
    });
  }
  return views;
}

/** Trait names of a provider in order of internal trait id. Providers with the same traits share one list. */
export function traitsAt(snapshot: Snapshot, index: number): readonly string[] {
  const profile = snapshot.traitLabels.profiles[index];
  return profile === undefined ? [] : namesOf(snapshot.traitLabels, profile);
}

/** Aggregates of a provider, sorted as texts. */
export function aggregatesAt(snapshot: Snapshot, index: number): readonly string[] {
  const profile = snapshot.aggregateLabels.profiles[index];
  return profile === undefined ? [] : [...namesOf(snapshot.aggregateLabels, profile)].sort();
}

/** Index of a provider in this snapshot, undefined if it has none of this uuid. */
export function indexOfUuid(snapshot: Snapshot, uuid: string): number | undefined {
  return snapshot.indexByUuid.get(uuid);
}

/**
 * An object that stands for everything that can be read about a provider at this moment, names included: as long as it is the
 * same, so is all the rest, in whatever snapshot. Throws `RangeError` like `providerAt`.
 */
export function recordIdentity(snapshot: Snapshot, index: number): object {
  const provider = snapshot.layout.providers[index];
  if (provider === undefined) throw new RangeError(`no provider at index ${index}`);
  return provider;
}

/** Name of a class index of this snapshot; throws `RangeError` for any other number. */
export function classNameOf(snapshot: Snapshot, resourceClass: number): string {
  const name = snapshot.classNames[resourceClass];
  if (name === undefined) throw new RangeError(`no resource class at index ${resourceClass}`);
  return name;
}
