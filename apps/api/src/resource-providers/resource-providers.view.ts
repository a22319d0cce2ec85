import { providerAt, type Snapshot } from '#berth/placement';

const AGGREGATES_SINCE = 1;
const TRAITS_SINCE = 6;
const ALLOCATIONS_SINCE = 11;
const TREES_SINCE = 14;

/** The part of a provider that is shown. */
export interface ShownProvider {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parentUuid: string | null;
  readonly rootUuid: string;
}

/** Source: spec resource_providers.md §1. `prefix` is where the service is mounted. */
export function providerView(provider: ShownProvider, minor: number, prefix: string): object {
  const view = {
    uuid: provider.uuid,
    name: provider.name,
    generation: provider.generation,
    links: linksView(provider.uuid, minor, prefix),
  };
  if (minor < TREES_SINCE) return view;
  return {
    ...view,
    parent_provider_uuid: provider.parentUuid,
    root_provider_uuid: provider.rootUuid,
  };
}

/** Source: spec resource_providers.md §6. */
export function providersView(
  { snapshot, providers }: { snapshot: Snapshot; providers: readonly number[] },
  minor: number,
  prefix: string,
): object {
  return { resource_providers: providers.map((index) => providerView(providerAt(snapshot, index), minor, prefix)) };
}

/** When the listed providers last changed, ms since the epoch; 'now' if there are none. Source: spec http.md §7. */
export function providersChangedAt({
  snapshot,
  providers,
}: {
  snapshot: Snapshot;
  providers: readonly number[];
}): number | 'now' {
  if (providers.length === 0) return 'now';
  return providers.reduce((latest, index) => Math.max(latest, providerAt(snapshot, index).changedAtMs), 0);
}

/** Source: spec http.md §12. */
function linksView(uuid: string, minor: number, prefix: string): object[] {
  const base = `${prefix}/resource_providers/${uuid}`;
  const rels = ['inventories', 'usages'];
  if (minor >= AGGREGATES_SINCE) rels.push('aggregates');
  if (minor >= TRAITS_SINCE) rels.push('traits');
  if (minor >= ALLOCATIONS_SINCE) rels.push('allocations');
  return [{ rel: 'self', href: base }, ...rels.map((rel) => ({ rel, href: `${base}/${rel}` }))];
}
