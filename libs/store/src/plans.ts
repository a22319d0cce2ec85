import type { ClientBase } from 'pg';

/** Each stretch of uses after which plans are made anew is so many times the one before: a few dozen times in a life. */
const GROWTH = 4;

/** And after so long in any case, because others may have made the tables grow: ms. Costs some 10 ms of the server. */
const MAX_AGE_MS = 60_000;

interface Plans {
  uses: number;
  /** At which use they are made anew. */
  until: number;
  madeAtMs: number;
}

const kept = new WeakMap<ClientBase, Plans>();

/**
 * Call it when `client` begins something. Prepared statements keep the plan that was right when they were first run;
 * now and then this has them planned anew, by what tables have become. Of tables that the planner knows to be empty
 * (VACUUM has seen them so) every index looks as good as any other, and a plan that walks the wrong one from end to end
 * would be kept until they are analysed: 40 times the cost of a claim, a second for a group, for the first minute of a
 * service. Sends a statement ahead of the next and doesn't wait for it; failing, it leaves the telling to the next one.
 */
export function renewPlans(client: ClientBase): void {
  const now = performance.now();
  const plans = kept.get(client);
  if (plans === undefined) {
    kept.set(client, { uses: 1, until: GROWTH, madeAtMs: now });
    return;
  }
  plans.uses += 1;
  if (plans.uses < plans.until && now - plans.madeAtMs < MAX_AGE_MS) return;
  if (plans.uses >= plans.until) plans.until *= GROWTH;
  plans.madeAtMs = now;
  client.query('discard plans').catch(() => undefined);
}
