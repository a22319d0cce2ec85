import { LockTable, type ClusterHold, type ClusterLock, type LockRequest } from '../src/index.js';

/** Ids and names of the locks there are. */
export const LOCKS = ['1', '2', '3'];
const LEASE_MS = 100;

/** What the database would keep of cluster locks between two transactions. */
export class LockWorld {
  nowMs = 1_000;
  number = 0;
  locks: ClusterLock[] = LOCKS.map((id) => ({
    ...{ id, lockspace: 's', name: id, leaseMs: LEASE_MS, graceMs: 20, draining: false, lastExclusive: 0 },
    ...{ owners: new Map<string, ClusterHold>(), isLineCut: false },
  }));
  line: LockRequest[] = [];

  /** Runs one operation as the service does, keeps what it changed, and answers what it answered or threw. */
  run<Result>(work: (table: LockTable) => Result): Result | Error {
    const table = new LockTable(this.nowMs, this.locks, this.line, () => (this.number += 1));
    let result: Result | Error;
    try {
      result = work(table);
    } catch (error) {
      result = error as Error;
    }
    const { holds, queued, removed } = table.changes();
    this.locks = this.locks.map((lock) => {
      const own = holds.filter(({ lockId }) => lockId === lock.id);
      const last = own.find(({ lastExclusive }) => lastExclusive !== null)?.lastExclusive ?? lock.lastExclusive;
      const owners = new Map(lock.owners);
      for (const { hold } of own) owners.set(hold.owner, hold);
      return { ...lock, lastExclusive: last, owners };
    });
    this.line = [...this.line.filter(({ id }) => !removed.includes(id)), ...queued];
    return result;
  }

  held(lockId: string): ClusterHold[] {
    const lock = this.locks.find(({ id }) => id === lockId);
    return [...(lock?.owners.values() ?? [])].filter(
      ({ mode, endsAtMs }) => mode !== 'unlock' && endsAtMs > this.nowMs,
    );
  }
}
