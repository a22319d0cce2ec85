import type { Ending, FencedWrite, Held, HeldMode, History, Looked, Recorded } from '../history/history.js';
import type { Outcome } from '../../support/send.js';

/** A hold as answers show it. */
export interface HoldView {
  readonly name: string;
  readonly owner: string;
  readonly mode: HeldMode;
  readonly token: number;
  readonly changed: boolean;
  readonly cached: boolean;
  readonly revoked: boolean;
  readonly since: string;
  readonly expires_at: string;
  readonly lease_ms: number;
}

/** All that clients did and were told, and how often what came of it. */
export class SoakLog {
  readonly held: Held[] = [];
  readonly looked: Looked[] = [];
  readonly endings: Ending[] = [];
  readonly writes: FencedWrite[] = [];
  /** Kind and outcome: how many. */
  readonly counts = new Map<string, number>();
  operations = 0;

  /** `graceMs`: how long a cached hold keeps others out beyond its lease. */
  constructor(private readonly graceMs: number) {}

  /** Every request that somebody took is one operation. */
  count(kind: string, { status, body }: Outcome): void {
    if (status !== -1) this.operations += 1;
    const key = `${kind}: ${status === 0 ? 'no answer' : status === -1 ? 'nobody there' : (reasonOf(body) ?? status)}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** `isFresh`: the operation made the hold, and was told for the first time what had changed. */
  hold(
    view: HoldView,
    { invokedAt, answeredAt = invokedAt }: Pick<Outcome, 'invokedAt' | 'answeredAt'>,
    isFresh: boolean,
  ): void {
    const { name: lock, owner, mode, token, changed } = view;
    const untilMs = Date.parse(view.expires_at) + (view.cached ? this.graceMs : 0);
    this.held.push({
      ...{
        lock,
        owner,
        mode,
        token,
        sinceMs: Date.parse(view.since),
        untilMs,
        leaseMs: view.lease_ms,
        invokedAt,
        answeredAt,
      },
      ...(isFresh && { fresh: { changed } }),
    });
  }

  end(ending: Omit<Ending, 'invokedAt' | 'answeredAt'>, { invokedAt, answeredAt, status }: Outcome): void {
    if (status !== -1) this.endings.push({ ...ending, invokedAt, answeredAt: status < 500 ? answeredAt : undefined });
  }

  history(record: readonly Recorded[]): History {
    const { held, looked, endings, writes } = this;
    return { held, looked, endings, writes, record };
  }
}

/** The code of what refused a request. */
export function reasonOf(body: unknown): string | undefined {
  const { errors } = (body ?? {}) as { errors?: readonly { readonly reason?: { readonly code?: string } }[] };
  return errors?.[0]?.reason?.code;
}

/** What came of a request cannot be known: it may yet have an effect. */
export function isUnknown({ status }: Outcome): boolean {
  return status === 0 || status >= 500;
}
