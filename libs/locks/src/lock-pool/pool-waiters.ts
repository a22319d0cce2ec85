import { REASONS, Unavailable, WAITER_LEASE_MS } from '#berth/domain';
import { type LockPoolStore, type Notices, type Transactions, type StoredRequest, type Tx } from '#berth/store';
import { Logger } from '@nestjs/common';
import { WaitMeasures } from '../wait-measures.js';

/** What is told when permits are given to those who wait elsewhere: their requests' ids. */
const CHANNEL = 'berth_lock_pools';

/** A word holds less than 8,000 bytes; an id has at most 16. */
const IDS_IN_A_WORD = 400;

/** Often enough that two missed ones cost nobody his place, and a missed word little time: ms. */
const BEAT_MS = Math.floor(WAITER_LEASE_MS / 6);

/** Where permits are fought for, somebody waits again in a moment: so long after the last it is listened on: ms. */
const LINGER_MS = 5_000;

/** Words that came before it was known who waits for them; of each only the last matter. */
const MAX_EARLY = 1_000;

interface Waiting {
  readonly admit: (permit: StoredRequest) => void;
  readonly fail: (error: Error) => void;
}

/**
 * Those who wait at this server for permits of the database's pools. They are woken by the transaction that gives them one,
 * wherever it runs; one statement for all of them, every few seconds, says that they are still there and looks for what was
 * missed.
 */
export class PoolWaiters {
  readonly waits = new WaitMeasures();
  private readonly logger = new Logger(PoolWaiters.name);
  private readonly waiting = new Map<number, Waiting>();
  private readonly early = new Set<number>();
  private deaf: (() => void) | undefined;
  private beat: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;
  private isClosed = false;
  private isLiving = false;
  private looking: Promise<void> = Promise.resolve();

  /** `onBeat` is called with each beat, while somebody waits. */
  constructor(
    private readonly transactions: Transactions,
    private readonly store: LockPoolStore,
    private readonly notices: Notices,
    private readonly onBeat: () => Promise<void>,
  ) {}

  /** Tells, with the commit, those of them who wait elsewhere. */
  async tell(tx: Tx, ids: readonly number[]): Promise<void> {
    const elsewhere = ids.filter((id) => !this.waiting.has(id));
    const words: string[] = [];
    for (let at = 0; at < elsewhere.length; at += IDS_IN_A_WORD) {
      words.push(elsewhere.slice(at, at + IDS_IN_A_WORD).join(' '));
    }
    await this.notices.tell(
      tx,
      words.map((payload) => ({ channel: CHANNEL, payload })),
    );
  }

  /** After the commit: those of them who wait here. */
  given(ids: readonly number[]): void {
    const here = ids.filter((id) => this.waiting.has(id));
    for (const id of ids) if (!this.waiting.has(id)) this.remember(id);
    if (here.length > 0) this.look(here);
  }

  /**
   * Waits until the request has its permit, and begins its lease. undefined when `waitMs` are over first; throws the reason of the
   * signal when that comes first, Unavailable when the request is not there any more.
   */
  async wait(id: number, waitMs: number, signal: AbortSignal | undefined): Promise<StoredRequest | undefined> {
    signal?.throwIfAborted();
    if (this.isClosed) throw stopping();
    const done = this.waits.begin();
    let isGiven = false;
    try {
      return await new Promise<StoredRequest | undefined>((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', stop);
          this.waiting.delete(id);
        };
        const stop = (): void => {
          end();
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          end();
          resolve(undefined);
        }, waitMs);
        signal?.addEventListener('abort', stop, { once: true });
        this.waiting.set(id, {
          admit: (permit) => {
            isGiven = true;
            end();
            resolve(permit);
          },
          fail: (error) => {
            end();
            reject(error);
          },
        });
        this.begin();
        if (this.early.delete(id)) this.look([id]);
      });
    } finally {
      done(isGiven);
      if (this.waiting.size === 0) this.endSoon();
    }
  }

  /** Nobody waits here any more: all of them are told that the service ends. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.beat);
    for (const { fail } of [...this.waiting.values()]) fail(stopping());
  }

  private begin(): void {
    clearTimeout(this.linger);
    this.deaf ??= this.notices.listen(CHANNEL, {
      heard: (word) => this.given(word.split(' ').map(Number)),
      lookAgain: () => this.look([...this.waiting.keys()]),
    });
    this.beat ??= setInterval(() => void this.live(), BEAT_MS).unref();
  }

  private endSoon(): void {
    clearTimeout(this.linger);
    this.linger = setTimeout(() => this.end(), this.isClosed ? 0 : LINGER_MS).unref();
  }

  private end(): void {
    if (this.waiting.size > 0) return;
    this.deaf?.();
    this.deaf = undefined;
    clearInterval(this.beat);
    this.beat = undefined;
    this.early.clear();
  }

  private remember(id: number): void {
    this.early.add(id);
    const [oldest] = this.early;
    if (this.early.size > MAX_EARLY && oldest !== undefined) this.early.delete(oldest);
  }

  /** Hands out what these have been given. One look after another: what is heard meanwhile waits for the next. */
  private look(ids: readonly number[]): void {
    this.looking = this.looking.then(async () => {
      const still = ids.filter((id) => this.waiting.has(id));
      if (still.length === 0) return;
      try {
        const permits = await this.transactions.single('lockPools.collect', (tx) => this.store.collect(tx, still));
        for (const permit of permits) this.waiting.get(permit.id)?.admit(permit);
      } catch (error) {
        this.logger.debug(`permits are handed out with the next beat: ${(error as Error).message}`);
      }
    });
  }

  private async live(): Promise<void> {
    if (this.isLiving || this.waiting.size === 0) return;
    this.isLiving = true;
    const ids = [...this.waiting.keys()];
    try {
      const there = await this.transactions.single('lockPools.keepAlive', (tx) =>
        this.store.keepAlive(tx, ids, WAITER_LEASE_MS),
      );
      this.look(ids.filter((id) => there.has(id)));
      await this.looking;
      const lost = 'The request lost its place: the service could not reach the database in time. Try again.';
      for (const id of ids) if (!there.has(id)) this.waiting.get(id)?.fail(new Unavailable(lost));
      await this.onBeat();
    } catch (error) {
      this.logger.debug(`those who wait live on what time they have: ${(error as Error).message}`);
    } finally {
      this.isLiving = false;
    }
  }
}

function stopping(): Unavailable {
  return new Unavailable('The service is stopping; nothing is held. Try again.', { reason: REASONS.unavailable });
}
