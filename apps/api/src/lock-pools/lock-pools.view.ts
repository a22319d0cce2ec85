import type { Permit, PoolSummary, PoolView, StoredRequest } from '#berth/locks';
import { toPoolCursor } from './lock-pools.query.js';

/** Source: docs/api/lock-pools.md. */
export function poolsPageView(pools: readonly PoolSummary[], limit: number): object {
  const last = pools.at(-1);
  const next = last === undefined || pools.length < limit ? null : toPoolCursor(last.name);
  return { lock_pools: pools.map(summaryView), next };
}

export function summaryView({ name, capacity, active, waiting }: PoolSummary): object {
  return { name, capacity, active, waiting };
}

/** The pool with each key that somebody holds or awaits, in the order in which they were first asked for. */
export function poolView({ name, capacity, requests }: PoolView): object {
  const keys = new Map<string, { permit: StoredRequest | undefined; waiting: number }>();
  for (const request of requests) {
    const known = keys.get(request.key) ?? { permit: undefined, waiting: 0 };
    keys.set(request.key, known);
    if (request.token === null) known.waiting += 1;
    else known.permit = request;
  }
  const active = requests.filter(({ token }) => token !== null).length;
  return {
    ...summaryView({ name, capacity, active, waiting: requests.length - active }),
    keys: [...keys].map(([key, { permit, waiting }]) => ({ key, permit: holderView(permit), waiting })),
  };
}

export function permitView({ key, owner, token, sinceMs, expiresMs }: Permit): object {
  return { key, owner, token, since: timeView(sinceMs), expires_at: timeView(expiresMs) };
}

function holderView(request: StoredRequest | undefined): object | null {
  if (request === undefined) return null;
  const { owner, token, grantedMs, expiresMs } = request;
  return { owner, token, since: timeView(grantedMs ?? expiresMs), expires_at: timeView(expiresMs) };
}

function timeView(ms: number): string {
  return new Date(ms).toISOString();
}
