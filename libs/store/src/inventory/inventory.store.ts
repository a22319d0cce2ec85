import type { CapacityRule, HeldInventory, Settlement } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { LostRace } from '../lost-race.js';
import { violatedForeignKey } from '../pg-errors.js';
import { run, type Tx } from '../sql.js';
import * as sql from './inventory.sql.js';

@Injectable()
export class InventoryStore {
  /** The records of several providers by provider id, each by class id. */
  async listByProvider(tx: Tx, providerIds: readonly number[]): Promise<ReadonlyMap<number, readonly HeldInventory[]>> {
    const { rows } = await run(tx, sql.listByProviders, [providerIds]);
    const records = new Map<number, HeldInventory[]>(providerIds.map((id) => [id, []]));
    for (const row of rows) {
      records.get(row.resource_provider_id)?.push({
        resourceClassId: row.resource_class_id,
        resourceClass: row.resource_class,
        total: row.total,
        reserved: row.reserved,
        minUnit: row.min_unit,
        maxUnit: row.max_unit,
        stepSize: row.step_size,
        allocationRatio: row.allocation_ratio,
        used: row.used,
      });
    }
    return records;
  }

  /** Writes whole records, of any providers; what is used of them stays. Throws LostRace if a class was deleted meanwhile. */
  async upsert(tx: Tx, inventories: Settlement['inventories']): Promise<void> {
    if (inventories.length === 0) return;
    const rows = inventories.map((inventory) => [
      inventory.providerId,
      inventory.resourceClassId,
      ...fields(inventory),
    ]);
    await keepingClasses(run(tx, sql.upsert, columns(rows)));
  }

  /** Removes records that nothing uses. Throws LostRace if one is used after all. */
  async remove(tx: Tx, records: Settlement['removedInventories']): Promise<void> {
    if (records.length === 0) return;
    const { count } = await run(
      tx,
      sql.removeUnused,
      columns(records.map(({ providerId, resourceClassId }) => [providerId, resourceClassId])),
    );
    if (count !== records.length) throw new LostRace('an inventory came into use or went away under the lock');
  }

  /** Removes every record of a provider that is about to go. */
  async deleteByProvider(tx: Tx, providerId: number): Promise<void> {
    await run(tx, sql.deleteByProvider, [providerId]);
  }

  /**
   * Moves `used` of many records. Throws LostRace, and the transaction runs again, if an increase doesn't fit: the
   * decision was made on something else than what is stored.
   */
  async addUsed(tx: Tx, changes: Settlement['used']): Promise<void> {
    if (changes.length === 0) return;
    const { count } = await run(
      tx,
      sql.addUsed,
      columns(changes.map(({ providerId, resourceClassId, delta }) => [providerId, resourceClassId, delta])),
    );
    if (count !== changes.length) throw new LostRace('capacity moved under the lock');
  }

  /** Whether anything is allocated from the provider. */
  async isUsed(tx: Tx, providerId: number): Promise<boolean> {
    const { rows } = await run(tx, sql.someUsed, [providerId]);
    return rows[0]?.used ?? false;
  }

  /** Whether any provider has an inventory of the class. */
  async hasClass(tx: Tx, resourceClassId: number): Promise<boolean> {
    const { rows } = await run(tx, sql.classInUse, [resourceClassId]);
    return rows[0]?.used ?? false;
  }
}

/** A class can go between the look-up of its name and the record that names it. */
async function keepingClasses<T>(written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (violatedForeignKey(error) === 'inventories_class_fkey') throw new LostRace('a resource class was deleted');
    throw error;
  }
}

function fields(rule: CapacityRule): number[] {
  return [rule.total, rule.reserved, rule.minUnit, rule.maxUnit, rule.stepSize, rule.allocationRatio];
}

/** Rows to the column arrays that `unnest` takes. */
function columns(rows: readonly (readonly number[])[]): number[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as number));
}
