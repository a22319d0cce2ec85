import type pg from 'pg';

/** What the rows of lock pools break of what must always hold; source: docs/locks/lock-pools.md. */
export async function wrongPools(sql: pg.Client): Promise<unknown[]> {
  const { rows } = await sql.query(
    `select 'more keys held than there is room for' as what, p.name, count(*)::int as held
       from lock_pools p join lock_pool_requests r on r.pool = p.name and r.token is not null
      group by p.name, p.capacity having count(*) > p.capacity
      union all
     select 'a key held twice: ' || key, pool, count(*)::int from lock_pool_requests where token is not null
      group by pool, key having count(*) > 1
      union all
     select 'somebody waits who need not: ' || w.key, w.pool, w.id::int
       from lock_pool_requests w join lock_pools p on p.name = w.pool
      where w.token is null
        and not exists (select 1 from lock_pool_requests h where h.pool = w.pool and h.key = w.key and h.token is not null)
        and (select count(*) from lock_pool_requests h where h.pool = w.pool and h.token is not null) < p.capacity`,
  );
  return rows as unknown[];
}
