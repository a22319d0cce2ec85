import { LockPoolNotFound, PermitNotFound } from '#berth/domain';
import type { AskPermit, LockPoolsService, Permit } from './lock-pools.service.js';

/**
 * Runs `work` with a permit of a pool, which is made if it is not there, and gives the permit back however the work ends. While the work
 * goes on the lease is renewed; `lost` aborts if that is refused: somebody else may hold the key since. Throws as
 * `LockPoolsService.acquire`, and what `work` throws.
 */
export async function withPermit<T>(
  pools: LockPoolsService,
  pool: string,
  ask: AskPermit,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const permit = await acquire(pools, pool, ask);
  const lost = new AbortController();
  const renewing = setInterval(() => {
    pools.renew(pool, permit.token, ask.owner, ask.leaseMs).catch((error: unknown) => {
      // Anything else may be over by the next time, and the lease is longer than that.
      if (error instanceof PermitNotFound) lost.abort(error);
    });
  }, ask.leaseMs / 3);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(renewing);
    // What can't be given back now goes with its lease.
    await pools.release(pool, permit.token, ask.owner).catch(() => false);
  }
}

async function acquire(pools: LockPoolsService, pool: string, ask: AskPermit): Promise<Permit> {
  try {
    return await pools.acquire(pool, ask);
  } catch (error) {
    if (!(error instanceof LockPoolNotFound)) throw error;
    await pools.ensure(pool);
    return await pools.acquire(pool, ask);
  }
}
