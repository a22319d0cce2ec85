import { Invalid, REASONS } from '#berth/domain';
import { IsArray, IsInt, IsString, Length } from 'class-validator';
import { versionedBodies } from '../http/schema/index.js';

/** `PUT …/traits` (spec traits.md §2); a trait named twice is tolerated, an unknown one refused later. */
export class PutProviderTraitsBody {
  @IsArray()
  @IsString({ each: true })
  @Length(1, 255, { each: true })
  readonly traits!: readonly string[];

  @IsInt()
  readonly resource_provider_generation!: number;
}

export const PUT_PROVIDER_TRAITS_BODIES = versionedBodies({ since: 6, class: PutProviderTraitsBody });

const MAX_NAME = 255;

/** The name of a custom trait. Throws Invalid for anything else. Source: spec traits.md §1. */
export function toTraitName(name: string): string {
  if (/^CUSTOM_[A-Z0-9_]+$/.test(name) && name.length <= MAX_NAME) return name;
  throw new Invalid(
    `The trait is invalid. A valid trait must be no longer than ${MAX_NAME} characters, start with the prefix "CUSTOM_" ` +
      'and use following characters: "A"-"Z", "0"-"9" and "_"',
    { reason: REASONS.nameMalformed },
  );
}
