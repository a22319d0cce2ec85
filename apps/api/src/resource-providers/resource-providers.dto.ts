import { randomUUID } from 'node:crypto';
import type { NewProvider, ProviderUpdate } from '#berth/placement';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { IsUuidLike, MayBeAbsent, normalizeUuid, versionedBodies } from '../http/schema/index.js';

/** Longest provider name, in characters (spec http.md §11). */
const MAX_NAME = 200;

/** First version at which a provider that has a parent may get another, or none. */
const REPARENTING_SINCE = 37;

/** `PUT /resource_providers/{uuid}` (spec resource_providers.md §4); an empty name is accepted. */
export class PutProviderBody {
  @IsString()
  @MaxLength(MAX_NAME)
  readonly name!: string;
}

/** Since 1.14: the parent; absent leaves it alone, null removes it. */
export class PutProviderBodyV1_14 extends PutProviderBody {
  @IsOptional()
  @IsUuidLike()
  readonly parent_provider_uuid?: string | null;
}

/** `POST /resource_providers` (spec resource_providers.md §2); an empty name is refused in words of its own, not here. */
export class PostProviderBody {
  @IsString()
  @MaxLength(MAX_NAME)
  readonly name!: string;

  @MayBeAbsent()
  @IsUuidLike()
  readonly uuid?: string;
}

/** Since 1.14: the parent; absent and null both mean none. */
export class PostProviderBodyV1_14 extends PostProviderBody {
  @IsOptional()
  @IsUuidLike()
  readonly parent_provider_uuid?: string | null;
}

export const POST_PROVIDER_BODIES = versionedBodies(
  { since: 0, class: PostProviderBody },
  { since: 14, class: PostProviderBodyV1_14 },
);

export const PUT_PROVIDER_BODIES = versionedBodies(
  { since: 0, class: PutProviderBody },
  { since: 14, class: PutProviderBodyV1_14 },
);

/** The provider that the body asks for; without a uuid it gets one. Source: spec resource_providers.md §2. */
export function toNewProvider(body: PostProviderBody | PostProviderBodyV1_14): NewProvider {
  const parent = 'parent_provider_uuid' in body ? body.parent_provider_uuid : null;
  return {
    uuid: body.uuid === undefined ? randomUUID() : (normalizeUuid(body.uuid) ?? body.uuid),
    name: body.name,
    parentUuid: parent ?? null,
  };
}

/** Source: spec resource_providers.md §4; a parent can be changed or taken away since 1.37. */
export function toProviderUpdate(body: PutProviderBody | PutProviderBodyV1_14, minor: number): ProviderUpdate {
  return {
    name: body.name,
    parentUuid: 'parent_provider_uuid' in body ? body.parent_provider_uuid : undefined,
    allowReparenting: minor >= REPARENTING_SINCE,
  };
}
