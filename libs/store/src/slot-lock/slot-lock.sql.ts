import { statement } from '../sql.js';

/**
 * Takes the row locks of these keys, each named once, in order of key; keys without a row get one. What the condition
 * refuses to update is locked all the same, and nothing is written for it.
 */
export const lockPools = statement(
  'slotLock.lockPools',
  `insert into slot_pools (key)
   select wanted.key from unnest($1::text[]) as wanted (key) order by wanted.key collate "C"
   on conflict (key) do update set high = slot_pools.high where false`,
);

export const readPools = statement<{ readonly key: string; readonly high: number; readonly held: number }>(
  'slotLock.readPools',
  `select key, high, held from slot_pools where key = any($1::text[])`,
);

/** The smallest free slots, of each key as many as may be wanted: whatever is taken or free besides is not looked at. */
export const listFree = statement<{ readonly key: string; readonly slot: number }>(
  'slotLock.listFree',
  `select found.key, found.slot
     from unnest($1::text[], $2::int[]) as wanted (key, count)
    cross join lateral (
       select f.key, f.slot from slot_free f where f.key = wanted.key order by f.slot limit wanted.count) as found
    order by found.key, found.slot`,
);

export const listExpired = statement<{ readonly id: string; readonly key: string; readonly slot: number }>(
  'slotLock.listExpired',
  `select id, key, slot from slot_locks where key = any($1::text[]) and expires_at <= now() limit $2::int`,
);

const HELD = `s.id, s.key, s.slot, s.slot_limit, (extract(epoch from s.acquired_at) * 1000)::float8 as since_ms,
          (extract(epoch from s.expires_at) * 1000)::float8 as expires_at_ms`;

/** Not beyond its lease. By the beginning of the transaction, so that its statements agree on it. */
const LIVE = `(s.expires_at is null or s.expires_at > now())`;

export interface HeldRow {
  readonly id: string;
  readonly key: string;
  readonly slot: number;
  readonly slot_limit: number;
  readonly since_ms: number;
  readonly expires_at_ms: number | null;
}

export const listByConsumerIds = statement<HeldRow & { readonly consumer_id: string }>(
  'slotLock.listByConsumerIds',
  `select s.consumer_id, ${HELD} from slot_locks s where s.consumer_id = any($1::bigint[]) order by s.key`,
);

/** What owners hold of keys. */
export const listByOwners = statement<HeldRow & { readonly owner: string }>(
  'slotLock.listByOwners',
  `select s.owner, ${HELD} from slot_locks s
    where s.owner = any($1::text[]) and s.key = any($2::text[]) and ${LIVE}`,
);

/** The time that leases are held against: the beginning of the transaction. */
export const now = statement<{ readonly ms: number }>(
  'slotLock.now',
  `select (extract(epoch from now()) * 1000)::float8 as ms`,
);

export interface HolderRow extends HeldRow {
  readonly consumer: string | null;
  readonly owner: string | null;
}

const LOCK = `c.uuid as consumer, s.owner, ${HELD}
     from slot_locks s left join consumers c on c.id = s.consumer_id`;

const BEHIND = `(s.key, s.slot) > ($2::text, $3::int) and ${LIVE} order by s.key, s.slot limit $4::int`;

/** Those of the rows that are still there. */
export const listByIds = statement<HolderRow>(
  'slotLock.listByIds',
  `select ${LOCK} where s.id = any($1::bigint[]) and ${LIVE} order by s.key, s.slot`,
);

/** A page of those who hold one of these keys, behind ($2, $3). */
export const listByKeys = statement<HolderRow>(
  'slotLock.listByKeys',
  `select ${LOCK} where s.key = any($1::text[]) and ${BEHIND}`,
);

/** A page of what an owner holds, of these keys or, without them, of all. */
export const listByOwner = statement<HolderRow>(
  'slotLock.listByOwner',
  `select ${LOCK} where s.owner = $1::text and ($5::text[] is null or s.key = any($5::text[])) and ${BEHIND}`,
);

/** Some of those who hold each key. */
export const listHolders = statement<HolderRow>(
  'slotLock.listHolders',
  `select c.uuid as consumer, found.*
     from unnest($1::text[]) as wanted (key)
    cross join lateral (
       select s.owner, s.consumer_id, ${HELD} from slot_locks s
        where s.key = wanted.key and ${LIVE} order by s.slot limit $2::int) as found
     left join consumers c on c.id = found.consumer_id`,
);

/**
 * A page of what is held of keys that begin with $1. No key is longer than 255 characters, so none that begins with it
 * comes after $1 and 255 times the last character there is, $5.
 */
export const listByPrefix = statement<HolderRow>(
  'slotLock.listByPrefix',
  `select ${LOCK}
    where s.key >= $1::text and s.key <= $1::text || $5::text and starts_with(s.key, $1::text) and ${BEHIND}`,
);

/** The same of one owner. */
export const listByOwnerAndPrefix = statement<HolderRow>(
  'slotLock.listByOwnerAndPrefix',
  `select ${LOCK}
    where s.owner = $6::text and s.key >= $1::text and s.key <= $1::text || $5::text and starts_with(s.key, $1::text)
      and ${BEHIND}`,
);

/** A slot that another transaction took is left out of the answer. */
export const insert = statement<{ readonly id: string }>(
  'slotLock.insert',
  `insert into slot_locks (key, slot, slot_limit, consumer_id, owner, expires_at)
   select wanted.key, wanted.slot, wanted.slot_limit, wanted.consumer_id, wanted.owner, to_timestamp(wanted.expires_at_ms / 1000)
     from unnest($1::text[], $2::int[], $3::int[], $4::bigint[], $5::text[], $6::float8[])
       as wanted (key, slot, slot_limit, consumer_id, owner, expires_at_ms)
    order by wanted.key, wanted.slot
   on conflict (key, slot) do nothing
   returning id`,
);

export const remove = statement('slotLock.remove', `delete from slot_locks where id = any($1::bigint[])`);

/** Kept under another limit or lease. */
export const keep = statement(
  'slotLock.keep',
  `update slot_locks s set slot_limit = wanted.slot_limit, expires_at = to_timestamp(wanted.expires_at_ms / 1000)
     from unnest($1::bigint[], $2::int[], $3::float8[]) as wanted (id, slot_limit, expires_at_ms) where s.id = wanted.id`,
);

export const addFree = statement(
  'slotLock.addFree',
  `insert into slot_free (key, slot) select * from unnest($1::text[], $2::int[]) on conflict (key, slot) do nothing`,
);

export const removeFree = statement(
  'slotLock.removeFree',
  `delete from slot_free f using unnest($1::text[], $2::int[]) as used (key, slot)
    where f.key = used.key and f.slot = used.slot`,
);

export const cutFree = statement(
  'slotLock.cutFree',
  `delete from slot_free f using unnest($1::text[], $2::int[]) as cut (key, slot)
    where f.key = cut.key and f.slot >= cut.slot`,
);

export const setPools = statement(
  'slotLock.setPools',
  `update slot_pools p set high = wanted.high, held = wanted.held
     from unnest($1::text[], $2::int[], $3::int[]) as wanted (key, high, held) where p.key = wanted.key`,
);

export const removePools = statement('slotLock.removePools', `delete from slot_pools where key = any($1::text[])`);

/** Keys that somebody holds beyond the lease, those that wait longest first. */
export const listExpiredKeys = statement<{ readonly key: string }>(
  'slotLock.listExpiredKeys',
  `select distinct late.key
     from (select key from slot_locks where expires_at <= now() order by expires_at limit $1::int) as late`,
);
