import { statement } from '../sql.js';

/** The database's clock, now and not at the transaction's beginning: it may have waited for the pool's lock since. ms. */
const NOW_MS = `floor(extract(epoch from clock_timestamp()) * 1000)`;

const time = (ms: string): string => `to_timestamp(${ms} / 1000)`;
const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

const REQUEST = `r.id::float8 as id, r.key, r.owner, r.lease_ms, r.token::float8 as token,
          ${ms('r.granted_at')} as granted_ms, ${ms('r.expires_at')} as expires_ms`;

/** Ids and tokens are counted one by one: numbers hold them. */
export interface RequestRow {
  readonly id: number;
  readonly key: string;
  readonly owner: string;
  readonly lease_ms: number;
  readonly token: number | null;
  readonly granted_ms: number | null;
  readonly expires_ms: number;
}

/** Takes the lock of a pool: nothing is decided about it at the same time. */
export const lock = statement<{ readonly capacity: number }>(
  'lockPool.lock',
  `select capacity from lock_pools where name = $1::text for update`,
);

/** The same, and makes it if it isn't there. `$2`: its capacity from now on; null: as it is, or `$3` if it is new. */
export const put = statement<{ readonly capacity: number }>(
  'lockPool.put',
  `insert into lock_pools as p (name, capacity) values ($1::text, coalesce($2::int, $3::int))
   on conflict (name) do update set capacity = coalesce($2::int, p.capacity) returning capacity`,
);

export const clock = statement<{ readonly now_ms: number; readonly next_id: number }>(
  'lockPool.clock',
  `select ${NOW_MS}::float8 as now_ms, nextval(pg_get_serial_sequence('lock_pool_requests', 'id'))::float8 as next_id`,
);

/** As `clock`, for who only looks. */
export const now = statement<{ readonly now_ms: number; readonly next_id: number }>(
  'lockPool.now',
  `select ${NOW_MS}::float8 as now_ms, 0::float8 as next_id`,
);

export const listRequests = statement<RequestRow>(
  'lockPool.listRequests',
  `select ${REQUEST} from lock_pool_requests r where r.pool = $1::text order by r.id`,
);

/** Who comes: in line, or with a permit at once. */
export const insert = statement<{ readonly id: number; readonly token: number | null }>(
  'lockPool.insert',
  `insert into lock_pool_requests (id, pool, key, owner, lease_ms, token, granted_at, expires_at)
   select $1::float8::bigint, $2::text, $3::text, $4::text, $5::int,
          case when $6::float8 is not null then nextval('lock_pool_tokens') end, ${time('$6::float8')}, ${time('$7::float8')}
   returning id::float8 as id, token::float8 as token`,
);

export const grant = statement<{ readonly id: number; readonly token: number }>(
  'lockPool.grant',
  `update lock_pool_requests r
      set token = nextval('lock_pool_tokens'), granted_at = ${time('given.granted_ms')}, expires_at = ${time('given.expires_ms')}
     from unnest($1::float8[], $2::float8[], $3::float8[]) as given (id, granted_ms, expires_ms)
    where r.id = given.id::bigint and r.token is null
   returning r.id::float8 as id, r.token::float8 as token`,
);

export const renew = statement(
  'lockPool.renew',
  `update lock_pool_requests set lease_ms = $2::int, expires_at = ${time('$3::float8')} where id = $1::float8::bigint`,
);

export const remove = statement(
  'lockPool.remove',
  `delete from lock_pool_requests where id = any($1::float8[]::bigint[])`,
);

/** Somebody who waits may have been kept alive since it was read. */
export const removeExpired = statement(
  'lockPool.removeExpired',
  `delete from lock_pool_requests where id = any($1::float8[]::bigint[]) and expires_at <= ${time('$2::float8')}`,
);

/**
 * Keeps alive who waits at this server. A row that is locked is being decided about: it is not waited for, lest two wait in a
 * circle, and keeps what time it has.
 */
export const keepAlive = statement(
  'lockPool.keepAlive',
  `with mine as (
     select id from lock_pool_requests where id = any($1::float8[]::bigint[]) and token is null
      order by id for update skip locked)
   update lock_pool_requests r set expires_at = ${time(`(${NOW_MS} + $2::float8)`)} from mine where r.id = mine.id`,
);

/** What was given to those who waited here: from now on its whole lease. */
export const collect = statement<RequestRow>(
  'lockPool.collect',
  `update lock_pool_requests r set expires_at = ${time(`(${NOW_MS} + r.lease_ms)`)}
    where r.id = any($1::float8[]::bigint[]) and r.token is not null and r.expires_at > clock_timestamp()
   returning ${REQUEST}`,
);

export const listIds = statement<{ readonly id: number }>(
  'lockPool.listIds',
  `select id::float8 as id from lock_pool_requests where id = any($1::float8[]::bigint[])`,
);

/** Pools in which somebody is over his time. */
export const listExpiredPools = statement<{ readonly pool: string }>(
  'lockPool.listExpiredPools',
  `select distinct late.pool
     from (select pool from lock_pool_requests where expires_at <= clock_timestamp() order by expires_at limit $1::int) as late`,
);

export interface PoolRow {
  readonly name: string;
  readonly capacity: number;
  readonly active: number;
  readonly waiting: number;
}

export const list = statement<PoolRow>(
  'lockPool.list',
  `select p.name, p.capacity, count(r.token)::int as active, (count(r.id) - count(r.token))::int as waiting
     from (select * from lock_pools where name > $1::text order by name limit $2::int) p
     left join lock_pool_requests r on r.pool = p.name and r.expires_at > clock_timestamp()
    group by p.name, p.capacity order by p.name`,
);

export const find = statement<{ readonly capacity: number }>(
  'lockPool.find',
  `select capacity from lock_pools where name = $1::text`,
);

export const removePool = statement('lockPool.removePool', `delete from lock_pools where name = $1::text`);
