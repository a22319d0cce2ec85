import type { Reshape } from '#berth/domain';
import { toAllocationWrites } from '../http/allocation-write.js';
import { toInventories } from '../http/inventory-fields.js';
import {
  ConsumerAllocationsBerth,
  ConsumerAllocationsV1_28,
  ConsumerAllocationsV1_34,
  ConsumerAllocationsV1_38,
  UUID_KEY,
} from '../http/schema/consumer-allocations.dto.js';
import { MapOf, versionedBodies } from '../http/schema/index.js';
import { InventorySet } from '../http/schema/inventory-set.dto.js';

/** The new inventories by provider, at least one (spec reshaper.md §1). */
class ReshapedInventories {
  @MapOf(UUID_KEY, () => InventorySet, { minProperties: 1 })
  readonly inventories!: Readonly<Record<string, InventorySet>>;
}

/** `POST /reshaper`, since 1.30 (spec reshaper.md §1). */
export class PostReshaperBodyV1_30 extends ReshapedInventories {
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_28)
  readonly allocations!: Readonly<Record<string, ConsumerAllocationsV1_28>>;
}

/** Since 1.34: with `mappings`. */
export class PostReshaperBodyV1_34 extends ReshapedInventories {
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_34)
  readonly allocations!: Readonly<Record<string, ConsumerAllocationsV1_34>>;
}

/** Since 1.38: with `consumer_type`. */
export class PostReshaperBodyV1_38 extends ReshapedInventories {
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_38)
  readonly allocations!: Readonly<Record<string, ConsumerAllocationsV1_38>>;
}

/** Under berth 1.0: with `slot_locks`. */
export class PostReshaperBodyBerth extends ReshapedInventories {
  @MapOf(UUID_KEY, () => ConsumerAllocationsBerth)
  readonly allocations!: Readonly<Record<string, ConsumerAllocationsBerth>>;
}

export const POST_RESHAPER_BODIES = versionedBodies(
  { since: 30, class: PostReshaperBodyV1_30 },
  { since: 34, class: PostReshaperBodyV1_34 },
  { since: 38, class: PostReshaperBodyV1_38, berth: PostReshaperBodyBerth },
);

/** Source: spec reshaper.md §1. */
export function toReshape({ inventories, allocations }: PostReshaperBodyV1_30, generationsHold: boolean): Reshape {
  return {
    inventories: Object.entries(inventories).map(([providerUuid, set]) => ({
      providerUuid,
      generation: set.resource_provider_generation,
      inventories: toInventories(set.inventories),
    })),
    writes: toAllocationWrites(allocations, generationsHold),
  };
}
