import { Type } from 'class-transformer';
import { ArrayMinSize, IsArray, IsObject, IsString, Length, ValidateNested } from 'class-validator';
import { ResourceAmount, type Resources } from '../http/schema/consumer-allocations.dto.js';
import { FaultsInOrder, IsUuidLike, MapOf } from '../http/schema/index.js';
import { RESOURCE_CLASS } from '../http/schema/inventory-record.dto.js';

/** How the list form names a provider. */
@FaultsInOrder({ unknownKeysFirst: true })
export class ListedProvider {
  @IsUuidLike()
  readonly uuid!: string;
}

/** What is taken from one provider, in the list form. */
export class ListedAllocation {
  @IsObject()
  @ValidateNested()
  @Type(() => ListedProvider)
  readonly resource_provider!: ListedProvider;

  @MapOf(RESOURCE_CLASS, () => ResourceAmount, { minProperties: 1 })
  readonly resources!: Resources['resources'];
}

/** `PUT /allocations/{consumer_uuid}` of 1.0 to 1.7, the list form (spec allocations.md §3). */
export class PutAllocationsBody {
  @IsArray()
  @ArrayMinSize(1)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ListedAllocation)
  readonly allocations!: readonly ListedAllocation[];
}

/** 1.8 to 1.11: with project and user. */
export class PutAllocationsBodyV1_8 extends PutAllocationsBody {
  @IsString()
  @Length(1, 255)
  readonly project_id!: string;

  @IsString()
  @Length(1, 255)
  readonly user_id!: string;
}
