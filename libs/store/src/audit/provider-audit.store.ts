import { STANDARD_RESOURCE_CLASSES, STANDARD_TRAITS } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as names from '../standard-names.sql.js';
import type { Portion } from './portion.js';
import * as sql from './provider-audit.sql.js';

export interface Root {
  readonly id: number;
  readonly uuid: string;
}

/** A provider under another root than its topmost ancestor; `topUuid` null: its parents run in a circle. */
export interface Misfiled {
  readonly id: number;
  readonly uuid: string;
  readonly rootUuid: string;
  readonly topUuid: string | null;
}

/** Trees looked through as a whole, in portions, and the standard names. */
@Injectable()
export class ProviderAuditStore {
  /** At most `limit` roots with a trait, behind the id `after`. */
  async listMarkedRoots(tx: Tx, trait: string, after: number, limit: number): Promise<Root[]> {
    return (await run(tx, sql.listMarkedRoots, [after, trait, limit])).rows;
  }

  /** Those of the providers that are roots. */
  async listRoots(tx: Tx, uuids: readonly string[]): Promise<Root[]> {
    return (await run(tx, sql.listRoots, [uuids])).rows;
  }

  /** Those of the providers of which something is held. */
  async listAllocated(tx: Tx, ids: readonly number[]): Promise<ReadonlySet<number>> {
    return new Set((await run(tx, sql.listAllocated, [ids])).rows.map(({ id }) => id));
  }

  /**
   * Whether a provider still belongs to a tree, and that is still marked (`trait` undefined: needs no mark). It stays so until
   * the transaction ends: the root's row lock is taken first.
   */
  async isMeant(tx: Tx, uuid: string, rootId: number, trait: string | undefined): Promise<boolean> {
    await run(tx, sql.lockRoot, [rootId]);
    return (await run(tx, sql.isMeant, [uuid, rootId, trait ?? null])).rows[0]?.meant ?? false;
  }

  /** Those of the next `limit` providers behind `after` that are misfiled; undefined: that was all. */
  async listMisfiled(tx: Tx, after: number, limit: number): Promise<Portion<number, Misfiled> | undefined> {
    const { rows } = await run(tx, sql.listMisfiled, [after, limit]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const found = rows.flatMap(({ id, uuid, root_uuid: rootUuid, top_uuid: topUuid }) =>
      id === null ? [] : [{ id, uuid, rootUuid, topUuid }],
    );
    return { scanned: first.scanned, last: first.last_id, found };
  }

  /** The topmost ancestor; undefined where parents run in a circle, or the provider is gone. */
  async findTop(tx: Tx, id: number): Promise<number | undefined> {
    return (await run(tx, sql.findTop, [id])).rows[0]?.top ?? undefined;
  }

  /** Names that every deployment has and this one has not. Source: spec data_model.md §4. */
  async listMissingNames(tx: Tx): Promise<{ readonly traits: readonly string[]; readonly classes: readonly string[] }> {
    const traits = await run(tx, names.listMissingTraits, [STANDARD_TRAITS]);
    const classes = await run(tx, names.listMissingClasses, [STANDARD_RESOURCE_CLASSES]);
    return { traits: traits.rows.map(({ name }) => name), classes: classes.rows.map(({ name }) => name) };
  }

  /** Adds those names, and answers which. */
  async addMissingNames(tx: Tx): Promise<readonly string[]> {
    const traits = await run(tx, names.insertTraits, [STANDARD_TRAITS]);
    const classes = await run(tx, names.insertClasses, [STANDARD_RESOURCE_CLASSES]);
    return [...traits.rows, ...classes.rows].map(({ name }) => name);
  }
}
