/**
 * Makes the built service break one rule of cluster locks, the one that SOAK_BROKEN names, from outside: what ships knows
 * nothing of it. Loaded with `node --import`. Only the test that tries the history checker does so.
 */
const dist = new URL('../../dist/libs/', import.meta.url);
const { COMPATIBLE } = await import(new URL('domain/src/cluster-lock.js', dist));
const { LockTable } = await import(new URL('domain/src/cluster-lock-table.js', dist));
const lines = await import(new URL('store/src/cluster-lock/cluster-lock.sql.js', dist));
const fences = await import(new URL('store/src/fence/fence.sql.js', dist));

const { give, obstacles, endOverdue } = LockTable.prototype;

const BREAKS = {
  /** Two may have it alone. */
  exclusion() {
    COMPATIBLE.exclusive.exclusive = true;
  },
  /** A lease ends before its time. */
  lease() {
    LockTable.prototype.endOverdue = function (lock) {
      for (const [owner, hold] of lock.owners) lock.owners.set(owner, { ...hold, endsAtMs: hold.endsAtMs - 100 });
      endOverdue.call(this, lock);
    };
  },
  /** Whoever comes last is served first. */
  order() {
    LockTable.prototype.serve = function (lockId) {
      for (const request of [...this.lineOf(lockId)].reverse()) {
        if (this.isPointless(request)) this.leave(request);
        else if (request.isWhole && this.obstacles(request).length === 0) this.grant(request);
      }
    };
    LockTable.prototype.obstacles = function (request) {
      return obstacles.call(this, request).flatMap((one) => (one.holders.length > 0 ? [{ ...one, waiting: 0 }] : []));
    };
  },
  /** Nobody is told that something changed. */
  changed() {
    LockTable.prototype.give = function (...given) {
      return { ...give.apply(this, given), changed: false };
    };
  },
  /** Requests are never forgotten. */
  leftovers() {
    lines.removeRequests.text = 'delete from cluster_lock_wants where request_id = any($1::bigint[])';
  },
  /** Every token will do. */
  fence() {
    fences.listStale.text = 'select 1::int as place from unnest($1::text[], $2::text[], $3::bigint[]) where false';
  },
};

BREAKS[process.env.SOAK_BROKEN]();
