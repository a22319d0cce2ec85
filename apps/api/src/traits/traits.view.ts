import type { ProviderTraits, Trait } from '#berth/placement';

/** Source: spec traits.md §1. */
export function traitsView(traits: readonly Trait[]): object {
  return { traits: traits.map(({ name }) => name) };
}

/** Source: spec traits.md §2. */
export function providerTraitsView({ traits, generation }: ProviderTraits): object {
  return { traits, resource_provider_generation: generation };
}

/** When the latest of them was created, ms since the epoch; 'now' if there are none. Source: spec http.md §7. */
export function traitsChangedAt(traits: readonly Trait[]): number | 'now' {
  if (traits.length === 0) return 'now';
  return traits.reduce((latest, { createdAtMs }) => Math.max(latest, createdAtMs), 0);
}
