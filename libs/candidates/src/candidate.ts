import type { Plan } from './plan.js';
import type { Candidate, CandidateAllocation, CandidateMapping } from './request.js';

/** Writes a complete choice out as a candidate: amounts summed per (provider, class), providers listed once per group. */
export function candidateOf(plan: Plan, { chosen }: { readonly chosen: Int32Array }): Candidate {
  const allocations: (CandidateAllocation & { amount: number })[] = [];
  const mappings: CandidateMapping[] = [];
  for (let group = 0; group < plan.groups.length; group++) {
    const providers: number[] = [];
    for (const slot of plan.slotsOfGroup[group] ?? []) {
      const provider = chosen[slot] ?? -1;
      if (!providers.includes(provider)) providers.push(provider);
      for (const { resourceClass, amount } of plan.slots[slot]?.demands ?? []) {
        const same = allocations.find((entry) => entry.provider === provider && entry.resourceClass === resourceClass);
        if (same === undefined) allocations.push({ provider, resourceClass, amount });
        else same.amount += amount;
      }
    }
    mappings.push({ suffix: plan.groups[group]?.suffix ?? '', providers });
  }
  return { allocations, mappings };
}
