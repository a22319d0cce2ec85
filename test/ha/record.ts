import { randomUUID } from 'node:crypto';

/** What is known of a consumer by the answers that came. */
export type Fate =
  /** 204 to its claim: it is there. */
  | 'claimed'
  /** Refused, or answered that nothing was written: it is not there. */
  | 'refused'
  /** 204 to its removal: it is not there any more. */
  | 'released'
  /** No answer, or one that says that nobody knows: both are allowed. */
  | 'unknown';

export interface Consumer {
  readonly uuid: string;
  readonly provider: string;
  readonly amount: number;
  fate: Fate;
}

/** An answer that came, or did not. */
export interface Event {
  readonly atMs: number;
  readonly status: number;
}

/** All that clients asked for and were told. */
export class Record {
  readonly consumers = new Map<string, Consumer>();
  readonly events: Event[] = [];
  /** Consumers that were not there any more when they were to be given back. */
  readonly lost: string[] = [];

  begin(provider: string, amount: number): Consumer {
    const consumer: Consumer = { uuid: randomUUID(), provider, amount, fate: 'unknown' };
    this.consumers.set(consumer.uuid, consumer);
    return consumer;
  }

  note(status: number): void {
    this.events.push({ atMs: performance.now(), status });
  }

  count(fate: Fate): number {
    return [...this.consumers.values()].filter((consumer) => consumer.fate === fate).length;
  }

  /** When a write was accepted last before the moment, and first after it; ms from the moment. */
  gapAround(atMs: number): {
    readonly lastBefore: number;
    readonly firstAfter: number | undefined;
    readonly longest: number;
  } {
    const accepted = this.events.filter(({ status }) => status === 204).map((event) => event.atMs - atMs);
    const before = accepted.filter((at) => at <= 0);
    const times = [before.at(-1) ?? -Infinity, ...accepted.filter((at) => at > 0)];
    let [from, longest] = [0, 0];
    for (let index = 1; index < times.length; index += 1) {
      const length = (times[index] ?? 0) - (times[index - 1] ?? 0);
      if (length > longest) [from, longest] = [index, length];
    }
    return { lastBefore: times[from - 1] ?? 0, firstAfter: times[from], longest };
  }

  /** How many answers of each status came since. */
  statusesSince(atMs: number): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const event of this.events) {
      if (event.atMs >= atMs) counts.set(event.status, (counts.get(event.status) ?? 0) + 1);
    }
    return counts;
  }
}
