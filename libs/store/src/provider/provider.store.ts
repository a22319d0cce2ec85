import {
  NotFound,
  noProvider,
  REASONS,
  toGeneration,
  type Generation,
  type Settlement,
  type TreePlace,
} from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { advisoryKey } from '../advisory-lock.js';
import { LostRace } from '../lost-race.js';
import { violatedUnique } from '../pg-errors.js';
import { run, type Tx } from '../sql.js';
import * as sql from './provider.sql.js';

/** One provider as stored. */
export interface Provider extends TreePlace {
  readonly name: string;
  readonly generation: Generation;
  readonly parentUuid: string | null;
  readonly rootUuid: string;
  /** When it was last changed, or created if never: ms since the epoch. */
  readonly changedAtMs: number;
}

export { noProvider };

@Injectable()
export class ProviderStore {
  /** The provider, or undefined. The uuid is compared verbatim (spec http.md §5). */
  async find(tx: Tx, uuid: string): Promise<Provider | undefined> {
    const { rows } = await run(tx, sql.findByUuid, [uuid]);
    return rows[0] === undefined ? undefined : toProvider(rows[0]);
  }

  /** The provider. Throws NotFound with `text`, or the usual one, where there is none. */
  async get(tx: Tx, uuid: string, text = noProvider(uuid)): Promise<Provider> {
    const provider = await this.find(tx, uuid);
    if (provider === undefined)
      throw new NotFound(text, { reason: REASONS.providerNotFound, facts: { resource_provider: uuid } });
    return provider;
  }

  /**
   * Adds providers at generation 0. Throws LostRace if a uuid or a name was taken meanwhile: nothing says by whom, and
   * who reads again finds it.
   */
  async insert(tx: Tx, newcomers: Settlement['newProviders']): Promise<void> {
    if (newcomers.length === 0) return;
    const { rows } = await run(tx, sql.insert, [
      newcomers.map(({ uuid }) => uuid),
      newcomers.map(({ name }) => name),
      newcomers.map(({ parent }) => parent?.rootId ?? null),
      newcomers.map(({ parent }) => parent?.id ?? null),
    ]);
    if (rows[0]?.inserted !== newcomers.length) throw new LostRace('another transaction added the same provider');
  }

  /** Renames; false if another provider has that name. */
  async rename(tx: Tx, id: number, name: string): Promise<boolean> {
    try {
      await run(tx, sql.rename, [id, name]);
      return true;
    } catch (error) {
      if (violatedUnique(error) === 'resource_providers_name_key') return false;
      throw error;
    }
  }

  /**
   * Lets no other subtree move until the transaction ends. Moves read trees before they can lock them: several at
   * once would send each other back again and again, and in the end one of them would run out of attempts.
   */
  async lockMoves(tx: Tx): Promise<void> {
    await run(tx, sql.lockMoves, [advisoryKey('berth:move')]);
  }

  /** Takes the row locks of these providers, in id order. */
  async lockAll(tx: Tx, ids: readonly number[]): Promise<void> {
    if (ids.length > 0) await run(tx, sql.lockByIds, [ids]);
  }

  /** The provider and all its descendants. */
  async subtreeIds(tx: Tx, id: number): Promise<ReadonlySet<number>> {
    const { rows } = await run(tx, sql.subtreeIds, [id]);
    return new Set(rows.map((row) => row.id));
  }

  /** Gives a provider another parent and its whole subtree another root. */
  async move(tx: Tx, id: number, subtree: ReadonlySet<number>, parentId: number | null, rootId: number): Promise<void> {
    await run(tx, sql.setParent, [id, parentId]);
    await run(tx, sql.setRoot, [[...subtree], rootId]);
  }

  /** The named providers and all members of the trees that they are in, by id. */
  async listTrees(tx: Tx, uuids: readonly string[]): Promise<Provider[]> {
    const { rows } = await run(tx, sql.listTrees, [uuids]);
    return rows.map(toProvider);
  }

  /** Ids by uuid, of those that exist. */
  async idsByUuid(tx: Tx, uuids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await run(tx, sql.findIds, [uuids]);
    return new Map(rows.map(({ uuid, id }) => [uuid, id]));
  }

  /** One of the names that a provider has already; undefined: they are free. */
  async findTakenName(tx: Tx, names: readonly string[]): Promise<string | undefined> {
    if (names.length === 0) return undefined;
    const { rows } = await run(tx, sql.findTakenName, [names]);
    return rows[0]?.name;
  }

  /** Frees the names of providers that get another one, or go, before the transaction ends. */
  async vacateNames(tx: Tx, ids: readonly number[]): Promise<void> {
    if (ids.length > 0) await run(tx, sql.vacateNames, [ids]);
  }

  /** Gives one provider another parent and leaves roots alone: `fileUnderRoot` sets them once all parents are set. */
  async setParent(tx: Tx, id: number, parentId: number | null): Promise<void> {
    await run(tx, sql.setParent, [id, parentId]);
  }

  /** Files all that hangs on a root under it, and answers what was filed elsewhere. */
  async fileUnderRoot(tx: Tx, rootId: number): Promise<number[]> {
    const { rows } = await run(tx, sql.fileUnderRoot, [rootId]);
    return rows.map(({ id }) => id);
  }

  /** Locks a provider that is about to go and says whether it has children; undefined if there is none. */
  async lockForDelete(tx: Tx, uuid: string): Promise<{ id: number; hasChildren: boolean } | undefined> {
    const { rows } = await run(tx, sql.lockForDelete, [uuid]);
    if (rows[0] === undefined) return undefined;
    const { rows: children } = await run(tx, sql.countChildren, [rows[0].id]);
    return { id: rows[0].id, hasChildren: (children[0]?.children ?? 0) > 0 };
  }

  /** Removes the row and says so in the log of changes. What hangs on it was removed before. */
  async deleteById(tx: Tx, id: number): Promise<void> {
    await run(tx, sql.remove, [id]);
  }
}

function toProvider(row: sql.ProviderRow): Provider {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    generation: toGeneration(row.generation),
    parentId: row.parent_id,
    parentUuid: row.parent_uuid,
    rootId: row.root_id,
    rootUuid: row.root_uuid,
    changedAtMs: row.changed_at.getTime(),
  };
}
