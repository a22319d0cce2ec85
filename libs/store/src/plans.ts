import type { ClientBase } from 'pg';

/** Plans are made anew when the process has written so many times as much as when they were made: a few dozen times in its life. */
const GROWTH = 4;

/** And after so long in any case, because others may have made the tables grow: ms. Costs some 10 ms of the server. */
const MAX_AGE_MS = 60_000;

interface Plans {
  /** How much the process had written by then. */
  readonly madeAt: number;
  readonly madeAtMs: number;
}

const kept = new WeakMap<ClientBase, Plans>();

/** Writing transactions of the process, over all its connections: one that rested is told what the others did. */
let written = 0;

/**
 * Call it when `client` begins something; `writes`: a transaction that may make tables grow. Prepared statements keep the plan that was right when they were first run;
 * now and then this has them planned anew, by what tables have become. Of tables that the planner knows to be empty
 * (VACUUM has seen them so) every index looks as good as any other, and a plan that walks the wrong one from end to end
 * would be kept until they are analysed: 40 times the cost of a claim, a second for a group, for the first minute of a
 * service. Sends a statement ahead of the next and doesn't wait for it; failing, it leaves the telling to the next one.
 */
export function renewPlans(client: ClientBase, writes: boolean): void {
  if (writes) written += 1;
  const now = performance.now();
  const plans = kept.get(client);
  const isFresh =
    plans !== undefined && written < Math.max(1, plans.madeAt) * GROWTH && now - plans.madeAtMs < MAX_AGE_MS;
  if (isFresh) return;
  kept.set(client, { madeAt: written, madeAtMs: now });
  if (plans !== undefined) client.query('discard plans').catch(() => undefined);
}
