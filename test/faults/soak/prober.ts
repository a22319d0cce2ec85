import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { ServiceProcess } from '../../support/service-process.js';
import type { Scene } from './scene.js';
import { Writer } from './writer.js';

const PAUSE_MS = 20;
/** Whoever is not back by then does not come back. */
const GIVE_UP_MS = 120_000;

/** Finds out when one service takes writes again. */
export class Prober extends Writer {
  constructor(
    scene: Scene,
    random: Random,
    private readonly service: ServiceProcess,
  ) {
    super(scene, random);
  }

  /** How long it took from `sinceMs` (performance.now) until a claim was accepted: ms. */
  async measure(sinceMs: number): Promise<number> {
    while (performance.now() - sinceMs < GIVE_UP_MS) {
      const { consumer, fate } = await this.claimOf(this.random.pick(this.scene.roomy), 1);
      const tookMs = performance.now() - sinceMs;
      if (fate === 'done') {
        await this.remove(consumer);
        return tookMs;
      }
      await sleep(PAUSE_MS);
    }
    return Infinity;
  }

  protected override step(): Promise<void> {
    return Promise.resolve();
  }

  protected override pickService(): ServiceProcess {
    return this.service;
  }
}
