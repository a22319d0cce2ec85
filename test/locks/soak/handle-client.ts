import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import { follow, type Outcome } from '../../support/send.js';
import { isUnknown, type HoldView } from './log.js';
import { Asker, LOCKSPACE, type Scene } from './scene.js';

/** How the handles of a client are: cached for reading and writing, or counted. */
export type HandleKind = 'cached' | 'counted';

const RECONNECT_MS = 200;

/** So often a handle is tried to be freed. */
const MAX_FREEING = 500;

/** Always the same: acquiring again renews, and a lease must not be shortened by that. */
const HANDLE_LEASE_MS = 500;

interface Handle {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly mode: 'shared' | 'exclusive';
  /** Of the hold as it was last told. */
  token: number | undefined;
  /** Somebody else wants it. */
  isRevoked: boolean;
}

/**
 * A client that has handles, one after another: it acquires and lets go again and again, follows what is told to it and gives
 * back what others want, mostly. After an answer that was lost it takes a new handle: what it had would be told as
 * something that it knew.
 */
export class HandleClient extends Asker {
  private handle: Handle | undefined;
  private inUse = false;
  private stopFollowing: () => void = () => undefined;
  private handles = 0;
  private readonly unfreed: string[] = [];
  /** Asked for, and never answered: there may be such handles. */
  private readonly unanswered: object[] = [];

  constructor(
    scene: Scene,
    random: Random,
    private readonly owner: string,
    private readonly kind: HandleKind,
  ) {
    super(scene, random);
  }

  async run(): Promise<void> {
    while (!this.scene.isOver()) {
      this.handle ??= await this.allocate();
      if (this.handle === undefined) continue;
      await this.round(this.handle);
      await this.pause(40);
      if (this.handle !== undefined && this.random.happens(0.02)) await this.free();
    }
  }

  /** Frees all handles: nothing of this client shall be left. */
  async end(): Promise<void> {
    if (this.handle !== undefined) await this.free();
    for (let tries = MAX_FREEING; this.unfreed.length + this.unanswered.length > 0 && tries > 0; tries -= 1) {
      const [body] = this.unanswered;
      if (body !== undefined && (await this.post(body)) !== undefined) this.unanswered.shift();
      await this.freeOne();
    }
  }

  private async allocate(): Promise<Handle | undefined> {
    // An owner of its own: what the last one lost is told to nobody else.
    const owner = `${this.owner}/${(this.handles += 1)}`;
    const flags = this.kind === 'counted' ? { use_semaphore: true } : { cache_read: true, cache_write: true };
    const body = { name: this.pickLock(), owner, prealloc: this.random.happens(0.5), ...flags };
    const id = await this.post(body);
    if (id === undefined) {
      this.unanswered.push(body);
      return undefined;
    }
    const { name } = body;
    const mode = this.random.happens(0.7) ? 'exclusive' : 'shared';
    const handle: Handle = { id, name, owner, mode, token: undefined, isRevoked: false };
    if (this.kind === 'cached') this.followEvents(handle);
    return handle;
  }

  /** Asked for again, a handle is the one that there is: it is freed in the end, in any case. */
  private async post(body: object): Promise<string | undefined> {
    const outcome = await this.ask('handle', { method: 'POST', path: `/lockspaces/${LOCKSPACE}/handles`, body });
    if (outcome.status !== 201) return undefined;
    const { handle } = outcome.body as { handle: string };
    if (this.scene.isOver()) this.unfreed.push(handle);
    return handle;
  }

  private async round(handle: Handle): Promise<void> {
    const times = this.kind === 'counted' ? this.random.between(1, 3) : 1;
    let acquired = 0;
    for (; acquired < times && (await this.acquire(handle)); acquired += 1) await this.pause(10);
    this.inUse = acquired > 0;
    if (acquired > 0) await this.pause(this.random.happens(0.05) ? 1_200 : 40);
    this.inUse = false;
    for (; acquired > 0 && this.handle === handle; acquired -= 1) await this.release(handle);
  }

  private async acquire(handle: Handle): Promise<boolean> {
    const waitMs = this.random.between(0, 800);
    const body = { handle: handle.id, mode: handle.mode, wait_ms: waitMs, lease_ms: HANDLE_LEASE_MS };
    const call = { method: 'PUT', path: this.lockPath(handle.name), body };
    const outcome = await this.ask(`${this.kind} acquire`, call, waitMs);
    const view = outcome.status === 200 ? (outcome.body as HoldView) : undefined;
    // Asked for while it was revoked it is given back first.
    if (view === undefined || view.token !== handle.token) this.mayHaveEnded(handle, outcome, false);
    if (view !== undefined) {
      this.scene.log.hold(view, outcome, view.token !== handle.token);
      handle.token = view.token;
      handle.isRevoked = view.revoked;
    }
    if (isUnknown(outcome)) this.abandon();
    return view !== undefined;
  }

  private async release(handle: Handle): Promise<void> {
    const body = { handle: handle.id, mode: 'unlock', ...(handle.token !== undefined && { token: handle.token }) };
    const call = { method: 'PUT', path: this.lockPath(handle.name), body };
    const outcome = await this.ask(`${this.kind} release`, call);
    const released = outcome.status === 200 && (outcome.body as { released: boolean }).released;
    if (released || isUnknown(outcome)) this.mayHaveEnded(handle, outcome, released);
    if (isUnknown(outcome) && this.handle === handle) this.abandon();
  }

  /** What the handle had until then. Without an answer it is left alone from then on. */
  private mayHaveEnded({ name, owner, token }: Handle, outcome: Outcome, released: boolean): void {
    if (token === undefined) return;
    this.scene.log.end({ lock: name, owner, token, ...(released && { released }) }, outcome);
  }

  private async free(): Promise<void> {
    this.abandon();
    await this.freeOne();
  }

  /** The handle is let go of; it is freed some time later. */
  private abandon(): void {
    const { handle } = this;
    this.handle = undefined;
    this.stopFollowing();
    if (handle === undefined) return;
    this.unfreed.push(handle.id);
    // From now on a freeing may come at any time.
    const never = { invokedAt: performance.now(), answeredAt: undefined, status: 0, body: undefined };
    this.scene.log.end({ lock: handle.name, owner: handle.owner }, never);
  }

  private async freeOne(): Promise<void> {
    const [id] = this.unfreed;
    if (id === undefined) return;
    const outcome = await this.ask('free', { method: 'DELETE', path: `/lockspaces/${LOCKSPACE}/handles/${id}` });
    if (outcome.status === 200 || outcome.status === 404) this.unfreed.shift();
  }

  private followEvents(handle: Handle): void {
    let isStopped = false;
    let stop: () => void = () => undefined;
    const connect = (): void => {
      if (isStopped || this.scene.isOver()) return;
      const path = `/lockspaces/${LOCKSPACE}/events?owner=${encodeURIComponent(handle.owner)}`;
      const again = (): void => void sleep(RECONNECT_MS).then(connect);
      stop = follow(
        this.random.pick(this.scene.servers).url,
        path,
        (event, data) => this.heard(handle, event, data),
        again,
      );
    };
    connect();
    this.stopFollowing = () => {
      isStopped = true;
      stop();
    };
  }

  private heard(handle: Handle, event: string, data: unknown): void {
    const { token, locks = [] } = data as { token?: number; locks?: readonly HoldView[] };
    const isRevoked =
      event === 'revoke' ? token === handle.token : event === 'state' && locks.some((one) => one.revoked);
    if (!isRevoked || handle.isRevoked || this.handle !== handle) return;
    handle.isRevoked = true;
    // Who uses it gives it back when it is done; some are silent.
    if (!this.inUse && !this.random.happens(0.1)) void this.release(handle);
  }
}
