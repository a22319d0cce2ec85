import type { Settlement } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { violatedForeignKey } from '../pg-errors.js';
import { LostRace } from '../lost-race.js';
import { run, type Tx } from '../sql.js';
import * as sql from './trait.sql.js';

/** One trait and when it was created (ms since the epoch). */
export interface Trait {
  readonly id: number;
  readonly name: string;
  readonly createdAtMs: number;
}

/** Which traits to list; conditions are AND-ed, undefined is none. Source: spec traits.md §1. */
export interface TraitsFilter {
  readonly names: readonly string[] | undefined;
  readonly prefix: string | undefined;
  readonly associated: boolean | undefined;
}

@Injectable()
export class TraitStore {
  /** The traits that pass, by id. */
  async list(tx: Tx, filter: TraitsFilter): Promise<Trait[]> {
    const values = [filter.names ?? null, filter.prefix ?? null, filter.associated ?? null];
    const { rows } = await run(tx, sql.list, values);
    return rows.map(toTrait);
  }

  /** Those of the names that exist. */
  async findByNames(tx: Tx, names: readonly string[]): Promise<Trait[]> {
    if (names.length === 0) return [];
    const { rows } = await run(tx, sql.findByNames, [names]);
    return rows.map(toTrait);
  }

  /** Creates the trait; undefined if there is one of that name. */
  async insert(tx: Tx, name: string): Promise<Trait | undefined> {
    const { rows } = await run(tx, sql.insert, [name]);
    return rows[0] === undefined ? undefined : toTrait(rows[0]);
  }

  /** Locks a trait that is about to go and says whether a provider has it; undefined if there is none. */
  async lockForDelete(tx: Tx, name: string): Promise<{ id: number; isUsed: boolean } | undefined> {
    const { rows } = await run(tx, sql.lockByName, [name]);
    if (rows[0] === undefined) return undefined;
    const { rows: used } = await run(tx, sql.isUsed, [rows[0].id]);
    return { id: rows[0].id, isUsed: used[0]?.used ?? false };
  }

  async deleteById(tx: Tx, id: number): Promise<void> {
    await run(tx, sql.remove, [id]);
  }

  /** Names of the traits of several providers, by provider id. */
  async namesByProvider(tx: Tx, providerIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
    const { rows } = await run(tx, sql.listByProviders, [providerIds]);
    const names = new Map<number, string[]>(providerIds.map((id) => [id, []]));
    for (const { resource_provider_id, name } of rows) names.get(resource_provider_id)?.push(name);
    return names;
  }

  /** Gives traits to providers that lack them. Throws LostRace if one of them was deleted meanwhile. */
  async give(tx: Tx, given: Settlement['newTraits']): Promise<void> {
    if (given.length === 0) return;
    try {
      await run(tx, sql.give, [given.map(({ providerId }) => providerId), given.map(({ traitId }) => traitId)]);
    } catch (error) {
      if (violatedForeignKey(error) === 'resource_provider_traits_trait_fkey')
        throw new LostRace('a trait was deleted');
      throw error;
    }
  }

  /** Takes traits from providers. */
  async take(tx: Tx, taken: Settlement['removedTraits']): Promise<void> {
    if (taken.length === 0) return;
    await run(tx, sql.take, [taken.map(({ providerId }) => providerId), taken.map(({ traitId }) => traitId)]);
  }

  /** Takes all traits from the provider. */
  async deleteByProvider(tx: Tx, providerId: number): Promise<void> {
    await run(tx, sql.deleteByProvider, [providerId]);
  }
}

function toTrait({ id, name, created_at }: sql.TraitRow): Trait {
  return { id, name, createdAtMs: created_at.getTime() };
}
