import type pg from 'pg';

/** Inventories whose counter is not the sum of their allocations, or of which more is used than there is. */
export async function wrongCounters(sql: pg.Client): Promise<unknown[]> {
  const { rows } = await sql.query(
    `select i.*, coalesce(sum(a.used), 0) as held
       from inventories i left join allocations a using (resource_provider_id, resource_class_id)
      group by i.resource_provider_id, i.resource_class_id
     having i.used <> coalesce(sum(a.used), 0) or i.used > (i.total - i.reserved) * i.allocation_ratio`,
  );
  return rows as unknown[];
}
