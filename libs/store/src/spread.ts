/** How many values there were up to each bound, all of them, and their sum. */
export interface SpreadReading {
  readonly bounds: readonly number[];
  /** For each bound, how many values were not above it and above the one before. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** How values were spread over given bounds, since the process began. Adding one costs a few comparisons, no memory. */
export class Spread {
  private readonly counts: number[];
  private count = 0;
  private sum = 0;

  /** `bounds` rise. */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = bounds.map(() => 0);
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    const { bounds, counts } = this;
    for (let at = 0; at < bounds.length; at += 1) {
      if (value > (bounds[at] ?? 0)) continue;
      counts[at] = (counts[at] ?? 0) + 1;
      return;
    }
  }

  read(): SpreadReading {
    return { bounds: this.bounds, counts: [...this.counts], count: this.count, sum: this.sum };
  }
}
