import type { ProviderConditions } from '#berth/domain';

/** One group of a candidates query: the keys that share a suffix; `''` is the unsuffixed group. Source: spec allocation_candidates.md §1. */
export interface RequestGroup extends ProviderConditions {
  readonly suffix: string;
}

/** A candidates query after its syntax has been accepted. Source: spec allocation_candidates.md §1–§2. */
export interface CandidatesRequest {
  /** In order of first appearance in the query; names are looked up in this order (§3). */
  readonly groups: readonly RequestGroup[];
  readonly groupPolicy: 'none' | 'isolate' | undefined;
  readonly rootRequired: readonly string[];
  readonly rootForbidden: readonly string[];
  readonly sameSubtrees: readonly (readonly string[])[];
  readonly limit: number | undefined;
  /** Candidates may use several providers of one tree, and summaries cover whole trees. */
  readonly spanTrees: boolean;
  /** Most candidates ever formed; undefined = no bound, 0 behaves like 1 (§7). */
  readonly maxCandidates: number | undefined;
  /** Whether candidates come as a random sample in random order. */
  readonly randomize: boolean;
}

/** One answer. Providers and classes are indexes of the snapshot that was searched. */
export interface Candidate {
  /** One entry per (provider, class), amounts summed over the groups. */
  readonly allocations: readonly CandidateAllocation[];
  /** One entry per group, in the order of the request: the distinct providers that serve it. */
  readonly mappings: readonly CandidateMapping[];
}

export interface CandidateAllocation {
  readonly provider: number;
  readonly resourceClass: number;
  readonly amount: number;
}

export interface CandidateMapping {
  readonly suffix: string;
  readonly providers: readonly number[];
}

export interface CandidatesResult {
  readonly candidates: readonly Candidate[];
  /** Indexes of the providers to summarise, ascending. Source: spec allocation_candidates.md §8. */
  readonly summarized: readonly number[];
}

/** The filters of a provider list; all of them are held against the provider itself. Source: spec resource_providers.md §6. */
export interface ListFilter extends ProviderConditions {
  /** Exact name; undefined or empty means no filter. */
  readonly name: string | undefined;
  readonly uuid: string | undefined;
}
