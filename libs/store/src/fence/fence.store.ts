import type { Fence } from '#berth/domain';
import { run, together, type Tx } from '../sql.js';
import * as sql from './fence.sql.js';

/**
 * Those of the fences that nothing may be written under: their holds have ended by the database's clock, or are not
 * exclusive. The locks of all stay as they are until `tx` ends, so what is written under the others is committed before
 * anybody else is granted them. Last of all row locks: whoever holds one waits for no row of the Placement API.
 */
export async function listStaleFences(tx: Tx, fences: readonly Fence[]): Promise<readonly Fence[]> {
  if (fences.length === 0) return [];
  const [lockspaces, names] = [fences.map(({ lockspace }) => lockspace), fences.map(({ name }) => name)];
  const [, { rows }] = await together([
    run(tx, sql.keep, [lockspaces, names]),
    run(tx, sql.listStale, [lockspaces, names, fences.map(({ token }) => token)]),
  ] as const);
  const stale = new Set(rows.map(({ place }) => place - 1));
  return fences.filter((_fence, at) => stale.has(at));
}
