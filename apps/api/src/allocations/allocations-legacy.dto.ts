import { Type } from 'class-transformer';
import { ArrayMinSize, IsArray, IsObject, IsString, Length, ValidateNested } from 'class-validator';
import { Resources } from '../http/schema/consumer-allocations.dto.js';
import { IsUuidLike } from '../http/schema/index.js';

/** How the list form names a provider. */
export class ListedProvider {
  @IsUuidLike()
  readonly uuid!: string;
}

/** What is taken from one provider, in the list form. */
export class ListedAllocation extends Resources {
  @IsObject()
  @ValidateNested()
  @Type(() => ListedProvider)
  readonly resource_provider!: ListedProvider;
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
