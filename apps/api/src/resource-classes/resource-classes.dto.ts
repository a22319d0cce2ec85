import { Invalid, REASONS } from '#berth/domain';
import { IsString, Matches, MaxLength } from 'class-validator';
import { validateBody, versionedBodies } from '../http/schema/index.js';

/**
 * `POST /resource_classes` (spec resource_classes.md). Since 1.7 `PUT /resource_classes/{name}` holds the name in its path
 * to the same: `validateBody(PostResourceClassBody, { name })`.
 */
export class PostResourceClassBody {
  @IsString()
  @Matches(/^CUSTOM_[A-Z0-9_]+$/)
  @MaxLength(255)
  readonly name!: string;
}

/** `PUT /resource_classes/{name}` of 1.2 to 1.6, a renaming; later versions ignore their body. */
export class PutResourceClassBody extends PostResourceClassBody {}

export const POST_RESOURCE_CLASS_BODIES = versionedBodies({ since: 2, class: PostResourceClassBody });

export const PUT_RESOURCE_CLASS_BODIES = versionedBodies({ since: 2, class: PutResourceClassBody });

/** A name from the path, held to the rule of a POST's body. Throws Invalid. Source: spec resource_classes.md, PUT since 1.7. */
export function toResourceClassName(name: string): string {
  const wrong = validateBody(PostResourceClassBody, { name });
  if (wrong !== undefined) throw new Invalid(`JSON does not validate: ${wrong}`, { reason: REASONS.nameMalformed });
  return name;
}
