import type { HeldMode, Recorded } from '../history/history.js';
import { POOL } from './pool-client.js';
import { LOCKSPACE } from './scene.js';
import { query } from '../../support/query.js';
import type { SoakDatabase } from './postgres.js';

/** What was granted and released in one transaction has none. */
const MODES: readonly (HeldMode | undefined)[] = [undefined, 'monitor', 'shared', 'exclusive'];

/**
 * Every grant is written down in the transaction that makes it, by the database itself: what clients never heard of
 * happened, too. A grant is what gives an owner's row another token.
 */
const INSTALL = `
  create table soak_grants (lock_id bigint, owner text, mode smallint, token bigint, since timestamptz, request_id bigint, converted boolean);
  create function soak_note_grant() returns trigger language plpgsql as $$
  begin
    insert into soak_grants values (new.lock_id, new.owner, new.mode, new.token, new.since, new.request_id,
      tg_op = 'UPDATE' and old.mode > 1);
    return null;
  end $$;
  create trigger soak_inserted after insert on cluster_lock_owners for each row when (new.token > 0) execute function soak_note_grant();
  create trigger soak_updated after update on cluster_lock_owners for each row
    when (new.token <> old.token) execute function soak_note_grant();
  create table soak_permits (key text, owner text, token bigint, since timestamptz, request_id bigint);
  create function soak_note_permit() returns trigger language plpgsql as $$
  begin
    insert into soak_permits values (new.key, new.owner, new.token, new.granted_at, new.id);
    return null;
  end $$;
  create trigger soak_inserted after insert on lock_pool_requests for each row when (new.token is not null) execute function soak_note_permit();
  create trigger soak_updated after update on lock_pool_requests for each row
    when (old.token is null and new.token is not null) execute function soak_note_permit();`;

export async function installRecord(database: SoakDatabase): Promise<void> {
  await query(database, INSTALL);
}

/** Before the lockspace is removed: it knows the names of locks. */
export async function readRecord(database: SoakDatabase): Promise<Recorded[]> {
  const rows = await query<{
    readonly lock: string;
    readonly owner: string;
    readonly mode: number;
    readonly token: number;
    readonly since_ms: number;
    readonly request_id: number | null;
    readonly converted: boolean;
  }>(
    database,
    `select l.name as lock, g.owner, g.mode, g.token::float8 as token, floor(extract(epoch from g.since) * 1000)::float8 as since_ms,
            g.request_id::float8 as request_id, g.converted
       from soak_grants g join cluster_locks l on l.id = g.lock_id`,
  );
  return rows.map(({ lock, owner, mode, token, since_ms: sinceMs, request_id: requestId, converted }) => {
    return { lock, owner, mode: MODES[mode], token, sinceMs, requestId, converted };
  });
}

/** Permits of the pool, each an exclusive hold of its key. */
export async function readPermits(database: SoakDatabase): Promise<Recorded[]> {
  const rows = await query<{
    readonly lock: string;
    readonly owner: string;
    readonly token: number;
    readonly since_ms: number;
    readonly request_id: number;
  }>(
    database,
    `select key as lock, owner, token::float8 as token, floor(extract(epoch from since) * 1000)::float8 as since_ms,
            request_id::float8 as request_id
       from soak_permits`,
  );
  return rows.map(({ lock, owner, token, since_ms: sinceMs, request_id: requestId }) => ({
    ...{ lock, owner, mode: 'exclusive', token, sinceMs, requestId, converted: false },
  }));
}

/** Rows that ought not to be there when nobody does anything any more, in words. */
export async function listLeftovers(database: SoakDatabase): Promise<string[]> {
  const rows = await query<{ readonly what: string; readonly rows: number }>(
    database,
    `select 'requests' as what, count(*)::int as rows from cluster_lock_requests
     union all select 'places in line', count(*)::int from cluster_lock_wants
     union all select 'holds', count(*)::int from cluster_lock_owners where mode > 0 and ends_at > clock_timestamp()
     union all select 'sessions', count(*)::int from cluster_lock_sessions
     union all select 'handles', count(*)::int from cluster_lock_handles
     union all select 'permits', count(*)::int from lock_pool_requests where expires_at > clock_timestamp()`,
  );
  return rows.filter((row) => row.rows > 0).map((row) => `${row.rows} ${row.what}`);
}

/** What is left of lockspace and pool when they were removed. */
export async function listRemains(database: SoakDatabase): Promise<string[]> {
  const rows = await query<{ readonly what: string; readonly rows: number }>(
    database,
    `select 'lockspaces' as what, count(*)::int as rows from lockspaces where name = '${LOCKSPACE}'
     union all select 'locks', count(*)::int from cluster_locks
     union all select 'owners', count(*)::int from cluster_lock_owners
     union all select 'pools', count(*)::int from lock_pools where name = '${POOL}'
     union all select 'places in pools', count(*)::int from lock_pool_requests where pool = '${POOL}'`,
  );
  return rows.filter((row) => row.rows > 0).map((row) => `${row.rows} ${row.what}`);
}

/** Processes that died are remembered for a minute: that minute is over. */
export async function ageSessions(database: SoakDatabase): Promise<void> {
  await query(database, `update cluster_lock_sessions set alive_until = alive_until - interval '1 minute'`);
}
