import type { Worker } from 'node:cluster';

/** What workers and their supervisor say to each other about metrics; apps/api/src/http/metrics/workers.ts is the other end. */
interface Word {
  readonly berth?: unknown;
  readonly id?: unknown;
  readonly round?: unknown;
  readonly reading?: unknown;
}

interface Round {
  readonly awaited: Set<Worker>;
  readonly given: unknown[];
  readonly end: () => void;
}

/** A worker that hangs shall not keep the numbers of the others from whoever asks: ms. */
const ROUND_LIMIT_MS = 3_000;

/** Each has some 100 KB. Far more than the replacements of a bad day. */
const MAX_ENDED = 100;

/**
 * Brings the metrics of all workers to the one that is asked for them; what they mean is known to the workers alone.
 * The last that was told of a worker is kept when it ends: sums of what was counted must not fall.
 */
export class WorkerReadings {
  private readonly ready = new Set<Worker>();
  private readonly last = new Map<Worker, unknown>();
  private readonly ended: unknown[] = [];
  private readonly rounds = new Map<number, Round>();
  private lastRound = 0;

  /** From now on the worker may ask and is asked. */
  follow(worker: Worker): void {
    worker.on('message', (word: Word | undefined) => {
      if (word?.berth === 'readings-ready') this.ready.add(worker);
      else if (word?.berth === 'readings-wanted') this.begin(worker, word.id);
      else if (word?.berth === 'readings-given') this.take(worker, word);
    });
    worker.once('exit', () => this.forget(worker));
  }

  private begin(asker: Worker, id: unknown): void {
    const round = (this.lastRound += 1);
    const awaited = new Set([...this.ready].filter((worker) => worker.isConnected()));
    const given: unknown[] = [];
    const timer = setTimeout(() => this.rounds.get(round)?.end(), ROUND_LIMIT_MS).unref();
    const end = (): void => {
      clearTimeout(timer);
      this.rounds.delete(round);
      tell(asker, { berth: 'readings-all', id, living: given, ended: this.ended });
    };
    this.rounds.set(round, { awaited, given, end });
    for (const worker of awaited) tell(worker, { berth: 'readings-give', round });
    if (awaited.size === 0) end();
  }

  private take(worker: Worker, { round: number, reading }: Word): void {
    this.last.set(worker, reading);
    const round = this.rounds.get(Number(number));
    if (round?.awaited.delete(worker) !== true) return;
    round.given.push(reading);
    if (round.awaited.size === 0) round.end();
  }

  private forget(worker: Worker): void {
    this.ready.delete(worker);
    const last = this.last.get(worker);
    this.last.delete(worker);
    if (last !== undefined) this.ended.push(last);
    if (this.ended.length > MAX_ENDED) this.ended.shift();
    for (const round of [...this.rounds.values()]) {
      if (round.awaited.delete(worker) && round.awaited.size === 0) round.end();
    }
  }
}

/** Who is gone is told nothing. */
function tell(worker: Worker, word: object): void {
  if (worker.isConnected()) worker.send(word, undefined, () => undefined);
}
