import type { CapacityRule } from './capacity.js';
import type { Generation } from './generation.js';

/** Who shares what it has with the trees it meets in an aggregate. Source: spec data_model.md §4. */
export const SHARING_TRAIT = 'MISC_SHARES_VIA_AGGREGATE';

/** One provider as the supply side knows it. Ids are internal; `parentId` null means it is its own root. */
export interface SupplyProvider {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly generation: Generation;
  readonly parentId: number | null;
  readonly rootId: number;
  /** When it was last changed, or created if never: ms since the epoch. */
  readonly changedAtMs: number;
}

/** One inventory record with what live allocations use of it. */
export interface SupplyInventory extends CapacityRule {
  readonly providerId: number;
  readonly resourceClassId: number;
  readonly used: number;
}

export interface SupplyName {
  readonly id: number;
  readonly name: string;
}

/** Everything a search looks at, as one consistent reading. Order of the lists means nothing. */
export interface Supply {
  readonly providers: readonly SupplyProvider[];
  readonly inventories: readonly SupplyInventory[];
  readonly providerTraits: readonly { readonly providerId: number; readonly traitId: number }[];
  readonly providerAggregates: readonly { readonly providerId: number; readonly aggregate: string }[];
  readonly traits: readonly SupplyName[];
  readonly resourceClasses: readonly SupplyName[];
}

/** One provider as it is now, whole. */
export interface ChangedProvider {
  readonly provider: SupplyProvider;
  readonly inventories: readonly SupplyInventory[];
  /** Absent: traits and aggregates are as they were. A provider that is new always has it. */
  readonly shape: { readonly traitIds: readonly number[]; readonly aggregates: readonly string[] } | undefined;
}

/** What has changed since an earlier reading. Applying a change that is in the earlier reading already does no harm. */
export interface SupplyDelta {
  readonly changed: readonly ChangedProvider[];
  /** Ids of providers that are gone; ids are never used again. */
  readonly removed: readonly number[];
  /** All traits and classes there are now; undefined: as they were. */
  readonly names: Pick<Supply, 'traits' | 'resourceClasses'> | undefined;
}

/**
 * The conditions that a provider list and every group of a candidates query share, names as the client wrote
 * them. Source: spec resource_providers.md §6, allocation_candidates.md §9.
 */
export interface ProviderConditions {
  /** Class name and amount, each class once, in the order of the request. */
  readonly resources: readonly { readonly resourceClass: string; readonly amount: number }[];
  /** Every set needs at least one of its traits present; a plain required trait is a set of one. */
  readonly required: readonly (readonly string[])[];
  readonly forbidden: readonly string[];
  /** Every set needs at least one of its aggregates; compared verbatim. */
  readonly memberOf: readonly (readonly string[])[];
  readonly notMemberOf: readonly string[];
  /** Uuid of any provider of the wanted tree. */
  readonly inTree: string | undefined;
}
