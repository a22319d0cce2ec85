import { LINE_ID } from '../change/change.sql.js';
import { statement, type Statement } from '../sql.js';

export type Noun = 'provider' | 'consumer';

/** `found` tells stale from missing and nothing more: after a lost race it can show the number from before it. */
export interface BumpRow {
  readonly found: number;
  readonly bumped: number | null;
}

/**
 * The guard, the increment and the line in the log of changes, in one statement. The claimed number may be
 * any integer, hence numeric.
 */
export const increment: Record<Noun, Statement<BumpRow>> = {
  provider: statement<BumpRow>(
    'generation.increment.provider',
    `with bumped as (
       update resource_providers set generation = generation + 1, updated_at = now()
        where id = $1::int and generation = $2::numeric returning id, uuid, generation),
     logged as (
       insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, generation from bumped)
     select rp.generation as found, bumped.generation as bumped
       from resource_providers rp left join bumped on true where rp.id = $1::int`,
  ),
  consumer: statement<BumpRow>(
    'generation.increment.consumer',
    `with bumped as (
       update consumers set generation = generation + 1, updated_at = now()
        where id = $1::bigint and generation = $2::numeric returning uuid, generation),
     logged as (
       insert into consumer_changes (id, uuid, generation) select ${LINE_ID}, uuid, generation from bumped)
     select c.generation as found, bumped.generation as bumped
       from consumers c left join bumped on true where c.id = $1::bigint`,
  ),
};

/** The generation as a statement begun now sees it. */
export const current: Record<Noun, Statement<{ readonly generation: number }>> = {
  provider: statement<{ readonly generation: number }>(
    'generation.current.provider',
    `select generation from resource_providers where id = $1::int`,
  ),
  consumer: statement<{ readonly generation: number }>(
    'generation.current.consumer',
    `select generation from consumers where id = $1::bigint`,
  ),
};

/**
 * Many at once: ids, the generations they were read with, the generations they get, and of providers whether their traits
 * or aggregates change. Answers how many moved.
 */
export const advance: Record<Noun, Statement<{ readonly moved: number }>> = {
  provider: statement<{ readonly moved: number }>(
    'generation.advance.provider',
    `with moved as (
       update resource_providers rp set generation = step.wanted, updated_at = now()
         from unnest($1::int[], $2::int[], $3::int[], $4::boolean[]) as step (id, seen, wanted, shape)
        where rp.id = step.id and rp.generation = step.seen
       returning rp.id, rp.uuid, rp.generation, step.shape),
     logged as (
       insert into supply_changes (resource_provider_id, shape, uuid, generation)
       select id, shape, uuid, generation from moved)
     select count(*)::int as moved from moved`,
  ),
  consumer: statement<{ readonly moved: number }>(
    'generation.advance.consumer',
    `with moved as (
       update consumers c set generation = step.wanted, updated_at = now()
         from unnest($1::bigint[], $2::int[], $3::int[]) as step (id, seen, wanted)
        where c.id = step.id and c.generation = step.seen
       returning c.uuid, c.generation),
     logged as (
       insert into consumer_changes (id, uuid, generation) select ${LINE_ID}, uuid, generation from moved)
     select count(*)::int as moved from moved`,
  ),
};

/** Takes the row lock of a provider whose generation a client doesn't claim, and reads it under that lock. */
export const lockProvider = statement<{ readonly generation: number }>(
  'generation.lock.provider',
  `select generation from resource_providers where id = $1::int for no key update`,
);
