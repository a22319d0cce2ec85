import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import { send, type Call, type Outcome } from '../../support/send.js';
import { isUnknown, type SoakLog } from './log.js';
import type { ServiceProcess } from '../../support/service-process.js';

export const LOCKSPACE = 'soak';
export const LEASE_MS = { from: 150, to: 900 } as const;
export const GRACE_MS = 200;

/** A server that is paused answers late or not at all: its client goes on after so long beyond its wait. */
const PATIENCE_MS = 3_000;
/** Who finds nobody there leaves the processor to those who start. */
const PAUSE_MS = 50;

/** What all clients have in common. */
export interface Scene {
  readonly servers: readonly ServiceProcess[];
  readonly log: SoakLog;
  readonly locks: readonly string[];
  /** Each is wanted by many. */
  readonly hot: readonly string[];
  /** Where fenced writes go: a provider for each lock, and its generation as it was last seen. */
  readonly providers: ReadonlyMap<string, { readonly uuid: string; generation: number }>;
  isOver(): boolean;
}

/** One who asks, now this server and now that one. */
export class Asker {
  private server: ServiceProcess;

  constructor(
    protected readonly scene: Scene,
    protected readonly random: Random,
  ) {
    this.server = random.pick(scene.servers);
  }

  protected lockPath(name: string): string {
    return `/lockspaces/${LOCKSPACE}/locks/${encodeURIComponent(name)}`;
  }

  protected pickLock(): string {
    return this.random.pick(this.random.happens(0.5) ? this.scene.hot : this.scene.locks);
  }

  protected lease(): number {
    return this.random.between(LEASE_MS.from, LEASE_MS.to);
  }

  /** `waitMs`: how long the server may take to answer. `limitMs`: the client hangs up earlier. */
  protected async ask(
    kind: string,
    call: Omit<Call, 'limitMs'>,
    waitMs = 0,
    limitMs = waitMs + PATIENCE_MS,
  ): Promise<Outcome> {
    const outcome = await send(this.server.url, { ...call, limitMs });
    this.scene.log.count(kind, outcome);
    const isLost = isUnknown(outcome) || outcome.status === -1;
    if (isLost || this.random.happens(0.05)) this.server = this.random.pick(this.scene.servers);
    if (isLost) await sleep(PAUSE_MS);
    return outcome;
  }

  protected async pause(mostMs: number): Promise<void> {
    await sleep(this.random.next() * mostMs);
  }
}
