import { toGeneration, type LedgerConsumer } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { LostRace } from '../lost-race.js';
import { run, type Tx } from '../sql.js';
import * as sql from './consumer.sql.js';

/** Who owns a consumer, and of what type it is. */
export interface Owner {
  readonly project: string;
  readonly user: string;
  readonly consumerType: string | null | undefined;
}

/** Which consumers a page has; what is undefined filters nothing. `type` null: consumers without a type. */
export interface ConsumerFilter {
  readonly uuids: readonly string[] | undefined;
  /** Uuids of providers of which they hold something. */
  readonly providers: readonly string[] | undefined;
  readonly project: string | undefined;
  readonly user: string | undefined;
  readonly type: string | null | undefined;
}

/** A consumer under its row lock, without what it holds. */
export type LockedConsumer = Omit<LedgerConsumer, 'holdings' | 'slots' | 'id'> & {
  readonly id: string;
  readonly holdsSlots: boolean;
};

@Injectable()
export class ConsumerStore {
  /**
   * Makes sure that projects, users and types have rows. They are never deleted, and stay even if the write that
   * brought them fails (spec allocations.md §5 (a) 1), so call it in a transaction before the one that claims.
   */
  async ensureOwners(tx: Tx, owners: readonly Owner[]): Promise<void> {
    const types = owners.flatMap(({ consumerType }) => consumerType ?? []);
    await run(tx, sql.ensureProjects, [owners.map(({ project }) => project)]);
    await run(tx, sql.ensureUsers, [owners.map(({ user }) => user)]);
    if (types.length > 0) await run(tx, sql.ensureTypes, [types]);
  }

  /** Takes the row locks of those of the consumers that exist, in order of uuid, and reads them. */
  async lockByUuids(tx: Tx, uuids: readonly string[]): Promise<LockedConsumer[]> {
    if (uuids.length === 0) return [];
    const { rows } = await run(tx, sql.lockByUuids, [uuids]);
    return rows.map((row) => ({
      id: row.id,
      uuid: row.uuid,
      project: row.project,
      user: row.user,
      consumerType: row.consumer_type,
      generation: toGeneration(row.generation),
      holdsSlots: row.holds_slots,
    }));
  }

  /**
   * Adds consumers and answers their ids by uuid. Throws LostRace if another transaction added one first, or the rows that
   * `ensureOwners` made are gone, as they are when a standby took over that had not heard of them.
   */
  async insert(tx: Tx, consumers: readonly LedgerConsumer[]): Promise<ReadonlyMap<string, string>> {
    if (consumers.length === 0) return new Map();
    const { rows } = await run(tx, sql.insert, [
      consumers.map(({ uuid }) => uuid),
      consumers.map(({ project }) => project),
      consumers.map(({ user }) => user),
      consumers.map(({ consumerType }) => consumerType),
      consumers.map(({ generation }) => generation),
      consumers.map(({ slots }) => slots.length > 0),
    ]);
    if (rows.length !== consumers.length)
      throw new LostRace('another transaction added the same consumer, or an owner is gone');
    return new Map(rows.map(({ uuid, id }) => [uuid, id]));
  }

  /** Writes project, user and type of stored consumers. Throws LostRace if what `ensureOwners` made is gone. */
  async setOwners(tx: Tx, consumers: readonly (Owner & { readonly id: string | null })[]): Promise<void> {
    if (consumers.length === 0) return;
    const { count } = await run(tx, sql.setOwners, [
      consumers.map(({ id }) => id),
      consumers.map(({ project }) => project),
      consumers.map(({ user }) => user),
      consumers.map(({ consumerType }) => consumerType ?? null),
    ]);
    if (count !== consumers.length) throw new LostRace('an owner is gone');
  }

  /** The first `limit` of the consumers that pass every filter given, in order of id, after the id `after`. */
  async page(tx: Tx, filter: ConsumerFilter, after: string, limit: number): Promise<{ id: string; uuid: string }[]> {
    const { uuids, providers, project, user, type } = filter;
    const values = [uuids, providers, project, user, type];
    const mask = values.reduce<number>((sum, value, bit) => (value === undefined ? sum : sum | (1 << bit)), 0);
    const statement = sql.page[mask];
    if (statement === undefined) return [];
    const { rows } = await run(tx, statement, [after, limit, ...values.map((value) => value ?? null)]);
    return rows;
  }

  /** Writes whether consumers hold slots. */
  async setHoldsSlots(tx: Tx, consumers: readonly { readonly id: string; readonly holds: boolean }[]): Promise<void> {
    if (consumers.length === 0) return;
    await run(tx, sql.setHoldsSlots, [consumers.map(({ id }) => id), consumers.map(({ holds }) => holds)]);
  }

  /** Removes consumers. Their allocations and slots were removed before. */
  async deleteByIds(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await run(tx, sql.remove, [ids]);
  }
}
