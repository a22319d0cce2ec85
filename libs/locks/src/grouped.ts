import { REASONS, Unavailable, type SlotTaken } from '#berth/domain';
import { Spread } from '#berth/store';

/** What one request of a group came to, by itself. */
export type Outcome<Result, Refusal extends Error = SlotTaken> =
  { readonly status: 'done'; readonly result: Result } | { readonly status: 'refused'; readonly error: Refusal };

interface Waiting<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** As with claims (docs/adr/0009): more saves little more, and makes whoever comes next on the same keys wait longer. */
const MAX_GROUP = 64;
const MAX_RUNNING = 2;
const MAX_WAITING = 10_000;

/** Bounds by which groups are counted. */
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, MAX_GROUP];

/**
 * Carries out requests in groups: those that wait while others are under way share a transaction, and with it a commit
 * and the row locks of hot keys. Each request succeeds or fails by itself; a group in which something unforeseen fails is
 * run again one by one.
 */
export class Grouped<Request, Result> {
  /** Requests in the groups that were begun. */
  readonly sizes = new Spread(GROUP_SIZES);
  /** Requests that were turned away because too many waited. */
  refused = 0;
  private waiting: Waiting<Request, Result>[] = [];
  private running = 0;

  /** `carryOut` answers the outcomes of the requests, in their order, once they have taken effect. */
  constructor(
    private readonly carryOut: (requests: readonly Request[]) => Promise<readonly Outcome<Result, Error>[]>,
  ) {}

  /** Resolves once the request has taken effect. Throws what refused it, with nothing written. */
  run(request: Request): Promise<Result> {
    if (this.waiting.length >= MAX_WAITING) {
      this.refused += 1;
      const message = 'Too many requests for locks are waiting; nothing was written. Try again later.';
      return Promise.reject(new Unavailable(message, { reason: REASONS.overloaded }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      // All requests that were read from the network in one turn make one group.
      if (this.waiting.length === 1) setImmediate(() => this.drain());
    });
  }

  /** Requests that wait for their group to begin. */
  get queued(): number {
    return this.waiting.length;
  }

  private drain(): void {
    while (this.running < MAX_RUNNING && this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      this.running += 1;
      void this.answer(group).finally(() => {
        this.running -= 1;
        this.drain();
      });
    }
  }

  private async answer(group: readonly Waiting<Request, Result>[]): Promise<void> {
    this.sizes.add(group.length);
    try {
      const outcomes = await this.carryOut(group.map(({ request }) => request));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome?.status === 'done') resolve(outcome.result);
        else reject(outcome?.error);
      });
    } catch (error) {
      if (group.length === 1 || error instanceof Unavailable) group.forEach(({ reject }) => reject(error));
      else for (const one of group) await this.answer([one]);
    }
  }
}

/** Tries one request of a group. `mayRefuse` tells refusals from bugs, which may have left work half done: they pass. */
export function attempt<Result, Refusal extends Error>(
  apply: () => Result,
  mayRefuse: (error: unknown) => error is Refusal,
): Outcome<Result, Refusal> {
  try {
    return { status: 'done', result: apply() };
  } catch (error) {
    if (mayRefuse(error)) return { status: 'refused', error };
    throw error;
  }
}
