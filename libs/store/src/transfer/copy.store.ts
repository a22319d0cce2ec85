import { CUSTOM_PREFIX, FIRST_CUSTOM_RESOURCE_CLASS_ID, Invalid } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { ensureProjects, ensureTypes, ensureUsers } from '../consumer/consumer.sql.js';
import { isUnfit } from '../pg-errors.js';
import { run, type Statement, type Tx } from '../sql.js';
import * as sql from './copy.sql.js';

/** A provider's place, as the source lists it. */
export interface CopiedPlace {
  readonly uuid: string;
  readonly name: string;
  readonly parent: string | null;
  readonly root: string;
}

/** What a provider has by itself, at a generation of the source. */
export interface CopiedSupply {
  readonly uuid: string;
  readonly generation: number;
  readonly inventories: readonly {
    readonly class: string;
    readonly total: number;
    readonly reserved: number;
    readonly min_unit: number;
    readonly max_unit: number;
    readonly step_size: number;
    readonly allocation_ratio: number;
  }[];
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
}

/** A consumer with all that it holds. */
export interface CopiedConsumer {
  readonly uuid: string;
  readonly project: string;
  readonly user: string;
  /** null: it has none. */
  readonly type: string | null;
  readonly generation: number;
  readonly allocations: readonly { readonly provider: string; readonly class: string; readonly used: number }[];
}

export type CopiedProvider = sql.CopiedRow;
export type CopiedHold = sql.CopiedHoldRow;

/** Makes the database hold what another Placement holds, piece by piece; each piece may come again. */
@Injectable()
export class CopyStore {
  /** The providers that are here, in order of id. */
  async list(tx: Tx): Promise<CopiedProvider[]> {
    const { rows } = await run(tx, sql.listCopied);
    return rows;
  }

  /** Adds traits and classes that are not here, in the order given. */
  async addNames(tx: Tx, traits: readonly string[], classes: readonly string[]): Promise<void> {
    await run(tx, sql.addTraits, [traits]);
    await run(tx, sql.addClasses, [classes, FIRST_CUSTOM_RESOURCE_CLASS_ID]);
  }

  /** Removes custom traits and classes that are not among those, and that nobody has. */
  async dropNames(tx: Tx, traits: readonly string[], classes: readonly string[]): Promise<void> {
    await run(tx, sql.dropTraits, [traits, CUSTOM_PREFIX]);
    await run(tx, sql.dropClasses, [classes, CUSTOM_PREFIX]);
  }

  /** Adds and moves providers. Parents and roots are here already, or among those added. Names of those that are `gone` are free. */
  async place(
    tx: Tx,
    added: readonly CopiedPlace[],
    moved: readonly CopiedPlace[],
    gone: readonly string[],
  ): Promise<void> {
    await run(tx, sql.vacateNames, [[...gone, ...moved.map(({ uuid }) => uuid)]]);
    await run(tx, sql.addProviders, [added.map(({ uuid }) => uuid), added.map(({ name }) => name)]);
    const placed = [...moved, ...added.filter(({ parent }) => parent !== null)];
    await run(tx, sql.placeProviders, [
      placed.map(({ uuid }) => uuid),
      placed.map(({ name }) => name),
      placed.map(({ parent }) => parent),
      placed.map(({ root }) => root),
    ]);
  }

  /** Removes providers, with the consumers that hold something of them. Providers below them are moved before, or go too. */
  async remove(tx: Tx, uuids: readonly string[]): Promise<void> {
    const holds = await this.listHeld(tx, uuids);
    await this.dropConsumers(tx, [...new Set(holds.map(({ consumer }) => consumer))]);
    await run(tx, sql.uproot, [uuids]);
    for (const statement of sql.REMOVE_PROVIDERS) await run(tx, statement, [uuids]);
  }

  /**
   * Gives providers what they have at the source. Consumers that hold something of an inventory that goes are dropped, to be read
   * again. Throws Invalid if the source's numbers don't fit.
   */
  async putSupply(tx: Tx, supplies: readonly CopiedSupply[]): Promise<void> {
    const given = [JSON.stringify(supplies)];
    const { rows } = await run(tx, sql.listStranded, given);
    await this.dropConsumers(
      tx,
      rows.map(({ uuid }) => uuid),
    );
    for (const statement of sql.PUT_SUPPLY) await fitting(tx, statement, given);
  }

  /** What is held of providers here. */
  async listHeld(tx: Tx, uuids: readonly string[]): Promise<CopiedHold[]> {
    const { rows } = await run(tx, sql.listHeld, [uuids]);
    return rows;
  }

  /** Pairs of provider and class, as `provider class`, among those that the consumers hold and that have no inventory here. */
  async listMissing(tx: Tx, consumers: readonly CopiedConsumer[]): Promise<ReadonlySet<string>> {
    const holds = consumers.flatMap(({ allocations }) => allocations);
    const values = [holds.map(({ provider }) => provider), holds.map((hold) => hold.class)];
    const { rows } = await run(tx, sql.listMissing, values);
    return new Set(rows.map((row) => `${row.provider} ${row.resource_class}`));
  }

  /** Makes consumers hold exactly this. Throws Invalid if the source's numbers don't fit. */
  async putConsumers(tx: Tx, consumers: readonly CopiedConsumer[]): Promise<void> {
    await this.dropConsumers(
      tx,
      consumers.map(({ uuid }) => uuid),
    );
    await fitting(tx, ensureProjects, [consumers.map(({ project }) => project)]);
    await fitting(tx, ensureUsers, [consumers.map(({ user }) => user)]);
    await fitting(tx, ensureTypes, [consumers.flatMap(({ type }) => type ?? [])]);
    for (const statement of sql.ADD_CONSUMERS) await fitting(tx, statement, [JSON.stringify(consumers)]);
  }

  /** Removes consumers with all that they hold. */
  async dropConsumers(tx: Tx, uuids: readonly string[]): Promise<void> {
    if (uuids.length === 0) return;
    for (const statement of sql.DROP_CONSUMERS) await run(tx, statement, [uuids]);
  }

  /** Notes that all that was held of providers at those generations is here. */
  async markDemand(tx: Tx, marks: readonly { readonly uuid: string; readonly generation: number }[]): Promise<void> {
    await run(tx, sql.markDemand, [marks.map(({ uuid }) => uuid), marks.map(({ generation }) => generation)]);
  }

  /** Has what is held of providers read again. */
  async unmarkDemand(tx: Tx, uuids: readonly string[]): Promise<void> {
    await run(tx, sql.unmarkDemand, [uuids]);
  }

  /** What is used of providers, by provider and class. */
  async usedBy(tx: Tx, uuids: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
    const { rows } = await run(tx, sql.listUsed, [uuids]);
    const used = new Map<string, Map<string, number>>(uuids.map((uuid) => [uuid, new Map()]));
    for (const row of rows) used.get(row.uuid)?.set(row.resource_class, row.used);
    return used;
  }
}

async function fitting(tx: Tx, statement: Statement, values: readonly unknown[]): Promise<void> {
  try {
    await run(tx, statement, values);
  } catch (error) {
    if (!isUnfit(error)) throw error;
    throw new Invalid(`what the source says cannot be written (${statement.name}): ${(error as Error).message}`, {
      cause: error,
    });
  }
}
