import { MAX_SLOT_LOCKS } from '#berth/domain';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsString, Length, Matches, Min } from 'class-validator';
import { AnyOf, FaultsInOrder, IsIntOrNull, IsUuidLike, MapOf, MayBeAbsent, WholeBody } from './decorators.js';
import { RESOURCE_CLASS } from './inventory-record.dto.js';
import { LimitedSlot, SlotKey, type SlotLocksBody } from './slot-lock.dto.js';

/** A provider or a consumer as the key of a map: 36 characters of hex or dash (spec http.md §11). */
export const UUID_KEY = /^[0-9a-fA-F-]{36}$/;

/** A request group's suffix inside `mappings`: one of these characters anywhere in it is enough (spec allocations.md §3). */
const GROUP_SUFFIX = /[a-zA-Z0-9_-]{1,64}/;

/** How much of one class is taken; no upper limit (spec http.md §11). */
export class ResourceAmount {
  @WholeBody()
  @IsInt()
  @Min(1)
  readonly amount!: number;
}

/** What is taken, by resource class; never nothing. */
export class Resources {
  @MapOf(RESOURCE_CLASS, () => ResourceAmount, { minProperties: 1 })
  readonly resources!: Readonly<Record<string, ResourceAmount['amount']>>;
}

/** What is taken from one provider. Its generation is accepted and ignored: what a read shows can be written back. */
export class ProviderAllocation extends Resources {
  @MayBeAbsent()
  @IsInt()
  readonly generation?: number;
}

/** The providers that serve one request group. */
export class MappedProviders {
  @WholeBody()
  @IsArray()
  @ArrayMinSize(1)
  @IsUuidLike({ each: true })
  readonly providers!: readonly string[];
}

/** A consumer's allocations since 1.13; `{}` for none (spec allocations.md §3, §4). */
@FaultsInOrder({ unknownKeysFirst: true })
export class ConsumerAllocations {
  @MapOf(UUID_KEY, () => ProviderAllocation)
  readonly allocations!: Readonly<Record<string, ProviderAllocation>>;

  @IsString()
  @Length(1, 255)
  readonly project_id!: string;

  @IsString()
  @Length(1, 255)
  readonly user_id!: string;
}

/** Since 1.28: the consumer's generation, null if it is to be new. */
export class ConsumerAllocationsV1_28 extends ConsumerAllocations {
  @IsIntOrNull()
  readonly consumer_generation!: number | null;
}

/** Since 1.34: which providers serve which request group; checked and otherwise ignored. */
export class ConsumerAllocationsV1_34 extends ConsumerAllocationsV1_28 {
  @MayBeAbsent()
  @MapOf(GROUP_SUFFIX, () => MappedProviders, { minProperties: 1, otherKeys: 'unchecked' })
  readonly mappings?: Readonly<Record<string, MappedProviders['providers']>>;
}

/** Since 1.38: the consumer's type. */
export class ConsumerAllocationsV1_38 extends ConsumerAllocationsV1_34 {
  @IsString()
  @Length(1, 255)
  @Matches(/^[A-Z0-9_]+$/)
  readonly consumer_type!: string;
}

/** Under berth 1.0: the slots that the consumer shall hold; without them none. */
export class ConsumerAllocationsBerth extends ConsumerAllocationsV1_38 {
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(MAX_SLOT_LOCKS)
  @AnyOf(() => [SlotKey, LimitedSlot], { each: true })
  readonly slot_locks?: SlotLocksBody;
}
