/**
 * The supply side in memory, kept up to date by deltas, and the searches over it: synchronous functions of a snapshot. What they find is
 * advice; whoever writes checks again under the generation. Imports the domain alone, does no I/O, knows no clock and no randomness of its own.
 */
export { applyDelta } from './delta.js';
export { explain } from './explain.js';
export type {
  ChoiceExplanation,
  Explanation,
  GroupExplanation,
  NearestProvider,
  ProviderCondition,
  ProviderStage,
  TreeCondition,
  TreeStage,
} from './explanation.js';
export { listProviders } from './list.js';
export { pageOf, type ProviderPage } from './list-page.js';
export { relax, type Relaxation } from './relaxation.js';
export type {
  Candidate,
  CandidateAllocation,
  CandidateMapping,
  CandidatesRequest,
  CandidatesResult,
  ListFilter,
  RequestGroup,
} from './request.js';
export { searchCandidates } from './search.js';
export {
  aggregatesAt,
  classNameOf,
  indexOfUuid,
  inventoriesAt,
  providerAt,
  recordIdentity,
  traitsAt,
  type InventoryView,
  type ProviderView,
} from './snapshot-views.js';
export { buildSnapshot, SnapshotBuilder } from './snapshot-builder.js';
export type { Snapshot } from './snapshot.js';
export { chooseCandidates, type Choice, type Wish } from './choose.js';
export { type Preference } from './preference.js';
