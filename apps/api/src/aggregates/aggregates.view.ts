import type { ProviderAggregates } from '#berth/placement';

const GENERATION_SINCE = 19;

/** Source: spec aggregates.md. */
export function aggregatesView({ aggregates, generation }: ProviderAggregates, minor: number): object {
  if (minor < GENERATION_SINCE) return { aggregates };
  return { aggregates, resource_provider_generation: generation };
}
