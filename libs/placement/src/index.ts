/**
 * The use cases of the Placement API: transactions begin and end here. Knows nothing of HTTP and nothing of SQL.
 */
export { AuditModule } from './audit.module.js';
export { AuditExtent } from './audit/audit-extent.js';
export { AuditsService, type AuditCriteria } from './audit/audits.service.js';
export { AggregatesService, type ProviderAggregates } from './aggregates/aggregates.service.js';
export { AllocationCandidatesService } from './allocation-candidates/allocation-candidates.service.js';
export { AllocationQueriesService, type ConsumersPage } from './allocations/allocation-queries.service.js';
export { AllocationsService } from './allocations/allocations.service.js';
export { InventoriesService, type ProviderInventories } from './inventories/inventories.service.js';
export {
  ClaimsService,
  type Claimed,
  type ClaimOutcome,
  type ClaimRequest,
  type NoRoomFound,
} from './claims/claims.service.js';
export {
  ChangesService,
  type ChangesPage,
  type FollowChanges,
  type FollowedChange,
} from './changes/changes.service.js';
/** Whoever handles a request has its writes refused once the hold that it names has ended. */
export { underFence } from '#berth/store';
export { PlacementModule } from './placement.module.js';
export {
  ProviderTreesService,
  type AppliedTree,
  type ImportedTree,
  type WantedTree,
} from './provider-trees/provider-trees.service.js';
export { ReshaperService } from './reshaper/reshaper.service.js';
export { ResourceClassesService } from './resource-classes/resource-classes.service.js';
export { ProviderQueriesService, type ProvidersPage } from './resource-providers/provider-queries.service.js';
export { ProviderRemovalService } from './resource-providers/provider-removal.service.js';
export { ResourceProvidersService, type ProviderUpdate } from './resource-providers/resource-providers.service.js';
export { ProviderTraitsService } from './traits/provider-traits.service.js';
export { TraitsService } from './traits/traits.service.js';
export { UsagesService, type UsageGroup } from './usages/usages.service.js';
export { PolicyFileError, readPolicyFile } from './policy/policy-file.js';
/** What a write of a provider wants and answers. */
export type { CapacityOptions, CreatedProvider, NewProvider, ProviderTraits } from '#berth/domain';
/** What the stores answer and the edge shows: the edge knows these shapes, not where they come from. */
export type {
  ConsumerAllocations,
  ConsumerFilter,
  HeldByConsumer,
  Provider,
  ProviderAllocations,
  ResourceClass,
  Trait,
  TraitsFilter,
  UsageTotal,
} from '#berth/store';
/** What a search asks, finds and reads: the edge words the question and shows the answer. */
export {
  aggregatesAt,
  buildSnapshot,
  classNameOf,
  inventoriesAt,
  providerAt,
  recordIdentity,
  traitsAt,
  type Candidate,
  type CandidatesRequest,
  type CandidatesResult,
  type ListFilter,
  type ProviderView,
  type RequestGroup,
  type Snapshot,
  relax,
  type ChoiceExplanation,
  type Explanation,
  type NearestProvider,
  type Preference,
  type ProviderCondition,
  type Relaxation,
  type TreeCondition,
} from '#berth/candidates';
/** How the service is. */
export { ReadinessService, type Readiness } from './service/readiness.service.js';
export { ServiceMeasuresService, type ServiceMeasures } from './service/service-measures.service.js';
export { Spread, type SpreadReading, type Step, type Watcher } from '#berth/store';
export { DeploymentExport, type ExportOptions } from './transfer/deployment-export.js';
export { DeploymentImport, type ImportOptions } from './transfer/deployment-import.js';
export type { TransferProgress } from './transfer/transfer-progress.js';
export { TransferTarget } from './transfer/transfer-target.js';
export type { TransferTotals } from '#berth/store';
export { PlacementCopy, type Copied, type CopyOptions } from './transfer/placement-copy.js';
export type { PlacementSource, SourceHeld, SourceProvider } from './transfer/placement-source.js';
export type { CopiedConsumer, CopiedSupply } from '#berth/store';
