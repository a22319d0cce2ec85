declare const generationBrand: unique symbol;

/**
 * How often a provider or consumer has been changed: an integer that starts at 0 and only rises. Whoever
 * writes says which one they saw. Source: spec data_model.md §3.
 */
export type Generation = number & { readonly [generationBrand]: true };

/** Takes a number that came from storage or from a client as a generation; any integer may be claimed. */
export function toGeneration(value: number): Generation {
  return value as Generation;
}

/** The text for a writer that lost a race on a provider. Source: spec errors.md §3, race texts. */
export const PROVIDER_RACE_TEXT =
  'Another thread concurrently updated the resource provider data. Please retry your update';

/** The text for a writer that lost a race on a consumer. Source: spec errors.md §3, race texts. */
export const CONSUMER_RACE_TEXT = 'Another thread concurrently updated the data. Please retry your update';
