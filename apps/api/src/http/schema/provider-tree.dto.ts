import { GenerationRequired } from '#berth/domain';
import type { WantedTree } from '#berth/placement';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsString,
  Length,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { toInventories } from '../inventory-fields.js';
import { IsIntOrNull, IsUuidLike, IsUuidOrNull, MapOf, MayBeAbsent, versionedBodies } from './index.js';
import { EchoedInventoryRecord, RESOURCE_CLASS } from './inventory-record.dto.js';

/** Far above any host; more would hold the locks of one transaction too long. */
const MAX_PROVIDERS = 1000;
const MAX_NAME = 200;
const MAX_TRAIT_NAME = 255;
/** Longest spelling of a uuid that can be stored (spec aggregates.md). */
const MAX_SPELLING = 36;

/** One provider as it shall be; what is left out stays as it is. */
export class WantedProviderBody {
  @IsUuidLike()
  @Length(MAX_SPELLING, MAX_SPELLING)
  readonly uuid!: string;

  @IsString()
  @Length(1, MAX_NAME)
  readonly name!: string;

  @IsUuidOrNull()
  readonly parent_provider_uuid!: string | null;

  /** null: it shall be new. Missing is told apart from wrong, see `toWantedTree`. */
  @MayBeAbsent()
  @IsIntOrNull()
  readonly generation?: number | null;

  @MayBeAbsent()
  @MapOf(RESOURCE_CLASS, () => EchoedInventoryRecord)
  readonly inventories?: Readonly<Record<string, EchoedInventoryRecord>>;

  @MayBeAbsent()
  @IsArray()
  @IsString({ each: true })
  @Length(1, MAX_TRAIT_NAME, { each: true })
  readonly traits?: readonly string[];

  @MayBeAbsent()
  @IsArray()
  @ArrayUnique()
  @IsUuidLike({ each: true })
  @MaxLength(MAX_SPELLING, { each: true })
  readonly aggregates?: readonly string[];
}

/** `PUT /provider_trees/{uuid}`. */
export class PutProviderTreeBody {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_PROVIDERS)
  @ValidateNested({ each: true })
  @Type(() => WantedProviderBody)
  readonly providers!: readonly WantedProviderBody[];

  @MayBeAbsent()
  @IsBoolean()
  readonly prune?: boolean;
}

export const PUT_PROVIDER_TREE_BODIES = versionedBodies({ since: 0, class: PutProviderTreeBody });

/** A line of `POST /imports`: the same, with its root in it, or that of its only provider without a parent. */
export class ImportTreeBody extends PutProviderTreeBody {
  @MayBeAbsent()
  @IsUuidLike()
  @Length(MAX_SPELLING, MAX_SPELLING)
  readonly root_provider_uuid?: string;
}

/** The tree that the body asks for. Throws GenerationRequired, naming every provider that lacks one. */
export function toWantedTree(rootUuid: string, { providers, prune = false }: PutProviderTreeBody): WantedTree {
  const missing = providers.filter(({ generation }) => generation === undefined);
  if (missing.length > 0) throw new GenerationRequired(missing.map(({ uuid }) => `providers/${uuid}/generation`));
  return {
    rootUuid,
    prune,
    providers: providers.map((provider) => ({
      uuid: provider.uuid,
      name: provider.name,
      parentUuid: provider.parent_provider_uuid,
      generation: provider.generation ?? null,
      inventories: provider.inventories === undefined ? undefined : toInventories(provider.inventories),
      traits: provider.traits,
      aggregates: provider.aggregates,
    })),
  };
}
