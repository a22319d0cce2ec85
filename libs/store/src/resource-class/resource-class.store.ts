import { FIRST_CUSTOM_RESOURCE_CLASS_ID } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { violatedUnique } from '../pg-errors.js';
import { run, type Tx } from '../sql.js';
import * as sql from './resource-class.sql.js';

/** One class and when it last changed (ms since the epoch). */
export interface ResourceClass {
  readonly id: number;
  readonly name: string;
  readonly changedAtMs: number;
}

@Injectable()
export class ResourceClassStore {
  /** All classes, by id. */
  async list(tx: Tx): Promise<ResourceClass[]> {
    const { rows } = await run(tx, sql.list);
    return rows.map(toResourceClass);
  }

  async find(tx: Tx, name: string): Promise<ResourceClass | undefined> {
    const { rows } = await run(tx, sql.findByNames, [[name]]);
    return rows[0] === undefined ? undefined : toResourceClass(rows[0]);
  }

  /** Name to id of those of the names that exist. */
  async idsByName(tx: Tx, names: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const wanted = [...new Set(names)];
    if (wanted.length === 0) return new Map();
    const { rows } = await run(tx, sql.findByNames, [wanted]);
    return new Map(rows.map(({ name, id }) => [name, id]));
  }

  /** Creates a custom class with the next id; false if there is one of that name. */
  async insert(tx: Tx, name: string): Promise<boolean> {
    await run(tx, sql.lockTable);
    const { count } = await run(tx, sql.insert, [name, FIRST_CUSTOM_RESOURCE_CLASS_ID]);
    return count === 1;
  }

  /** Renames; false if another class has that name. */
  async rename(tx: Tx, id: number, name: string): Promise<boolean> {
    try {
      await run(tx, sql.rename, [id, name]);
      return true;
    } catch (error) {
      if (violatedUnique(error) === 'resource_classes_name_key') return false;
      throw error;
    }
  }

  /** Locks a class that is about to go; undefined if there is none. */
  async lockForDelete(tx: Tx, name: string): Promise<{ id: number } | undefined> {
    const { rows } = await run(tx, sql.lockByName, [name]);
    return rows[0];
  }

  async deleteById(tx: Tx, id: number): Promise<void> {
    await run(tx, sql.remove, [id]);
  }
}

function toResourceClass({ id, name, changed_at }: sql.ResourceClassRow): ResourceClass {
  return { id, name, changedAtMs: changed_at.getTime() };
}
