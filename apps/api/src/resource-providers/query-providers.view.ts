import {
  aggregatesAt,
  inventoriesAt,
  providerAt,
  traitsAt,
  type AppliedTree,
  type ProviderAllocations,
  type ProvidersPage,
  type Snapshot,
} from '#berth/placement';
import { toCursor } from '../http/cursor.js';
import { inventoryText } from '../http/inventory-fields.js';
import { PROVIDERS_LIST, type Part } from './query-providers.dto.js';

/** A page as JSON text: inventories are written by hand, see `inventoryText`. */
export function providersPageView(
  { snapshot, providers, allocations, next }: ProvidersPage,
  parts: ReadonlySet<Part>,
): string {
  const shown = providers.map((index, at) => providerText(snapshot, index, parts, allocations?.[at]));
  return `{"resource_providers":[${shown.join(',')}],"next":${JSON.stringify(toCursor(PROVIDERS_LIST, next))}}`;
}

const TREE_PARTS: ReadonlySet<Part> = new Set(['inventories', 'traits', 'aggregates']);

/** What an apply did and the tree after it, as JSON text. */
export function appliedTreeView({ created, changed, removed, snapshot, providers }: AppliedTree): string {
  const shown = providers.map((index) => providerText(snapshot, index, TREE_PARTS, undefined));
  const did = JSON.stringify({ created, changed, removed });
  return `${did.slice(0, -1)},"resource_providers":[${shown.join(',')}]}`;
}

function providerText(
  snapshot: Snapshot,
  index: number,
  parts: ReadonlySet<Part>,
  held: ProviderAllocations | undefined,
): string {
  const { uuid, name, generation, parentUuid, rootUuid } = providerAt(snapshot, index);
  const own = JSON.stringify({
    uuid,
    name,
    generation,
    parent_provider_uuid: parentUuid,
    root_provider_uuid: rootUuid,
  });
  const more = [
    ...(parts.has('inventories') ? [`"inventories":${inventoriesText(snapshot, index)}`] : []),
    ...(parts.has('usages') ? [`"usages":${JSON.stringify(usagesOf(snapshot, index))}`] : []),
    ...(parts.has('traits') ? [`"traits":${JSON.stringify(traitsAt(snapshot, index))}`] : []),
    ...(parts.has('aggregates') ? [`"aggregates":${JSON.stringify(aggregatesAt(snapshot, index))}`] : []),
    ...(parts.has('allocations') ? [`"allocations":${JSON.stringify(allocationsOf(held))}`] : []),
  ];
  return more.length === 0 ? own : `${own.slice(0, -1)},${more.join(',')}}`;
}

function inventoriesText(snapshot: Snapshot, index: number): string {
  const records = inventoriesAt(snapshot, index).map(
    (inventory) => `${JSON.stringify(inventory.resourceClass)}:{${inventoryText(inventory)}}`,
  );
  return `{${records.join(',')}}`;
}

function usagesOf(snapshot: Snapshot, index: number): object {
  return Object.fromEntries(inventoriesAt(snapshot, index).map(({ resourceClass, used }) => [resourceClass, used]));
}

function allocationsOf(held: ProviderAllocations | undefined): object {
  return Object.fromEntries(
    (held?.consumers() ?? []).map(({ uuid, generation, resources }) => [
      uuid,
      {
        resources: Object.fromEntries(resources.map(({ resourceClass, amount }) => [resourceClass, amount])),
        consumer_generation: generation,
      },
    ]),
  );
}
