import {
  areCompatible,
  type Ending,
  type FencedWrite,
  type Held,
  type History,
  type Looked,
  type Recorded,
} from './history.js';

interface SimHold {
  readonly mode: Held['mode'];
  readonly token: number;
  readonly sinceMs: number;
  untilMs: number;
  /** Its owner was told of it. */
  known: boolean;
}

interface Waiting {
  readonly place: number;
  readonly owner: string;
  readonly mode: Held['mode'];
  readonly invokedAt: number;
}

interface SimLock {
  readonly name: string;
  readonly holds: Map<string, SimHold>;
  readonly seen: Map<string, number>;
  line: Waiting[];
  lastExclusive: number;
}

const LEASE_MS = 40;
/** The database's clock is another one than the clients'. */
const EPOCH_MS = 1_700_000_000_000;
const MODES = ['exclusive', 'exclusive', 'shared', 'monitor'] as const;

/**
 * Locks as they ought to be, one operation after another, as clients would have seen them: question and answer lie around
 * the moment of the effect, some answers are lost. What it tells is sound.
 */
export class Simulator {
  private readonly held: Held[] = [];
  private readonly looked: Looked[] = [];
  private readonly endings: Ending[] = [];
  private readonly writes: FencedWrite[] = [];
  private readonly record: Recorded[] = [];
  private readonly busyUntil = new Map<string, number>();
  private readonly locks: readonly SimLock[];
  private now = 0;
  private numbers = 0;

  /** `random`: from 0 to 1, as Math.random. */
  constructor(
    private readonly random: () => number,
    locks = 2,
  ) {
    this.locks = Array.from({ length: locks }, (_, at) => ({
      ...{ name: `lock ${at}`, holds: new Map(), seen: new Map(), line: [], lastExclusive: 0 },
    }));
  }

  run(steps: number, owners: number): History {
    for (let step = 0; step < steps; step += 1) {
      this.now += 1 + Math.floor(this.random() * 6);
      for (const lock of this.locks) this.serve(lock);
      const owner = `owner ${Math.floor(this.random() * owners)}`;
      const lock = this.locks[Math.floor(this.random() * this.locks.length)];
      const waits = this.locks.some(({ line }) => line.some((one) => one.owner === owner));
      if (lock === undefined || waits || (this.busyUntil.get(owner) ?? 0) >= this.now - 3) continue;
      const hold = lock.holds.get(owner);
      if (hold === undefined) this.acquire(lock, owner);
      else if (hold.known) this.use(lock, owner, hold);
      this.serve(lock);
    }
    const { held, looked, endings, writes, record } = this;
    return { held, looked, endings, writes, record };
  }

  private acquire(lock: SimLock, owner: string): void {
    const mode = MODES[Math.floor(this.random() * MODES.length)] ?? 'exclusive';
    const waiting = { place: (this.numbers += 1), owner, mode, invokedAt: this.now - this.random() * 3 };
    if (this.isFree(lock, waiting, lock.line)) this.grant(lock, waiting, null);
    else lock.line.push(waiting);
  }

  private use(lock: SimLock, owner: string, hold: SimHold): void {
    const named = { lock: lock.name, owner, token: hold.token };
    const timed = this.timed(owner);
    const what = this.random();
    if (hold.mode === 'monitor' && what < 0.6) {
      const changed = lock.lastExclusive > (lock.seen.get(owner) ?? 0);
      lock.seen.set(owner, lock.lastExclusive);
      this.looked.push({ ...named, ...timed, changed: timed.answeredAt === undefined ? undefined : changed });
    } else if (what < 0.3) {
      hold.untilMs = this.now + LEASE_MS;
      if (timed.answeredAt !== undefined) this.tell(lock, owner, hold, { ...timed, answeredAt: timed.answeredAt });
    } else if (what < 0.5 && hold.mode === 'exclusive') {
      this.write(lock, hold.token, owner);
    } else if (what < 0.9) {
      lock.holds.delete(owner);
      this.endings.push({ ...named, ...timed, ...(timed.answeredAt !== undefined && { released: true }) });
    }
    // Some old token tries to write.
    const stale = this.record[Math.floor(this.random() * this.record.length)];
    if (stale?.lock === lock.name && stale.mode === 'exclusive') this.write(lock, stale.token, owner);
  }

  private write({ name: lock, holds }: SimLock, token: number, owner: string): void {
    const accepted = [...holds.values()].some((hold) => hold.token === token && hold.mode === 'exclusive');
    const { invokedAt, answeredAt } = this.timed(owner);
    if (answeredAt !== undefined) this.writes.push({ lock, token, accepted, invokedAt, answeredAt });
  }

  private serve(lock: SimLock): void {
    for (const [owner, { untilMs }] of lock.holds) if (untilMs <= this.now) lock.holds.delete(owner);
    for (const waiting of [...lock.line]) {
      const before = lock.line.slice(0, lock.line.indexOf(waiting));
      if (!this.isFree(lock, waiting, before)) continue;
      lock.line = lock.line.filter((one) => one !== waiting);
      this.grant(lock, waiting, waiting.place);
    }
  }

  private isFree({ holds }: SimLock, { owner, mode }: Waiting, before: readonly Waiting[]): boolean {
    const inTheWay = [...[...holds].filter(([other]) => other !== owner).map(([, hold]) => hold), ...before];
    return inTheWay.every((other) => areCompatible(other.mode, mode));
  }

  private grant(lock: SimLock, { owner, mode, invokedAt }: Waiting, requestId: number | null): void {
    const token = (this.numbers += 1);
    const changed = lock.lastExclusive > (lock.seen.get(owner) ?? 0);
    if (mode === 'exclusive') lock.lastExclusive = token;
    lock.seen.set(owner, lock.lastExclusive);
    const { answeredAt } = this.timed(owner);
    const hold = { mode, token, sinceMs: this.now, untilMs: this.now + LEASE_MS, known: answeredAt !== undefined };
    lock.holds.set(owner, hold);
    const sinceMs = EPOCH_MS + this.now;
    this.record.push({ lock: lock.name, owner, mode, token, sinceMs, requestId, converted: false });
    if (answeredAt !== undefined) this.tell(lock, owner, hold, { invokedAt, answeredAt, fresh: { changed } });
  }

  private tell(
    { name: lock }: SimLock,
    owner: string,
    { mode, token, sinceMs, untilMs }: SimHold,
    timed: Pick<Held, 'invokedAt' | 'answeredAt' | 'fresh'>,
  ): void {
    const times = { sinceMs: EPOCH_MS + sinceMs, untilMs: EPOCH_MS + untilMs, leaseMs: LEASE_MS };
    this.held.push({ lock, owner, mode, token, ...times, ...timed });
  }

  private timed(owner: string): { readonly invokedAt: number; readonly answeredAt: number | undefined } {
    const answeredAt = this.now + this.random() * 3;
    this.busyUntil.set(owner, answeredAt);
    return { invokedAt: this.now - this.random() * 3, answeredAt: this.random() < 0.05 ? undefined : answeredAt };
  }
}
