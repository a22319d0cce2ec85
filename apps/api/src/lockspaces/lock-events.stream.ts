import { Readable } from 'node:stream';
import { BerthError, type LockEvent } from '#berth/domain';
import { LockEvents, LockspacesService } from '#berth/locks';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { eventText, stateText } from './lockspaces.view.js';

/** Proxies close connections on which nothing is said for half a minute or more: ms. */
const HEARTBEAT_MS = 15_000;

/** A reader that is slower than this many events is told the state again instead. */
const MAX_BEHIND = 1_000;

/** Streams of events for owners; each ends when its reader goes, or the process does. */
@Injectable()
export class LockEventStreams implements BeforeApplicationShutdown {
  private readonly open = new Set<AbortController>();

  constructor(
    private readonly events: LockEvents,
    private readonly lockspaces: LockspacesService,
  ) {}

  /** Begins with the owner's state, and tells it again whenever events may have been missed. Throws NotFound. */
  async follow(lockspace: string, owner: string, gone: AbortSignal): Promise<Readable> {
    await this.lockspaces.get(lockspace);
    return Readable.from(this.tell(lockspace, owner, gone), { highWaterMark: 1 });
  }

  beforeApplicationShutdown(): void {
    for (const end of this.open) end.abort();
  }

  private async *tell(lockspace: string, owner: string, gone: AbortSignal): AsyncGenerator<string> {
    const end = new AbortController();
    this.open.add(end);
    const inbox = new Inbox(AbortSignal.any([gone, end.signal]));
    const stop = this.events.follow(lockspace, owner, inbox);
    try {
      for (;;) {
        const next = await inbox.next();
        if (next === 'end') return;
        if (next === 'state') yield stateText(owner, await this.lockspaces.ownerState(lockspace, owner));
        else yield next === 'silence' ? ': \n\n' : eventText(next);
      }
    } catch (error) {
      // The follower comes back, and is told then what it is.
      if (!(error instanceof BerthError)) throw error;
    } finally {
      stop();
      this.open.delete(end);
    }
  }
}

/** What has come for a stream and was not told yet. */
class Inbox {
  private events: LockEvent[] = [];
  private isBehind = false;
  private wake: (() => void) | undefined;

  constructor(private readonly end: AbortSignal) {}

  heard(event: LockEvent): void {
    if (this.events.length < MAX_BEHIND) this.events.push(event);
    else this.lookAgain();
    this.wake?.();
  }

  lookAgain(): void {
    this.events = [];
    this.isBehind = true;
    this.wake?.();
  }

  async next(): Promise<LockEvent | 'state' | 'silence' | 'end'> {
    if (!this.hasMore()) await this.arrival();
    if (this.end.aborted) return 'end';
    if (this.isBehind) {
      this.isBehind = false;
      return 'state';
    }
    return this.events.shift() ?? 'silence';
  }

  private hasMore(): boolean {
    return this.isBehind || this.events.length > 0 || this.end.aborted;
  }

  private arrival(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.end.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, HEARTBEAT_MS);
      this.end.addEventListener('abort', done);
      this.wake = done;
    });
  }
}
