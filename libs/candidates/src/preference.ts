import { Invalid, REASONS } from '#berth/domain';
import type { Overlay } from './overlay.js';
import type { Candidate, CandidatesRequest } from './request.js';
import type { Snapshot } from './snapshot.js';

/**
 * Which of several candidates is taken: the first that a search finds, any, the one whose providers are left emptiest
 * (`spread`) or fullest (`pack`), or by a weight for each class: the share that would be left free, times the weight, summed up.
 */
export type Preference = 'first' | 'random' | 'spread' | 'pack' | { readonly weights: ReadonlyMap<string, number> };

/** Weights of classes, by their index in a snapshot. */
export type Weights = readonly (readonly [resourceClass: number, weight: number])[];

/**
 * The weights that a preference comes to; undefined: it does not look at what is left. `spread` weighs every class that
 * is asked for with 1, `pack` with −1. Throws Invalid for a class that does not exist.
 */
export function weightsOf(snapshot: Snapshot, request: CandidatesRequest, preference: Preference): Weights | undefined {
  if (preference === 'first' || preference === 'random') return undefined;
  if (typeof preference === 'object') {
    return [...preference.weights].map(([name, weight]) => [indexOf(snapshot, name), weight]);
  }
  const names = new Set(request.groups.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass)));
  const weight = preference === 'spread' ? 1 : -1;
  return [...names].flatMap((name) => {
    const index = snapshot.classIndexByName.get(name);
    return index === undefined ? [] : [[index, weight] as const];
  });
}

/**
 * How good a candidate is by the weights, the higher the better: per class the mean share that would be left free on those of its
 * providers that have the class. A share is of the whole capacity, so large providers are not better than small ones.
 */
export function rate(candidate: Candidate, weights: Weights, overlay: Overlay): number {
  const providers = new Set(candidate.allocations.map(({ provider }) => provider));
  let rating = 0;
  for (const [resourceClass, weight] of weights) {
    let [sum, count] = [0, 0];
    for (const provider of providers) {
      const room = overlay.leftOf(provider, resourceClass);
      if (room === undefined) continue;
      count += 1;
      if (room.capacity > 0) sum += (room.left - amountOf(candidate, provider, resourceClass)) / room.capacity;
    }
    if (count > 0) rating += (weight * sum) / count;
  }
  return rating;
}

function amountOf({ allocations }: Candidate, provider: number, resourceClass: number): number {
  return allocations.find((one) => one.provider === provider && one.resourceClass === resourceClass)?.amount ?? 0;
}

function indexOf(snapshot: Snapshot, name: string): number {
  const index = snapshot.classIndexByName.get(name);
  if (index !== undefined) return index;
  throw new Invalid(`Invalid resource class in weights: No such resource class ${name}.`, {
    reason: REASONS.resourceClassNotFound,
    facts: { resource_class: name },
  });
}
