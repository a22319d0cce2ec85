/**
 * What exactly stood in the way, one code a cause, for clients that speak berth 1.0. The law of ERROR_CODES holds for
 * them too: published for ever, each in docs/api/errors.md, nothing else there. Source: DESIGN §2.
 */
export const REASONS = {
  // Generations
  generationRequired: 'berth.generation_required',
  generationMalformed: 'berth.generation_malformed',
  generationContradictory: 'berth.generation_contradictory',
  providerGenerationStale: 'berth.provider_generation_stale',
  consumerGenerationStale: 'berth.consumer_generation_stale',
  // Claims
  capacityExceeded: 'berth.capacity_exceeded',
  unitsViolated: 'berth.units_violated',
  noInventory: 'berth.no_inventory',
  consumerNotFound: 'berth.consumer_not_found',
  // Providers
  providerNotFound: 'berth.provider_not_found',
  providerExists: 'berth.provider_exists',
  providerInUse: 'berth.provider_in_use',
  providerHasChildren: 'berth.provider_has_children',
  parentNotFound: 'berth.parent_not_found',
  parentChangeRefused: 'berth.parent_change_refused',
  treeMalformed: 'berth.tree_malformed',
  // Inventories
  inventoryExists: 'berth.inventory_exists',
  inventoryInUse: 'berth.inventory_in_use',
  inventoryNotFound: 'berth.inventory_not_found',
  inventoryInvalid: 'berth.inventory_invalid',
  // Names
  nameMalformed: 'berth.name_malformed',
  traitNotFound: 'berth.trait_not_found',
  traitInUse: 'berth.trait_in_use',
  traitStandard: 'berth.trait_standard',
  resourceClassNotFound: 'berth.resource_class_not_found',
  resourceClassExists: 'berth.resource_class_exists',
  resourceClassInUse: 'berth.resource_class_in_use',
  resourceClassStandard: 'berth.resource_class_standard',
  // What was sent
  bodyMalformed: 'berth.body_malformed',
  bodyInvalid: 'berth.body_invalid',
  queryInvalid: 'berth.query_invalid',
  headerInvalid: 'berth.header_invalid',
  textUnstorable: 'berth.text_unstorable',
  cursorMalformed: 'berth.cursor_malformed',
  requestInvalid: 'berth.request_invalid',
  // HTTP
  versionMalformed: 'berth.version_malformed',
  versionUnsupported: 'berth.version_unsupported',
  unauthenticated: 'berth.unauthenticated',
  forbidden: 'berth.forbidden',
  pathNotFound: 'berth.path_not_found',
  methodNotAllowed: 'berth.method_not_allowed',
  notAcceptable: 'berth.not_acceptable',
  mediaTypeUnsupported: 'berth.media_type_unsupported',
  bodyTooLarge: 'berth.body_too_large',
  notFound: 'berth.not_found',
  conflict: 'berth.conflict',
  // The service itself
  overloaded: 'berth.overloaded',
  databaseUnavailable: 'berth.database_unavailable',
  commitUnknown: 'berth.commit_unknown',
  unavailable: 'berth.unavailable',
  internal: 'berth.internal',
  // Find and claim
  noRoom: 'berth.no_room',
  contended: 'berth.contended',
  // Changes
  cursorExpired: 'berth.cursor_expired',
  // Slot locks
  slotTaken: 'berth.slot_taken',
  // Cluster locks
  fenceStale: 'berth.fence_stale',
  fenceMalformed: 'berth.fence_malformed',
  lockHeld: 'berth.lock_held',
  lockAlreadyHeld: 'berth.lock_already_held',
  lockTokenStale: 'berth.lock_token_stale',
  lockDeadlock: 'berth.lock_deadlock',
  lockPlaceLost: 'berth.lock_place_lost',
  lockNotFound: 'berth.lock_not_found',
  lockspaceNotFound: 'berth.lockspace_not_found',
  lockspaceDraining: 'berth.lockspace_draining',
  lockspaceInUse: 'berth.lockspace_in_use',
  // Lock pools
  lockPoolNotFound: 'berth.lock_pool_not_found',
  lockPoolInUse: 'berth.lock_pool_in_use',
  lockPoolBusy: 'berth.lock_pool_busy',
  permitNotFound: 'berth.permit_not_found',
  // Who asks
  identityUnavailable: 'berth.identity_unavailable',
  // Limits
  requestTimeout: 'berth.request_timeout',
  rateLimited: 'berth.rate_limited',
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];
