import type { TransferTotals } from '#berth/placement';

/** What was moved, in a line. */
export function inWords({ counts, used }: TransferTotals): string {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind.replaceAll('_', ' ')}: ${count}`);
  const sums = Object.entries(used).map(([name, amount]) => `${name} ${amount}`);
  return `${parts.join(', ')}; used: ${sums.length === 0 ? 'nothing' : sums.join(', ')}`;
}
