import type pg from 'pg';

/**
 * What of the slot locks is not as docs/locks/slot-locks.md says it always is, a row each: slots without a holder, holders that
 * are not marked, counters and lists of free slots that do not add up.
 */
export async function wrongSlots(sql: pg.Client): Promise<unknown[]> {
  const { rows } = await sql.query(
    `select 'pool' as wrong, p.key, p.high, p.held, counted.held as locks, free.slots as free
       from slot_pools p
       full join (select key, count(*) as held, max(slot) as top from slot_locks group by key) counted using (key)
       full join (select key, count(*) as slots, max(slot) as top from slot_free group by key) free using (key)
      where p.key is null or p.held <> coalesce(counted.held, 0) or p.high <> coalesce(counted.held, 0) + coalesce(free.slots, 0)
         or greatest(counted.top, free.top) <> p.high - 1
      union all
     select 'slot both free and held', key, slot, null, null, null from slot_locks join slot_free using (key, slot)
      union all
     select 'consumer', c.uuid, null, null, null, null from consumers c
      where c.holds_slots <> exists (select 1 from slot_locks s where s.consumer_id = c.id)
      union all
     select 'slot of a consumer without allocations', s.key, s.slot, null, null, null from slot_locks s
      where s.consumer_id is not null and not exists (select 1 from allocations a where a.consumer_id = s.consumer_id)`,
  );
  return rows as unknown[];
}
