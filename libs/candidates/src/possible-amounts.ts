import { recordOf } from './inventory-table.js';
import { nearestAmount } from './nearest-amount.js';
import type { Screened } from './screening.js';
import type { Snapshot } from './snapshot.js';

/** Most amounts proposed for one class: the closest mostly works, and where trees differ the next ones may. */
const AMOUNTS = 3;

/**
 * The distinct amounts closest to what the choice asks of the class, the closest first, that providers for whom nothing but the obstacles
 * `accepted` stands in the way could give; `counts` says whether a tree counts.
 */
export function possibleAmounts(
  snapshot: Snapshot,
  { sieve, resources }: Screened,
  asked: string,
  accepted: readonly number[],
  counts: (root: number) => boolean,
): number[] {
  const resourceClass = snapshot.classIndexByName.get(asked) ?? -1;
  const amount = resources.find((demand) => demand.resourceClass === asked)?.amount ?? 0;
  const closest: number[] = [];
  const { scope } = sieve;
  for (let at = 0; at < scope.length; at++) {
    const provider = scope[at] ?? 0;
    if (!accepted.includes(sieve.obstacles[provider] ?? -1)) continue;
    const record = recordOf(snapshot.inventory, provider, resourceClass);
    const possible = record < 0 ? 0 : nearestAmount(snapshot.inventory, record, amount);
    if (possible === 0 || closest.includes(possible)) continue;
    const last = closest[AMOUNTS - 1];
    if (last !== undefined && !isCloser(possible, last, amount)) continue;
    if (!anchorsOf(snapshot, provider).some(counts)) continue;
    closest.push(possible);
    closest.sort((a, b) => (isCloser(a, b, amount) ? -1 : 1));
    closest.length = Math.min(closest.length, AMOUNTS);
  }
  return closest;
}

/** The smallest amount of the class that any provider in the choice's reach could give, and the finest step; undefined if none. */
export function smallestAmount(
  snapshot: Snapshot,
  { sieve }: Screened,
  asked: string,
): { readonly amount: number; readonly step: number } | undefined {
  const { inventory } = snapshot;
  const resourceClass = snapshot.classIndexByName.get(asked) ?? -1;
  let [amount, step] = [Infinity, Infinity];
  const { scope } = sieve;
  for (let at = 0; at < scope.length; at++) {
    const provider = scope[at] ?? 0;
    const record = recordOf(inventory, provider, resourceClass);
    const possible = record < 0 ? 0 : nearestAmount(inventory, record, 1);
    if (possible === 0) continue;
    amount = Math.min(amount, possible);
    step = Math.min(step, inventory.stepSize[record] ?? 1);
  }
  return amount === Infinity ? undefined : { amount, step };
}

/** Less comes before more, however close. */
function isCloser(a: number, b: number, amount: number): boolean {
  if (a > amount !== b > amount) return a <= amount;
  return Math.abs(a - amount) < Math.abs(b - amount);
}

function anchorsOf({ layout, sharing }: Snapshot, provider: number): number[] {
  return [layout.root[provider] ?? provider, ...(sharing.neighbours.get(provider) ?? [])];
}
