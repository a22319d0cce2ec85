import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { Outcome } from '../../support/send.js';
import { isUnknown, type SoakLog } from './log.js';
import { Asker, type Scene } from './scene.js';

export const POOL = 'soak';
export const POOL_CAPACITY = 3;
const KEYS = Array.from({ length: 8 }, (_, index) => `key ${index}`);

/** Permits are for whole seconds; none is renewed for less than it was given for. */
const LEASE_SECONDS = { least: 1, most: 2 } as const;

interface Permit {
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  readonly since: string;
  readonly expires_at: string;
}

/** A client of a lock pool, as reckless as those of cluster locks. It asks each time as somebody else. */
export class PoolClient extends Asker {
  private asked = 0;

  constructor(
    scene: Scene,
    random: Random,
    private readonly owner: string,
    private readonly log: SoakLog,
  ) {
    super(scene, random);
  }

  async run(): Promise<void> {
    while (!this.scene.isOver()) {
      const permit = await this.acquire();
      if (permit !== undefined) await this.use(permit);
      await this.pause(20);
    }
  }

  private async acquire(): Promise<Permit | undefined> {
    const owner = `${this.owner}/${(this.asked += 1)}`;
    const waitSeconds = this.random.between(0, 2);
    const lease = this.random.between(LEASE_SECONDS.least, LEASE_SECONDS.most);
    const body = { key: this.random.pick(KEYS), owner, wait_seconds: waitSeconds, lease_seconds: lease };
    const hangsUp = waitSeconds > 0 && this.random.happens(0.03) ? this.random.between(1, 1_000) : undefined;
    const call = { method: 'POST', path: `/lock_pools/${POOL}/permits`, body };
    const outcome = await this.ask('permit', call, waitSeconds * 1_000, hangsUp);
    if (outcome.status !== 200) return undefined;
    return this.learn(outcome, lease, true);
  }

  private async use(permit: Permit): Promise<void> {
    await this.pause(60);
    if (this.random.happens(0.2)) {
      const body = { owner: permit.owner, lease_seconds: LEASE_SECONDS.most };
      const renewed = await this.ask('permit renewal', { method: 'PUT', path: this.path(permit), body });
      if (renewed.status === 200) this.learn(renewed, LEASE_SECONDS.most, false);
      await this.pause(60);
    }
    const end = this.random.weighted({ release: 88, twice: 5, late: 4, forget: 3 });
    if (end === 'forget') return;
    if (end === 'late') await sleep(this.random.between(1_000, 2_500));
    await this.release(permit);
    if (end === 'twice') await this.release(permit);
  }

  private async release(permit: Permit): Promise<void> {
    const path = `${this.path(permit)}?owner=${encodeURIComponent(permit.owner)}`;
    const outcome = await this.ask('permit release', { method: 'DELETE', path });
    const released = outcome.status === 200 && (outcome.body as { released: boolean }).released;
    if (!released && !isUnknown(outcome)) return;
    const { key: lock, owner, token } = permit;
    this.log.end({ lock, owner, token, ...(released && { released }) }, outcome);
  }

  private learn(outcome: Outcome, leaseSeconds: number, isFresh: boolean): Permit {
    const permit = outcome.body as Permit;
    const { key: lock, owner, token } = permit;
    const { invokedAt, answeredAt = invokedAt } = outcome;
    const [sinceMs, untilMs] = [Date.parse(permit.since), Date.parse(permit.expires_at)];
    // It begins when the permit is handed out, after the question in any case.
    const leaseMs = leaseSeconds * 1_000;
    this.log.held.push({
      ...{ lock, owner, mode: 'exclusive', token, sinceMs, untilMs, leaseMs, invokedAt, answeredAt },
      ...(isFresh && { fresh: {} }),
    });
    return permit;
  }

  private path({ token }: Permit): string {
    return `/lock_pools/${POOL}/permits/${token}`;
  }
}
