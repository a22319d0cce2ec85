import cluster from 'node:cluster';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The metrics of one process, as they travel between processes. */
export type Reading = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What workers and their supervisor say to each other about metrics; apps/cli/src/serve/worker-readings.ts is the other end. */
type Word =
  /** To the supervisor: this worker can be asked, or wants to know about all. */
  | { readonly berth: 'readings-ready' }
  | { readonly berth: 'readings-wanted'; readonly id: number }
  /** To a worker, and its answer. */
  | { readonly berth: 'readings-give'; readonly round: number }
  | { readonly berth: 'readings-given'; readonly round: number; readonly reading: Reading }
  /** To the worker that wanted them: those of all, its own too, and the last of those that ended. */
  | {
      readonly berth: 'readings-all';
      readonly id: number;
      readonly living: readonly Reading[];
      readonly ended: readonly Reading[];
    };

export interface Readings {
  readonly living: readonly Reading[];
  readonly ended: readonly Reading[];
}

const NOBODY: Readings = { living: [], ended: [] };

/** The supervisor waits for workers for less than this; it does not answer only if it is none of ours: ms. */
const SUPERVISOR_LIMIT_MS = 5_000;

/** The workers of the service, where there are several. One scrape meets one of them and shall tell of all. */
export class Workers {
  private lastId = 0;
  private readonly asked = new Map<number, (readings: Readings) => void>();

  /** `own` reads the metrics of this process. */
  constructor(private readonly own: () => Promise<Reading>) {
    if (!cluster.isWorker) return;
    process.on('message', (word: Word | undefined) => {
      if (word?.berth === 'readings-give') void this.give(word.round);
      else if (word?.berth === 'readings-all') this.asked.get(word.id)?.(word);
    });
    say({ berth: 'readings-ready' });
  }

  /** The metrics of all that answer in time; none where this process is alone. */
  async read(): Promise<Readings> {
    if (!cluster.isWorker) return NOBODY;
    const id = (this.lastId += 1);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Readings>((resolve) => {
        timer = setTimeout(() => resolve(NOBODY), SUPERVISOR_LIMIT_MS);
        this.asked.set(id, resolve);
        say({ berth: 'readings-wanted', id });
      });
    } finally {
      clearTimeout(timer);
      this.asked.delete(id);
    }
  }

  private async give(round: number): Promise<void> {
    say({ berth: 'readings-given', round, reading: await this.own() });
  }
}

/** The supervisor may be gone, and this process about to end. */
function say(word: Word): void {
  process.send?.(word, undefined, undefined, () => undefined);
}
