import type { Change } from '#berth/domain';
import { ChangeLogStore, LogSession, type ReadingPoint, type Tx } from '#berth/store';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';

/** The newest reading of the log in this process. */
export interface Head {
  readonly at: ReadingPoint;
  /** Which history of which database it is a reading of. */
  readonly history: string;
}

/** What was committed between two readings that followed each other, all of it. */
export interface RecentWindow {
  readonly to: ReadingPoint;
  readonly changes: readonly Change[];
}

interface Waiter {
  readonly head: Head;
  readonly resolve: (head: Head) => void;
  readonly reject: (error: unknown) => void;
}

/** How often the database is asked while somebody waits: ms. Each question costs it about 0.1 ms. */
const BEAT_MS = 40;

/** Whoever asks after a longer pause than this starts with a new head: what came meanwhile may be too much to hold: ms. */
const PAUSE_LIMIT_MS = 2_000;

/** A head without changes behind it is kept for so long, and nobody is woken: ms. */
const QUIET_MS = 1_000;

/** More than this between two questions is left in the database, for each follower to read in pages. */
const MAX_WINDOW = 2_000;

/** Changes held in memory for followers who are a moment behind: about 10 MB. */
const MAX_HELD = 20_000;
const MAX_WINDOWS = 1_000;

/**
 * Follows the log for everybody in this process: one question every BEAT_MS while anybody waits, none while nobody does.
 * What it finds is held for a moment, so that a hundred followers cost the database as much as one.
 */
@Injectable()
export class ChangeHead implements BeforeApplicationShutdown {
  /** By the reading at which they begin, oldest first. */
  private readonly windows = new Map<ReadingPoint, RecentWindow>();
  private held = 0;
  private head: Head | undefined;
  private headSinceMs = 0;
  private askedAtMs = 0;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Head> | undefined;
  private readonly waiting = new Set<Waiter>();
  private beating = false;
  private ended = false;

  /** Histories by connection: one connection never leads to two of them. */
  private readonly histories = new WeakMap<object, string>();

  constructor(
    private readonly session: LogSession,
    private readonly log: ChangeLogStore,
  ) {}

  /** Whether the process is ending and nobody shall wait any more. */
  get isEnding(): boolean {
    return this.ended;
  }

  /** A head behind which is all that was committed before this call. Throws Unavailable. */
  current(): Promise<Head> {
    this.next ??= this.after(this.running);
    return this.next;
  }

  /** What came right after the reading `from`; undefined: it is not held any more, or was too much. */
  windowAfter(from: ReadingPoint): RecentWindow | undefined {
    return this.windows.get(from);
  }

  /**
   * Waits for a head behind `head`; answers `head` itself when none came within `limitMs`, the signal was given or the
   * process ends. Throws Unavailable when the log can't be read meanwhile.
   */
  moved(head: Head, limitMs: number, signal: AbortSignal): Promise<Head> {
    if (this.ended || signal.aborted) return Promise.resolve(head);
    if (this.head !== undefined && this.head.at !== head.at) return Promise.resolve(this.head);
    return new Promise<Head>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(waiter);
      };
      const waiter: Waiter = {
        head,
        resolve: (next) => {
          end();
          resolve(next);
        },
        reject: (error) => {
          end();
          reject(error as Error);
        },
      };
      const giveUp = (): void => waiter.resolve(head);
      const timer = setTimeout(giveUp, limitMs);
      signal.addEventListener('abort', giveUp);
      this.waiting.add(waiter);
      this.beat();
    });
  }

  /** Before connections are closed: whoever waits gets what there is. */
  beforeApplicationShutdown(): void {
    this.ended = true;
    for (const waiter of [...this.waiting]) waiter.resolve(waiter.head);
  }

  private beat(): void {
    if (this.beating) return;
    this.beating = true;
    void this.beatWhileWaited();
  }

  private async beatWhileWaited(): Promise<void> {
    while (this.waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
      if (this.waiting.size === 0) break;
      try {
        const head = await this.current();
        for (const waiter of [...this.waiting]) if (waiter.head.at !== head.at) waiter.resolve(head);
      } catch (error) {
        for (const waiter of [...this.waiting]) waiter.reject(error);
      }
    }
    this.beating = false;
  }

  private async after(running: Promise<unknown>): Promise<Head> {
    await running.catch(() => undefined);
    const asking = this.ask();
    this.running = asking;
    this.next = undefined;
    return await asking;
  }

  private async ask(): Promise<Head> {
    const paused = performance.now() - this.askedAtMs > PAUSE_LIMIT_MS;
    const known = paused ? undefined : this.head;
    const { history, now, changes } = await this.session.run(async (tx) => {
      const history = await this.historyOf(tx);
      if (known?.history === history) {
        const lines = await this.log.between(tx, { from: known.at }, {}, MAX_WINDOW + 1);
        if (lines.status === 'read') return { history, ...lines };
      }
      return { history, now: await this.log.now(tx), changes: undefined };
    });
    this.askedAtMs = performance.now();
    if (known === undefined || changes === undefined) return this.beginAt({ at: now, history });
    const isQuiet = changes.length === 0 && this.askedAtMs - this.headSinceMs < QUIET_MS;
    if (isQuiet || now === known.at) return known;
    if (changes.length <= MAX_WINDOW) this.hold(known.at, { to: now, changes });
    return this.moveTo({ at: now, history });
  }

  private async historyOf(tx: Tx): Promise<string> {
    const known = this.histories.get(tx.client);
    if (known !== undefined) return known;
    const history = await this.log.history(tx);
    this.histories.set(tx.client, history);
    return history;
  }

  /** Nothing that is held leads to this head: whoever is behind reads the database. */
  private beginAt(head: Head): Head {
    this.windows.clear();
    this.held = 0;
    return this.moveTo(head);
  }

  private moveTo(head: Head): Head {
    this.head = head;
    this.headSinceMs = this.askedAtMs;
    return head;
  }

  private hold(from: ReadingPoint, window: RecentWindow): void {
    this.windows.set(from, window);
    this.held += window.changes.length;
    for (const [oldest, { changes }] of this.windows) {
      if (this.held <= MAX_HELD && this.windows.size <= MAX_WINDOWS) return;
      this.windows.delete(oldest);
      this.held -= changes.length;
    }
  }
}
