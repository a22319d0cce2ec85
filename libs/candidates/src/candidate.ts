import type { Plan } from './plan.js';
import type { Candidate, CandidateAllocation, CandidateMapping } from './request.js';

/** Writes a complete choice out as a candidate: amounts summed per (provider, class), providers listed once per group. */
export function candidateOf(plan: Plan, { chosen }: { readonly chosen: Int32Array }): Candidate {
  const allocations: Sum[] = [];
  const mappings: CandidateMapping[] = [];
  for (let group = 0; group < plan.groups.length; group++) {
    const providers: number[] = [];
    for (const slot of plan.slotsOfGroup[group] ?? []) {
      const provider = chosen[slot] ?? -1;
      if (!providers.includes(provider)) providers.push(provider);
      for (const { resourceClass, amount } of plan.slots[slot]?.demands ?? []) {
        addUp(allocations, provider, resourceClass, amount);
      }
    }
    mappings.push({ suffix: plan.groups[group]?.suffix ?? '', providers });
  }
  return { allocations, mappings };
}

type Sum = CandidateAllocation & { amount: number };

function addUp(sums: Sum[], provider: number, resourceClass: number, amount: number): void {
  for (const sum of sums) {
    if (sum.provider !== provider || sum.resourceClass !== resourceClass) continue;
    sum.amount += amount;
    return;
  }
  sums.push({ provider, resourceClass, amount });
}
