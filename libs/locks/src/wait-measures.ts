import { Spread, type SpreadReading } from '#berth/store';

/** Bounds by which waits are counted: s. */
const WAIT_SECONDS = [0.01, 0.1, 1, 10, 60, 600];

export interface WaitReading {
  /** Those who wait in this process now. */
  readonly waiting: number;
  /** How long those waited that were given what they waited for, and the others: s. */
  readonly given: SpreadReading;
  readonly inVain: SpreadReading;
}

/** Counts who waits in this process, and for how long. */
export class WaitMeasures {
  private waiting = 0;
  private readonly given = new Spread(WAIT_SECONDS);
  private readonly inVain = new Spread(WAIT_SECONDS);

  /** Somebody begins to wait. Call what it answers when the wait is over, once. */
  begin(): (isGiven: boolean) => void {
    const sinceMs = performance.now();
    this.waiting += 1;
    return (isGiven) => {
      this.waiting -= 1;
      const spread = isGiven ? this.given : this.inVain;
      spread.add((performance.now() - sinceMs) / 1_000);
    };
  }

  read(): WaitReading {
    return { waiting: this.waiting, given: this.given.read(), inVain: this.inVain.read() };
  }
}
