import { statement } from '../sql.js';

export interface SlotPoolRow {
  readonly last_key: string;
  readonly scanned: number;
  /** null: nothing in this portion. */
  readonly key: string | null;
  readonly high: number;
  readonly held: number;
  readonly locks: number;
  readonly free: number;
}

/** A portion of the pools behind the key $1, and those whose numbers are not those of their rows. */
export const listWrongPools = statement<SlotPoolRow>(
  'slotAudit.listWrongPools',
  `with page as materialized (select key, high, held from slot_pools where key > $1::text order by key limit $2::int),
   ended as (select key as last_key, (select count(*) from page)::int as scanned from page order by key desc limit 1),
   counted as (
     select page.*, (select count(*) from slot_locks s where s.key = page.key)::int as locks,
            (select count(*) from slot_free f where f.key = page.key)::int as free,
            greatest((select max(slot) from slot_locks s where s.key = page.key),
                     (select max(slot) from slot_free f where f.key = page.key)) as top,
            exists (select 1 from slot_free f join slot_locks s using (key, slot) where f.key = page.key) as twice
       from page)
   select ended.last_key, ended.scanned, c.key, c.high, c.held, c.locks, c.free
     from ended
     left join counted c on c.held <> c.locks or c.high <> c.locks + c.free or c.top <> c.high - 1 or c.twice
    order by c.key`,
);

/** Keys behind $1 of which there are slots and no pool. */
export const listLostKeys = statement<{ readonly key: string }>(
  'slotAudit.listLostKeys',
  `select found.key
     from (select key from slot_locks union select key from slot_free) as found
    where found.key > $1::text and not exists (select 1 from slot_pools p where p.key = found.key)
    order by found.key limit $2::int`,
);

/** Under the key's row lock, the three in this order: what is free is all below the highest slot that is held. */
export const clearFree = statement('slotAudit.clearFree', `delete from slot_free where key = $1::text`);

export const fillFree = statement(
  'slotAudit.fillFree',
  `insert into slot_free (key, slot)
   select $1::text, slot from generate_series(0, (select max(slot) from slot_locks where key = $1::text)) as slot
    where not exists (select 1 from slot_locks s where s.key = $1::text and s.slot = slot.slot)`,
);

export const countPool = statement(
  'slotAudit.countPool',
  `update slot_pools p set held = counted.held, high = counted.high
     from (select count(*)::int as held, coalesce(max(slot) + 1, 0) as high from slot_locks where key = $1::text) as counted
    where p.key = $1::text`,
);

export const removeEmptyPool = statement(
  'slotAudit.removeEmptyPool',
  `delete from slot_pools where key = $1::text and high = 0`,
);
