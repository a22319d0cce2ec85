import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldMode } from '../history/history.js';
import type { Random } from '../../support/random.js';
import type { Outcome } from '../../support/send.js';
import { isUnknown, reasonOf, type HoldView } from './log.js';
import { Asker, LEASE_MS, LOCKSPACE, type Scene } from './scene.js';

const MODES: Readonly<Record<HeldMode, number>> = { exclusive: 60, shared: 30, monitor: 10 };
const WAIT_MS = { from: 50, to: 1_500 } as const;
/** An asynchronous request is asked after so often, and given up after so many times. */
const ASYNC_POLLS = 20;
const ASYNC_POLL_MS = 80;

type Hold = Pick<HoldView, 'name' | 'mode' | 'token'>;

/**
 * A client of cluster locks that does everything there is to do, also what a careful one would not: it comes late with old
 * tokens, hangs up while it waits, lets leases end. It is one owner and does one thing after another.
 */
export class SoakClient extends Asker {
  constructor(
    scene: Scene,
    random: Random,
    private readonly owner: string,
  ) {
    super(scene, random);
  }

  async run(): Promise<void> {
    while (!this.scene.isOver()) {
      const what = this.random.weighted({ one: 70, async: 12, several: 15, break: 0.3 });
      const holds = await this[what]();
      for (const hold of holds) await this.use(hold);
      // Those of several were let go one after another: nothing is left but what was lost.
      await this.pause(5);
    }
  }

  protected async one(): Promise<Hold[]> {
    const [name, mode] = [this.pickLock(), this.random.weighted(MODES)];
    const waitMs = this.random.happens(0.4) ? 0 : this.random.between(WAIT_MS.from, WAIT_MS.to);
    const body = { owner: this.owner, mode, wait_ms: waitMs, lease_ms: this.lease() };
    const hangsUp = waitMs > 0 && this.random.happens(0.03) ? this.random.between(1, waitMs) : undefined;
    const call = { method: 'PUT', path: this.lockPath(name), body };
    return await this.granted(await this.ask(waitMs === 0 ? 'try' : 'wait', call, waitMs, hangsUp));
  }

  protected async several(): Promise<Hold[]> {
    const names = new Set([this.pickLock(), this.pickLock(), this.pickLock()]);
    const locks = [...names].map((name) => ({ name, mode: this.random.weighted(MODES) }));
    const waitMs = this.random.happens(0.3) ? 0 : this.random.between(WAIT_MS.from, WAIT_MS.to);
    const body = { owner: this.owner, locks, wait_ms: waitMs, lease_ms: this.lease() };
    return await this.granted(
      await this.ask('several', { method: 'POST', path: `/lockspaces/${LOCKSPACE}/acquire`, body }, waitMs),
    );
  }

  protected async async(): Promise<Hold[]> {
    const [name, mode] = [this.pickLock(), this.random.weighted(MODES)];
    const body = { owner: this.owner, mode, async: true, wait_ms: 2_500, lease_ms: this.lease() };
    const asked = await this.ask('async', { method: 'PUT', path: this.lockPath(name), body });
    if (asked.status !== 202) return await this.granted(asked);
    const path = `/lockspaces/${LOCKSPACE}/requests/${(asked.body as { request: number }).request}`;
    for (let poll = this.random.between(1, ASYNC_POLLS); poll > 0; poll -= 1) {
      await this.pause(ASYNC_POLL_MS);
      const found = await this.ask('poll', { method: 'GET', path });
      const { status, locks } = (found.body ?? {}) as { status?: string; locks?: HoldView[] };
      if (found.status === 200 && status === 'granted') return this.learn(locks ?? [], found, asked);
      if (found.status === 404) return [];
    }
    const left = await this.ask('cancel', { method: 'DELETE', path });
    const { locks = [] } = (left.status === 200 ? left.body : {}) as { locks?: HoldView[] };
    return this.learn(locks, left, asked);
  }

  /** An admin takes a lock from whoever has it. */
  protected async break(): Promise<Hold[]> {
    const name = this.pickLock();
    const outcome = await this.ask('break', { method: 'POST', path: `${this.lockPath(name)}/break`, body: {} });
    if (outcome.status === 200 || isUnknown(outcome)) this.scene.log.end({ lock: name }, outcome);
    return [];
  }

  /** What an acquire came to. Who is told that it has the lock lost an answer: it looks what it has. */
  private async granted(outcome: Outcome): Promise<Hold[]> {
    if (outcome.status === 200) {
      const body = outcome.body as HoldView | { readonly locks: readonly HoldView[] };
      return this.learn('locks' in body ? body.locks : [body], outcome);
    }
    return reasonOf(outcome.body) === 'berth.lock_already_held' ? await this.lookAround() : [];
  }

  private async lookAround(): Promise<Hold[]> {
    const path = `/lockspaces/${LOCKSPACE}/owners/${encodeURIComponent(this.owner)}`;
    const outcome = await this.ask('look', { method: 'GET', path });
    const { locks = [] } = (outcome.status === 200 ? outcome.body : {}) as { locks?: HoldView[] };
    for (const view of locks) {
      this.scene.log.hold(view, outcome, false);
      // Its answer was lost: as soon as the server knows that, it releases what nobody seems to know of.
      const { invokedAt } = outcome;
      this.scene.log.endings.push({ lock: view.name, owner: this.owner, token: view.token, invokedAt });
    }
    return locks;
  }

  /** `asked`: what was answered later is a grant to an earlier request. */
  private learn(locks: readonly HoldView[], outcome: Outcome, asked: Outcome = outcome): Hold[] {
    for (const view of locks) {
      this.scene.log.hold(view, { invokedAt: asked.invokedAt, answeredAt: outcome.answeredAt }, true);
      if (asked !== outcome) this.scene.log.hold(view, outcome, false);
    }
    return [...locks];
  }

  private async use(first: Hold): Promise<void> {
    let hold: Hold | undefined = first;
    for (let step = this.random.between(0, 3); step > 0 && hold !== undefined; step -= 1) {
      await this.pause(30);
      const what: 'renew' | 'convert' | 'write' | 'idle' = this.random.weighted({
        renew: 30,
        convert: 25,
        write: hold.mode === 'exclusive' ? 35 : 0,
        idle: 10,
      });
      if (what !== 'idle') hold = await this[what](hold);
    }
    if (hold === undefined) return;
    const end = this.random.weighted({ release: 80, twice: 5, late: 5, forget: 5 });
    if (end === 'forget') return;
    if (end === 'late') {
      await sleep(this.random.between(300, 1_200));
      if (hold.mode === 'exclusive') await this.write(hold);
    }
    await this.release(hold);
    if (end !== 'twice') return;
    await this.pause(100);
    await this.release(hold);
  }

  protected async renew(hold: Hold): Promise<Hold | undefined> {
    const { name, token, mode } = hold;
    // Of a renewal that shortens a lease nobody could say afterwards whether it came before the end.
    const body = { owner: this.owner, locks: [{ name, token }], lease_ms: LEASE_MS.to };
    const outcome = await this.ask('renew', { method: 'POST', path: `/lockspaces/${LOCKSPACE}/renew`, body });
    const [answer] =
      outcome.status === 200 ? (outcome.body as { locks: (HoldView & { renewed: boolean })[] }).locks : [];
    if (answer?.renewed === true) this.scene.log.hold(answer, outcome, false);
    if (mode === 'monitor' && (isUnknown(outcome) || answer?.renewed === true)) {
      const { invokedAt, answeredAt } = outcome;
      const timed = { invokedAt, answeredAt: isUnknown(outcome) ? undefined : answeredAt };
      this.scene.log.looked.push({ lock: name, owner: this.owner, token, changed: answer?.changed, ...timed });
    }
    return answer?.renewed === false ? undefined : hold;
  }

  protected async convert(hold: Hold): Promise<Hold | undefined> {
    const mode = this.random.pick((['exclusive', 'shared', 'monitor'] as const).filter((one) => one !== hold.mode));
    const waitMs = this.random.pick([0, 0, 300, 800]);
    const body = { owner: this.owner, mode, token: hold.token, wait_ms: waitMs, lease_ms: this.lease() };
    const outcome = await this.ask('convert', { method: 'PUT', path: this.lockPath(hold.name), body }, waitMs);
    if (isUnknown(outcome) || outcome.status === 200) {
      this.scene.log.end({ lock: hold.name, owner: this.owner, token: hold.token }, outcome);
    }
    if (outcome.status === 200) return this.learn([outcome.body as HoldView], outcome)[0];
    return reasonOf(outcome.body) === 'berth.lock_token_stale' ? undefined : hold;
  }

  /** Writes its token where the lock stands for, under the lock's fence. */
  protected async write(hold: Hold): Promise<Hold | undefined> {
    const provider = this.scene.providers.get(hold.name);
    if (provider === undefined) return hold;
    const path = `/resource_providers/${provider.uuid}`;
    const outcome = await this.ask('write', {
      ...{ method: 'PUT', path: `${path}/inventories` },
      body: {
        resource_provider_generation: provider.generation,
        inventories: { VCPU: { total: hold.token } },
        fence: { lockspace: LOCKSPACE, name: hold.name, token: hold.token },
      },
    });
    const { invokedAt, answeredAt, status, body } = outcome;
    const isStale = reasonOf(body) === 'berth.fence_stale';
    if (answeredAt !== undefined && (status === 200 || isStale)) {
      const written = { lock: hold.name, token: hold.token, accepted: status === 200, invokedAt, answeredAt };
      this.scene.log.writes.push(written);
    }
    if (status === 200) {
      provider.generation = (body as { resource_provider_generation: number }).resource_provider_generation;
    } else if (!isStale) {
      const read = await this.ask('read', { method: 'GET', path });
      if (read.status === 200) provider.generation = (read.body as { generation: number }).generation;
    }
    return isStale ? undefined : hold;
  }

  private async release({ name, token }: Hold): Promise<void> {
    const body = { owner: this.owner, mode: 'unlock', token };
    const outcome = await this.ask('release', { method: 'PUT', path: this.lockPath(name), body });
    const released = outcome.status === 200 && (outcome.body as { released: boolean }).released;
    if (!released && !isUnknown(outcome)) return;
    this.scene.log.end({ lock: name, owner: this.owner, token, ...(released && { released }) }, outcome);
  }
}
