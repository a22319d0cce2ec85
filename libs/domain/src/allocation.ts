import { Conflict, GenerationConflict } from './errors.js';
import type { Generation } from './generation.js';
import { REASONS } from './reasons.js';
import type { WantedSlot } from './slot-lock.js';

/** So much of one class on one provider. */
export interface Amount {
  readonly resourceClass: string;
  readonly amount: number;
}

/** What one consumer shall hold from now on, instead of all that it holds. Source: spec allocations.md §3, §4. */
export interface AllocationWrite {
  readonly consumerUuid: string;
  readonly project: string;
  readonly user: string;
  /** undefined: this client doesn't know types, a stored one stays. */
  readonly consumerType: string | undefined;
  /** What the client saw; null: no such consumer; undefined: this client doesn't say. */
  readonly consumerGeneration: number | null | undefined;
  /** In the order of the request; empty: hold nothing. */
  readonly allocations: readonly ProviderAmounts[];
  /** Slots it shall hold, each key once; undefined: none. What it held and isn't named again is released. */
  readonly slotLocks?: readonly WantedSlot[];
}

/** What a consumer shall hold of one provider. */
export interface ProviderAmounts {
  readonly providerUuid: string;
  /** The generation of the provider that the client saw and insists on; undefined: any will do. */
  readonly generation?: number | undefined;
  readonly resources: readonly Amount[];
}

/** What a consumer without a type is called. Source: spec allocations.md §1, usages.md §2. */
export const UNKNOWN_CONSUMER_TYPE = 'unknown';

/** Every refusal of a claim for lack of room begins so. Source: spec allocations.md §5 (c) 4. */
const REFUSED = 'Unable to allocate inventory: ';

/** There is no inventory to allocate from. Source: spec allocations.md §6, 1 and 2.1. */
export class NoInventory extends Conflict {
  constructor(resourceClasses: readonly string[], providerUuids: readonly string[]) {
    super(
      `${REFUSED}Inventory for '${resourceClasses.join(', ')}' on resource provider '${providerUuids.join(', ')}' invalid.`,
      {
        reason: REASONS.noInventory,
        facts: { resource_classes: resourceClasses, resource_providers: providerUuids },
      },
    );
  }
}

/** The amount breaks min_unit, max_unit or step_size. Source: spec allocations.md §6, 2.2. */
export class UnitsViolated extends Conflict {
  constructor(resourceClass: string, providerUuid: string, requested: number) {
    super(
      `${REFUSED}Unable to create allocation for '${resourceClass}' on resource provider '${providerUuid}'. ` +
        'The requested amount would violate inventory constraints.',
      {
        reason: REASONS.unitsViolated,
        facts: { resource_class: resourceClass, resource_provider: providerUuid, requested },
      },
    );
  }
}

/** There isn't that much left. Source: spec allocations.md §6, 2.3. */
export class CapacityExceeded extends Conflict {
  constructor(resourceClass: string, providerUuid: string, requested: number, available: number) {
    super(
      `${REFUSED}Unable to create allocation for '${resourceClass}' on resource provider '${providerUuid}'. ` +
        'The requested amount would exceed the capacity.',
      {
        reason: REASONS.capacityExceeded,
        facts: { resource_class: resourceClass, resource_provider: providerUuid, requested, available },
      },
    );
  }
}

/**
 * Compares the consumer generation a client claims with the stored one (undefined: no such consumer); a client
 * that claims nothing passes. Throws GenerationConflict. Source: spec allocations.md §5 (a).
 */
export function checkConsumerGeneration(
  consumerUuid: string,
  stored: Generation | undefined,
  claimed: number | null | undefined,
): void {
  if (claimed === undefined || claimed === (stored ?? null)) return;
  const given = claimed === null ? 'None' : `${claimed}`;
  throw new GenerationConflict(
    `consumer generation conflict - expected ${stored ?? 'null'} but got ${given}`,
    { consumer: consumerUuid, current_generation: stored ?? null, given_generation: claimed },
    REASONS.consumerGenerationStale,
  );
}
