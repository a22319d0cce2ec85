/** The name with the fewest letters to change, add or take away; the first of several. There has to be one. */
export function nearestName(wanted: string, names: readonly string[]): string {
  const far = names.map((name) => ({ name, distance: distanceOf(wanted, name) }));
  return far.reduce((best, one) => (one.distance < best.distance ? one : best)).name;
}

/** Levenshtein's distance, row by row. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
