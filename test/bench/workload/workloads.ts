import { candidateWorkloads } from './candidates.js';
import { claimWorkloads } from './claims.js';
import { findAndClaimWorkloads } from './find-and-claim.js';
import { inventoryWriteWorkloads } from './inventory-writes.js';
import { readWorkloads } from './reads.js';
import type { Workload } from './workload.js';

/** How fast the generator itself is: a server that does nothing answers it. Not part of a run's table. */
export const CEILING: Workload = {
  id: 'ceiling',
  title: 'a server that does nothing',
  world: 'flat',
  since: 0,
  prepare: () => (connection) => connection.call({ method: 'GET', path: '/' }),
};

const number = ({ id }: Workload): number => Number.parseInt(id.slice(1), 10);

/** All workloads, in the order of their numbers. */
export const WORKLOADS: readonly Workload[] = [
  ...candidateWorkloads,
  ...claimWorkloads,
  ...readWorkloads,
  ...inventoryWriteWorkloads,
  ...findAndClaimWorkloads,
].sort((one, other) => number(one) - number(other));

/** The workload of this id. Throws if there is none. */
export function workloadOf(id: string): Workload {
  const found = [...WORKLOADS, CEILING].find((workload) => workload.id === id);
  if (found === undefined) throw new Error(`there is no workload ${id}`);
  return found;
}
