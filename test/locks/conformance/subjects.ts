import { randomUUID } from 'node:crypto';
import {
  ClusterLocksService,
  FifoLocks,
  LockPool,
  LockPoolsService,
  NamedLocks,
  withPermit,
  type ExclusiveHold,
  type ExclusiveLock,
} from '#berth/locks';
import { AdvisorySessions } from '#berth/store';
import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import type { Client, Reply } from '../../support/http.js';

/** An implementation of a lock that one holder has at a time. */
export interface Subject {
  /** Ways to it: two processes, where it holds beyond one. */
  readonly doors: readonly ExclusiveLock[];
  /** Whether those who come by different doors are served in their order, too. */
  readonly isOneLine: boolean;
  /** Takes the lock as somebody who dies with it; undefined: its holders and it die together. */
  readonly die?: (name: string) => Promise<void>;
  /** Works under the lock, by whatever way the implementation has for that. */
  readonly use?: (name: string, work: () => Promise<void>) => Promise<void>;
  /** Whether `left` counts those who wait; elsewhere they stand in line as soon as they have asked. */
  readonly countsWaiters: boolean;
  /** How much is remembered of locks that somebody holds or waits for. */
  readonly left: () => Promise<number> | number;
}

/** Two services in this process, and two servers, on one database. */
export interface Stage {
  readonly services: readonly INestApplicationContext[];
  readonly servers: readonly Client[];
  readonly sql: pg.Client;
}

export const PLACE = 'conformance';
const LEASE_MS = 60_000;
/** Long enough to be seen held, short enough to wait for: ms. */
const DYING_MS = 1_000;

export const SUBJECTS: Readonly<Record<string, (stage: Stage) => Subject>> = {
  'named lock': () => {
    const fifo = new FifoLocks();
    const lock = new NamedLocks(undefined, fifo);
    const use = (name: string, work: () => Promise<void>): Promise<void> => lock.synchronized(name, {}, work);
    return { doors: [lock], isOneLine: true, countsWaiters: false, use, left: () => fifo.size };
  },

  'external named lock': ({ services, sql }) => {
    // As in two processes: what is held inside of one is not seen by the other.
    const named = services.map((service) => new NamedLocks(service.get(AdvisorySessions), new FifoLocks()));
    const doors = named.map((one): ExclusiveLock => ({
      acquire: (name, { waitMs }) => one.acquire(name, { waitMs, external: true }),
    }));
    const sessions = `from pg_stat_activity where datname = current_database() and application_name = 'berth lock'`;
    return {
      doors,
      isOneLine: false,
      countsWaiters: false,
      die: async (name) => {
        await doors[0]?.acquire(name, { waitMs: 0 });
        // What the server sees of a process that is killed.
        await sql.query(`select pg_terminate_backend(pid) ${sessions}`);
      },
      use: async (name, work) => void (await named[0]?.synchronized(name, { external: true }, work)),
      left: () => count(sql, `select count(*)::int as rows ${sessions}`),
    };
  },

  'lock pool': () => {
    const pool = new LockPool();
    const use = (name: string, work: () => Promise<void>): Promise<void> => pool.use(name, { waitMs: 0 }, work);
    return {
      doors: [pool],
      isOneLine: true,
      countsWaiters: false,
      use,
      left: () => pool.counts.active + pool.counts.waiting,
    };
  },

  'lock pool with room for one': () => {
    const pool = new LockPool({ capacity: 1 });
    // Whatever the key: there is room for one.
    const acquire: ExclusiveLock['acquire'] = (_name, { waitMs }) => pool.acquire(randomUUID(), { waitMs });
    return {
      doors: [{ acquire }],
      isOneLine: true,
      countsWaiters: false,
      left: () => pool.counts.active + pool.counts.waiting,
    };
  },

  'lock pool of the database': ({ services, sql }) => {
    const pools = services.map((service) => service.get(LockPoolsService));
    const ask = (name: string, waitMs: number, leaseMs: number) => ({
      key: name,
      owner: randomUUID(),
      waitMs,
      leaseMs,
    });
    const doors = pools.map((one): ExclusiveLock => ({
      acquire: async (name, { waitMs }) => {
        const wish = ask(name, waitMs, LEASE_MS);
        const { token } = await one.acquire(PLACE, wish);
        return { release: () => one.release(PLACE, token, wish.owner) };
      },
    }));
    return {
      doors,
      isOneLine: true,
      countsWaiters: true,
      die: async (name) => void (await pools[0]?.acquire(PLACE, ask(name, 0, DYING_MS))),
      use: async (name, work) => {
        if (pools[0] !== undefined) await withPermit(pools[0], PLACE, ask(name, 0, LEASE_MS), work);
      },
      left: () => poolRows(sql),
    };
  },

  'lock pool over HTTP': ({ servers, sql }) => {
    const path = `/lock_pools/${PLACE}/permits`;
    const acquire = async (http: Client | undefined, key: string, waitMs: number, leaseMs: number) => {
      const owner = randomUUID();
      // Whole seconds: who waits for less has to hang up.
      const wish = { key, owner, wait_seconds: Math.ceil(waitMs / 1_000), lease_seconds: leaseMs / 1_000 };
      const { token } = granted(await http?.post<{ token: number }>(path, wish));
      return {
        release: async () => {
          const reply = await http?.delete<{ released: boolean }>(`${path}/${token}?owner=${owner}`);
          return granted(reply).released;
        },
      };
    };
    return {
      doors: servers.map((http) => ({ acquire: (name, { waitMs }) => acquire(http, name, waitMs, LEASE_MS) })),
      isOneLine: true,
      countsWaiters: true,
      die: async (name) => void (await acquire(servers[0], name, 0, DYING_MS)),
      left: () => poolRows(sql),
    };
  },

  'cluster lock': ({ services, sql }) => {
    const locks = services.map((service) => service.get(ClusterLocksService));
    const acquire = async (
      one: ClusterLocksService | undefined,
      name: string,
      waitMs: number,
      leaseMs: number,
    ): Promise<ExclusiveHold> => {
      const owner = randomUUID();
      const { signal } = new AbortController();
      const wish = {
        lockspace: PLACE,
        actor: { owner },
        locks: [{ name, mode: 'exclusive' as const }],
        isAsync: false,
      };
      const acquired = await one?.acquire({ ...wish, leaseMs, waitMs, signal });
      if (acquired?.status !== 'granted') throw new Error('not granted');
      const token = acquired.locks[0]?.token;
      const lock = { lockspace: PLACE, name };
      return { release: async () => (await one?.release(lock, { owner }, token))?.released ?? false };
    };
    return {
      doors: locks.map((one) => ({ acquire: (name, { waitMs }) => acquire(one, name, waitMs, LEASE_MS) })),
      isOneLine: true,
      countsWaiters: true,
      die: async (name) => void (await acquire(locks[0], name, 0, DYING_MS)),
      left: () => clusterRows(sql),
    };
  },

  'cluster lock over HTTP': ({ servers, sql }) => {
    const acquire = async (
      http: Client | undefined,
      name: string,
      waitMs: number,
      leaseMs: number,
    ): Promise<ExclusiveHold> => {
      const path = `/lockspaces/${PLACE}/locks/${encodeURIComponent(name)}`;
      const owner = randomUUID();
      const wish = { owner, mode: 'exclusive', wait_ms: waitMs, lease_ms: leaseMs };
      const { token } = granted(await http?.put<{ token: number }>(path, wish));
      return {
        release: async () =>
          granted(await http?.put<{ released: boolean }>(path, { owner, mode: 'unlock', token })).released,
      };
    };
    return {
      doors: servers.map((http) => ({ acquire: (name, { waitMs }) => acquire(http, name, waitMs, LEASE_MS) })),
      isOneLine: true,
      countsWaiters: true,
      die: async (name) => void (await acquire(servers[0], name, 0, DYING_MS)),
      left: () => clusterRows(sql),
    };
  },
};

function granted<Body>(reply: Reply<Body> | undefined): Body {
  if (reply === undefined || reply.status >= 300) throw new Error(`${reply?.status} ${JSON.stringify(reply?.body)}`);
  return reply.body;
}

async function count(sql: pg.Client, statement: string): Promise<number> {
  return (await sql.query<{ readonly rows: number }>(statement)).rows[0]?.rows ?? 0;
}

function poolRows(sql: pg.Client): Promise<number> {
  return count(sql, 'select count(*)::int as rows from lock_pool_requests where expires_at > clock_timestamp()');
}

function clusterRows(sql: pg.Client): Promise<number> {
  return count(
    sql,
    `select (select count(*) from cluster_lock_requests)::int
          + (select count(*) from cluster_lock_owners where mode > 0 and ends_at > clock_timestamp())::int as rows`,
  );
}
