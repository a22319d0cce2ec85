import {
  ConsumerAllocations,
  ConsumerAllocationsBerth,
  ConsumerAllocationsV1_28,
  ConsumerAllocationsV1_34,
  ConsumerAllocationsV1_38,
  ProviderAllocation,
  UUID_KEY,
} from '../http/schema/consumer-allocations.dto.js';
import { MapOf, versionedBodies, WholeBody } from '../http/schema/index.js';
import { PutAllocationsBody, PutAllocationsBodyV1_8 } from './allocations-legacy.dto.js';

/** `PUT /allocations/{consumer_uuid}` since 1.12: by provider; until 1.27 at least one (spec allocations.md §3). */
export class PutAllocationsBodyV1_12 extends ConsumerAllocations {
  @MapOf(UUID_KEY, () => ProviderAllocation, { minProperties: 1 })
  override readonly allocations!: Readonly<Record<string, ProviderAllocation>>;
}

/** Since 1.28: none is allowed as well, and the consumer's generation is required. */
export class PutAllocationsBodyV1_28 extends ConsumerAllocationsV1_28 {}

/** Since 1.34: with `mappings`. */
export class PutAllocationsBodyV1_34 extends ConsumerAllocationsV1_34 {}

/** Since 1.38: with `consumer_type`. */
export class PutAllocationsBodyV1_38 extends ConsumerAllocationsV1_38 {}

/** Under berth 1.0: with `slot_locks`. */
export class PutAllocationsBodyBerth extends ConsumerAllocationsBerth {}

/** `POST /allocations`, since 1.13: the body is the bare map from consumers to what they shall hold (spec allocations.md §4). */
export class PostAllocationsBodyV1_13 {
  @WholeBody()
  @MapOf(UUID_KEY, () => ConsumerAllocations, { minProperties: 1 })
  readonly consumers!: Readonly<Record<string, ConsumerAllocations>>;
}

/** Since 1.28: with the consumers' generations. */
export class PostAllocationsBodyV1_28 {
  @WholeBody()
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_28, { minProperties: 1 })
  readonly consumers!: Readonly<Record<string, ConsumerAllocationsV1_28>>;
}

/** Since 1.34: with `mappings`. */
export class PostAllocationsBodyV1_34 {
  @WholeBody()
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_34, { minProperties: 1 })
  readonly consumers!: Readonly<Record<string, ConsumerAllocationsV1_34>>;
}

/** Since 1.38: with `consumer_type`. */
export class PostAllocationsBodyV1_38 {
  @WholeBody()
  @MapOf(UUID_KEY, () => ConsumerAllocationsV1_38, { minProperties: 1 })
  readonly consumers!: Readonly<Record<string, ConsumerAllocationsV1_38>>;
}

/** Under berth 1.0: with `slot_locks`. */
export class PostAllocationsBodyBerth {
  @WholeBody()
  @MapOf(UUID_KEY, () => ConsumerAllocationsBerth, { minProperties: 1 })
  readonly consumers!: Readonly<Record<string, ConsumerAllocationsBerth>>;
}

export const PUT_ALLOCATIONS_BODIES = versionedBodies(
  { since: 0, class: PutAllocationsBody },
  { since: 8, class: PutAllocationsBodyV1_8 },
  { since: 12, class: PutAllocationsBodyV1_12 },
  { since: 28, class: PutAllocationsBodyV1_28 },
  { since: 34, class: PutAllocationsBodyV1_34 },
  { since: 38, class: PutAllocationsBodyV1_38, berth: PutAllocationsBodyBerth },
);

export const POST_ALLOCATIONS_BODIES = versionedBodies(
  { since: 13, class: PostAllocationsBodyV1_13 },
  { since: 28, class: PostAllocationsBodyV1_28 },
  { since: 34, class: PostAllocationsBodyV1_34 },
  { since: 38, class: PostAllocationsBodyV1_38, berth: PostAllocationsBodyBerth },
);
