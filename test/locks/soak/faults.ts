import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { SoakDatabase } from './postgres.js';
import type { ServiceProcess } from '../../support/service-process.js';

/** What is done to the service, and how often of a hundred times. */
const FAULTS = { kill: 40, pause: 42, 'long pause': 2, 'database stop': 8, 'database crash': 8 } as const;

export type Fault = keyof typeof FAULTS;

/** Longer than every lease; and longer than a process may be silent before its waiters lose their places: ms. */
const PAUSE_MS = { from: 300, to: 2_500 } as const;
const LONG_PAUSE_MS = 17_000;
/** PostgreSQL's owner gives up on one that dies five times within a minute. */
const DATABASE_REST_MS = 15_000;

export interface FaultPlan {
  /** Faults that have to happen, in this order, before those that chance picks. */
  readonly first: readonly Fault[];
  /** From the end of one to the beginning of the next: ms. */
  readonly everyMs: { readonly from: number; readonly to: number };
  /** Whether more follow, as chance has it. */
  readonly goesOn: boolean;
}

/** Does bad things to servers and database, one after another, until it is over; then everything runs again. */
export class Faults {
  readonly counts = new Map<Fault, number>();
  private readonly first: Fault[];
  private databaseAtMs = -Infinity;

  constructor(
    private readonly servers: readonly ServiceProcess[],
    private readonly postgres: SoakDatabase,
    private readonly random: Random,
    private readonly plan: FaultPlan,
  ) {
    this.first = [...plan.first];
  }

  /** Whether all that had to happen did. */
  get areDone(): boolean {
    return this.first.length === 0;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver() && (this.plan.goesOn || !this.areDone)) {
      await this.rest(isOver);
      if (isOver()) return;
      const wanted = this.first[0] ?? this.random.weighted(FAULTS);
      const fault = wanted.startsWith('database') && this.isDatabaseTired() ? 'kill' : wanted;
      await this.cause(fault);
      if (fault === wanted) this.first.shift();
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    }
  }

  /** In short steps: nobody waits for a fault that is not to come. */
  private async rest(isOver: () => boolean): Promise<void> {
    const { from, to } = this.plan.everyMs;
    for (let leftMs = this.random.between(from, to); leftMs > 0 && !isOver(); leftMs -= 100) await sleep(100);
  }

  private isDatabaseTired(): boolean {
    return performance.now() - this.databaseAtMs < DATABASE_REST_MS;
  }

  private async cause(fault: Fault): Promise<void> {
    if (fault === 'database stop' || fault === 'database crash') {
      await this.postgres.restart(fault === 'database stop' ? 'fast' : 'immediate');
      this.databaseAtMs = performance.now();
      return;
    }
    const server = this.random.pick(this.servers);
    if (fault === 'kill') {
      await server.kill();
      await sleep(this.random.between(0, 500));
      await server.start();
      return;
    }
    server.pause();
    await sleep(fault === 'pause' ? this.random.between(PAUSE_MS.from, PAUSE_MS.to) : LONG_PAUSE_MS);
    server.resume();
  }
}
