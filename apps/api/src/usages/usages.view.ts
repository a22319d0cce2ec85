import type { Generation } from '#berth/domain';
import type { UsageGroup, UsageTotal } from '#berth/placement';

/** Source: spec usages.md §1. */
export function providerUsagesView({
  generation,
  usages,
}: {
  readonly generation: Generation;
  readonly usages: readonly UsageTotal[];
}): object {
  return { resource_provider_generation: generation, usages: totalsView(usages) };
}

/** Source: spec usages.md §2, 1.9–1.37. */
export function usagesView(totals: readonly UsageTotal[]): object {
  return { usages: totalsView(totals) };
}

/** Source: spec usages.md §2, 1.38. */
export function usagesByTypeView(groups: readonly UsageGroup[]): object {
  return {
    usages: Object.fromEntries(
      groups.map(({ name, consumerCount, totals }) => [name, { consumer_count: consumerCount, ...totalsView(totals) }]),
    ),
  };
}

function totalsView(totals: readonly UsageTotal[]): Record<string, number> {
  return Object.fromEntries(totals.map(({ resourceClass, used }) => [resourceClass, used]));
}
