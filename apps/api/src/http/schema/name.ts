import { IsString, Length, Matches } from 'class-validator';

/** Text that can be stored as it came: no NUL, no half of a surrogate pair. */
export const STORABLE = /^[^\0\ud800-\udfff]*$/u;

/** Longest name of what clients name as they like: keys, locks, owners; characters. */
export const MAX_NAME = 255;

const RULES = [IsString(), Length(1, MAX_NAME), Matches(STORABLE)];

/** A property that names something, as clients like. */
export function IsName(): PropertyDecorator {
  // The last first, as decorators that stand above one another: errors are told in that order.
  return (target, key) => RULES.toReversed().forEach((rule) => rule(target, key));
}
