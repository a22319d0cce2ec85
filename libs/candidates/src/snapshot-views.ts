import { capacityOf, type CapacityRule, type Generation } from '#berth/domain';
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
  const { start, records, resourceClass } = snapshot.inventory;
  const from = start[index] ?? 0;
  return records.slice(from, start[index + 1] ?? from).map((record, at) => ({
    resourceClass: classNameOf(snapshot, resourceClass[from + at] ?? -1),
    total: record.total,
    reserved: record.reserved,
    minUnit: record.minUnit,
    maxUnit: record.maxUnit,
    stepSize: record.stepSize,
    allocationRatio: record.allocationRatio,
    capacity: capacityOf(record),
    used: record.used,
  }));
}

/** Trait names of a provider in order of internal trait id. */
export function traitsAt(snapshot: Snapshot, index: number): readonly string[] {
  return snapshot.traitNames[index] ?? [];
}

/** Name of a class index of this snapshot; throws `RangeError` for any other number. */
export function classNameOf(snapshot: Snapshot, resourceClass: number): string {
  const name = snapshot.classNames[resourceClass];
  if (name === undefined) throw new RangeError(`no resource class at index ${resourceClass}`);
  return name;
}
